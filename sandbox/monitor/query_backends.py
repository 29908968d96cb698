"""Character devices and drives: those that a machine has by default or by its options.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.buckets import BucketTable
from sandbox.errors import UnmodelledError
from sandbox.machine.builtin_options import SHORT_DRIVES, builtin_options
from sandbox.machine.monitors import monitor_names
from sandbox.machine.pci.defaults import floppy_devices, ide_devices, port_count
from sandbox.monitor.wire import on_wire
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.options import BuiltinOptions
    from sandbox.monitor.monitor import Monitor

PLAIN: Final = frozenset({"null", "ringbuf", "memory", "stdio", "vc", "file", "pipe", "udp", "msmouse", "testdev"})
SERVER_DEFAULT: Final = "off"


def query_chardev(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-chardev``: in reversed walking order of ``/chardevs``; sockets without a peer."""
    return [
        on_wire({"label": label, "filename": filename, "frontend-open": is_open})
        for label, (filename, is_open) in _chardevs(monitor.machine)
    ]


def _chardevs(machine: Machine) -> list[tuple[str, tuple[str, bool]]]:
    config = machine.config
    options = config.command_line.options
    table: BucketTable[tuple[str, bool]] = BucketTable()
    used = {value for option in options for key, value in _pairs(option.value) if key == "chardev"}
    used |= {str(option.value) for option in options if option.name == "mon"}
    for option in options:
        if option.name == "chardev":
            values = dict(parse_opts(option.value or "", "backend"))
            name = values.get("id", "")
            table.insert(name, (_filename(values), name in used))
    builtin = builtin_options(machine.board, config)
    numbered = _on_the_side(machine, builtin)
    for label, value, is_open in numbered:
        if value.startswith("chardev:"):
            continue
        table.insert(label, (_filename(_short(value)), is_open))
    return [(label, table[label]) for label in reversed(table)]


def _on_the_side(machine: Machine, builtin: BuiltinOptions) -> list[tuple[str, str, bool]]:
    """Return label and value of what ``-serial``, ``-parallel``, ``-monitor`` and ``-qmp`` make, with the defaults."""
    options = machine.config.command_line.options
    found: list[tuple[str, str, bool]] = []
    monitors = [option.value or "" for option in options if option.name in ("monitor", "qmp", "qmp-pretty")]
    monitors = [value for value in monitors if value != "none"]
    if not monitors and monitor_names(options):
        monitors = ["vc"] if not any(option.name == "mon" for option in options) else []
    found += [(f"compat_monitor{number}", value, True) for number, value in enumerate(monitors)]
    for name, driver in (("serial", "isa-serial"), ("parallel", "isa-parallel")):
        given = [option.value or "" for option in options if option.name == name]
        has_default = port_count(None, driver, builtin) and not given
        values = ["vc"] if has_default else given
        is_open = name == "serial" or machine.board.type.is_x86
        found += [(f"{name}{number}", value, is_open) for number, value in enumerate(values) if value != "none"]
    return found


def _pairs(value: str | None) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in (value or "").split(","))
    return [(key, given) for key, _, given in parts]


def _short(value: str) -> dict[str, str]:
    """Return the members of a character device in its short form: ``unix:PATH,server=on``."""
    scheme, colon, rest = value.removeprefix("mon:").partition(":")
    if not colon:
        return dict(parse_opts(value.removeprefix("mon:"), "backend"))
    place, _, more = rest.partition(",")
    values = dict(parse_opts(more)) if more else {}
    if scheme == "unix":
        return {**values, "backend": "socket", "path": place}
    if scheme == "tcp":
        host, _, port = place.rpartition(":")
        return {**values, "backend": "socket", "host": host, "port": port}
    return {"backend": scheme, "path": place}


def _filename(values: Mapping[str, str]) -> str:
    """Return what QEMU calls a character device.

    Raises:
        UnmodelledError: the host gives it a name.
    """
    backend = values.get("backend", "")
    if backend in PLAIN:
        return backend
    if backend != "socket":
        raise UnmodelledError(f"query-chardev: what QEMU calls a character device of kind '{backend}' is not modelled")
    server = ",server=on" if values.get("server", SERVER_DEFAULT) in ("on", "") else ""
    if "path" in values:
        return f"disconnected:unix:{values['path']}{server}"
    host = values.get("host") or "0.0.0.0"  # noqa: S104 - it is what QEMU prints, no address to bind
    return f"disconnected:tcp:{host}:{values.get('port', '')}{server}"


def query_block(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-block``: the empty drives that a machine has by default.

    Raises:
        UnmodelledError: there are others.
    """
    machine = monitor.machine
    for option in machine.config.command_line.options:
        if (option.name in SHORT_DRIVES and option.name) or option.name in ("drive", "blockdev"):
            raise UnmodelledError("query-block: drives of the command line are not modelled")
    builtin = builtin_options(machine.board, machine.config)
    family = machine.board.type.family
    found = []
    if family != "virt" and ide_devices(family, builtin):
        controller, bus = ("ich9-ahci", "ide2") if family == "q35" else ("piix3-ide", "ide1")
        found.append(
            on_wire(
                {
                    "device": f"{bus}-cd0",
                    "qdev": _behind(machine, controller),
                    "type": "unknown",
                    "removable": True,
                    "locked": False,
                    "tray_open": False,
                    "io-status": "ok",
                }
            )
        )
    if builtin.defaults and family in ("pc", "virt"):
        qdev = {} if family == "virt" or not floppy_devices(family, builtin) else {"qdev": _floppy(machine, builtin)}
        found.append(on_wire({"device": "floppy0", **qdev, "type": "unknown", "removable": True, "locked": False}))
    return found


def _behind(machine: Machine, controller: str) -> str:
    """Return the path of the drive of a controller: the next unattached device."""
    device = next(device for device in machine.bay.topology.devices if device.typename.startswith(controller[:4]))
    found = next(d for d in machine.bay.topology.devices if d.typename in (controller, controller.replace("3", "4")))
    path = found.path if found.path.startswith("/machine/unattached/device[") else device.path
    return _next_path(path.partition("]")[0] + "]")


def _floppy(machine: Machine, builtin: BuiltinOptions) -> str:
    """Return the path of pc's floppy drive, which comes behind its controller, ports and timers."""
    south = _behind(machine, "piix3-ide")
    number = int(south.partition("[")[2].rstrip("]"))
    ports = port_count(builtin.serials, "isa-serial", builtin) + port_count(builtin.parallels, "isa-parallel", builtin)
    vga = any(device.kind.is_a("pci-vga") or "vga" in device.typename for device in machine.bay.topology.devices)
    before = 2 * builtin.pic + vga + builtin.hpet + 2 * builtin.pit + ports + 1
    return f"/machine/unattached/device[{number + before + 1}]"


def _next_path(path: str) -> str:
    head, _, number = path.rpartition("[")
    return f"{head}[{int(number.rstrip(']')) + 1}]"


COMMANDS: Final = {"query-chardev": query_chardev, "query-block": query_block}
