"""The names that monitors take in ``/objects``, in QEMU versions that keep them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.machine.arguments import Option


def monitor_names(options: Iterable[Option]) -> tuple[str, ...]:
    """Return the names in the order in which QEMU makes the monitors.

    A monitor without an id is called ``compat_monitorN``; those of ``-monitor`` and ``-qmp`` are numbered when the
    options are read, those of ``-mon`` after that, and those of ``-serial mon:``, which QEMU makes last, at the end.
    Without any such option, and without ``-nodefaults``, there is one by default.

    Source: QEMU 11.1 behaviour.
    """
    options = tuple(options)
    numbered = 0
    from_options: list[str | None] = []
    on_ports = 0
    has_default = not any(option.name == "nodefaults" for option in options)
    for option in options:
        value = option.value or ""
        if option.name in ("monitor", "qmp", "qmp-pretty"):
            has_default = False
            if value != "none":
                from_options.append(f"compat_monitor{numbered}")
                numbered += 1
        elif option.name == "mon":
            has_default = False
            from_options.append(dict(parse_opts(value, "chardev")).get("id"))
        elif option.name in ("serial", "parallel") and value.startswith("mon:"):
            has_default = has_default and option.name != "serial"
            on_ports += 1
    if has_default:
        from_options.append(f"compat_monitor{numbered}")
        numbered += 1
    names = []
    for name in (*from_options, *[None] * on_ports):
        if name is None:
            name = f"compat_monitor{numbered}"
            numbered += 1
        names.append(name)
    return tuple(names)
