"""The names and types that monitors have in ``/objects``, in QEMU versions that keep them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.machine.arguments import Option


def monitor_names(options: Iterable[Option]) -> tuple[str, ...]:
    """Return the names of :func:`monitors`."""
    return tuple(name for name, _ in monitors(options))


def monitors(options: Iterable[Option]) -> tuple[tuple[str, str], ...]:
    """Return name and type of each monitor in the order in which QEMU makes them.

    A monitor without an id is called ``compat_monitorN``; those of ``-monitor`` and ``-qmp`` are numbered when the
    options are read, those of ``-serial mon:`` and of ``-mon`` after that. Without any such option, and without
    ``-nodefaults``, there is one by default.

    Source: QEMU 11.1 behaviour.
    """
    options = tuple(options)
    numbered = 0
    from_options: list[tuple[str | None, str]] = []
    on_serial: list[str] = []
    has_default = not any(option.name == "nodefaults" for option in options)
    for option in options:
        value = option.value or ""
        if option.name in ("monitor", "qmp", "qmp-pretty"):
            has_default = False
            if value != "none":
                kind = "monitor-hmp" if option.name == "monitor" else "monitor-qmp"
                from_options.append((f"compat_monitor{numbered}", kind))
                numbered += 1
        elif option.name == "mon":
            has_default = False
            given = dict(parse_opts(value, "chardev"))
            from_options.append((given.get("id"), "monitor-qmp" if given.get("mode") == "control" else "monitor-hmp"))
        elif option.name in ("serial", "parallel") and value.startswith("mon:"):
            has_default = has_default and option.name != "serial"
            on_serial.append(option.name)
    if has_default:
        from_options.append((f"compat_monitor{numbered}", "monitor-hmp"))
        numbered += 1
    found = []
    for _ in on_serial:
        found.append((f"compat_monitor{numbered}", "monitor-hmp"))
        numbered += 1
    for name, kind in from_options:
        if name is None:
            name = f"compat_monitor{numbered}"
            numbered += 1
        found.append((name, kind))
    return tuple(found)
