"""The monitors of a command line, in QEMU versions that keep them in ``/objects``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from qom_types.common.monitors import HMP, QMP
from sandbox.qapi.opts import parse_opts
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qom_types.common.monitors import HumanMonitor, MachineMonitor
    from sandbox.machine.arguments import Option
    from sandbox.qom.tree import ObjectTree


@record
class MonitorOption:
    """A monitor that the command line asks for.

    Attributes:
        name: its name in ``/objects``; "" while it has no number.
        typename: ``monitor-hmp`` or ``monitor-qmp``.
        chardev: its character device; "" where that has the monitor's name.
        pretty: whether replies are written over several lines.
        is_current: whether commands are taken to come from it: the last one for programs.
    """

    name: str
    typename: str = HMP
    chardev: str = ""
    pretty: bool = False
    is_current: bool = False

    def place(self, tree: ObjectTree) -> None:
        """Put the monitor into ``/objects``."""
        made = cast("HumanMonitor | MachineMonitor", tree.new(self.typename))
        made.chardev = self.chardev or self.name
        if self.typename == QMP:
            programs = cast("MachineMonitor", made)
            programs.pretty, programs.is_current = self.pretty, self.is_current
        tree.objects.add_child(self.name, made)


def monitor_options(options: Iterable[Option]) -> tuple[MonitorOption, ...]:
    """Return the monitors in the order in which QEMU makes them.

    A monitor without an id is called ``compat_monitorN``; those of ``-monitor`` and ``-qmp`` are numbered when the
    options are read, those of ``-mon`` after that, and those of ``-serial mon:``, which QEMU makes last, at the end.
    Without any such option, and without ``-nodefaults``, there is one by default.

    Source: QEMU 11.1 behaviour.
    """
    options = tuple(options)
    numbered = 0
    from_options: list[MonitorOption] = []
    on_ports: list[MonitorOption] = []
    has_default = not any(option.name == "nodefaults" for option in options)
    for option in options:
        value = option.value or ""
        if option.name in ("monitor", "qmp", "qmp-pretty"):
            has_default = False
            if value != "none":
                typename = HMP if option.name == "monitor" else QMP
                pretty = option.name == "qmp-pretty"
                from_options.append(MonitorOption(f"compat_monitor{numbered}", typename, pretty=pretty))
                numbered += 1
        elif option.name == "mon":
            has_default = False
            from_options.append(_from_mon(dict(parse_opts(value, "chardev"))))
        elif option.name in ("serial", "parallel") and value.startswith("mon:"):
            has_default = has_default and option.name != "serial"
            place = sum(other.chardev.startswith(option.name) for other in on_ports)
            on_ports.append(MonitorOption("", chardev=f"{option.name}{place}"))
    if has_default:
        from_options.append(MonitorOption(f"compat_monitor{numbered}"))
        numbered += 1
    return tuple(_with_current(_numbered((*from_options, *on_ports), numbered)))


def monitor_names(options: Iterable[Option]) -> tuple[str, ...]:
    """Return the names of the monitors in the order in which QEMU makes them."""
    return tuple(monitor.name for monitor in monitor_options(options))


def _from_mon(values: dict[str, str]) -> MonitorOption:
    typename = QMP if values.get("mode") == "control" else HMP
    pretty = values.get("pretty") in ("on", "yes", "true", "y")
    return MonitorOption(values.get("id", ""), typename, values.get("chardev", ""), pretty)


def _numbered(found: Iterable[MonitorOption], number: int) -> Iterator[MonitorOption]:
    for monitor in found:
        if monitor.name:
            yield monitor
        else:
            yield replace(monitor, name=f"compat_monitor{number}")
            number += 1


def _with_current(found: Iterable[MonitorOption]) -> list[MonitorOption]:
    monitors = list(found)
    programs = [place for place, monitor in enumerate(monitors) if monitor.typename == QMP]
    for place in programs[-1:]:
        monitors[place] = replace(monitors[place], is_current=True)
    return monitors
