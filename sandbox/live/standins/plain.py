"""Options that a test run leaves out, or takes some names from: windows, logs, files of the user's, migration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.live.standins.run import changed, words_of
from sandbox.live.standins.values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

WINDOW: Final = "a test run has no display"
LOG: Final = "a test run writes no logs"
DEBUG: Final = "a test run is not debugged"
RIGHTS: Final = "a test run keeps the rights that it was started with"
KERNEL: Final = "no kernel is booted in a test run"

LEFT_OUT: Final[Mapping[str, str]] = {
    "daemonize": "a test run stays in the foreground",
    "pidfile": "a test run writes no such file",
    "full-screen": WINDOW,
    "vnc": WINDOW,
    "spice": WINDOW,
    "gdb": DEBUG,
    "s": DEBUG,
    "D": LOG,
    "d": LOG,
    "dfilter": LOG,
    "trace": LOG,
    "perfmap": LOG,
    "jitdump": LOG,
    "dump-vmstate": "QEMU would write a file and end",
    "incoming": "no other QEMU sends its state",
    "runas": RIGHTS,
    "chroot": RIGHTS,
    "run-with": RIGHTS,
    "sandbox": RIGHTS,
    "plugin": "a test run loads no plugin",
    "qtest": "the test run has a qtest connection of its own",
    "qtest-log": "the test run has a qtest connection of its own",
    "add-fd": "the file descriptor is not there in a test run",
    "snapshot": "there is no disk that could be written to",
    "tpmdev": "a test run has no TPM",
    "kernel": KERNEL,
    "initrd": KERNEL,
    "append": KERNEL,
    "dtb": KERNEL,
    "shim": KERNEL,
    "option-rom": "firmware extensions move no table",
    "mem-path": "memory is not taken from the user's files",
    "mem-prealloc": "memory is not claimed before it is used",
}
"""Options that are dropped, and why."""

STAND_IN_TEXT: Final = "stand-in"


def _left_out(run: Run, option: Option) -> Words:
    run.change(option, f"left out: {LEFT_OUT[option.name]}")
    return ()


def _paused(_run: Run, _option: Option) -> Words:
    """Leave out ``-S``: every test run starts with one."""
    return ()


def _display(run: Run, option: Option) -> Words | None:
    if option.value == "none":
        return None
    run.change(option, f"left out: {WINDOW}")
    return ()


def _without(run: Run, option: Option, name: str, why: str) -> Words | None:
    """Take one name from an option, and leave the option out if nothing is left of it."""
    value = read_value(option.value or "")
    kept = value.filtered(lambda found: not found.startswith(name))
    if kept == value:
        return None
    run.change(option, f"{name} left out: {why}")
    return changed(option, kept) if kept.pairs else ()


def _overcommit(run: Run, option: Option) -> Words | None:
    return _without(run, option, "mem-lock", "memory is not claimed before it is used")


def _boot(run: Run, option: Option) -> Words | None:
    if "=" not in (option.value or ""):
        return None
    value = read_value(option.value or "", "order")
    kept = value.without("splash")
    if kept == value:
        return None
    run.change(option, "splash left out: a test run shows no picture")
    return changed(option, kept) if kept.pairs else ()


def _icount(run: Run, option: Option) -> Words | None:
    if not any(name.startswith("rr") for name, _ in read_value(option.value or "", "shift").pairs):
        return None
    run.change(option, "left out: a test run records no execution and replays none")
    return ()


def _smbios(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "")
    if value.get("file") is not None:
        run.change(option, "left out: SMBIOS structures from a file move no table")
        return ()
    if value.get("path") is None:
        return None
    run.change(option, "a text takes the place of the file")
    return changed(option, value.without("path").with_(value=STAND_IN_TEXT))


def _fw_cfg(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "name")
    if value.get("file") is None and value.get("gen_id") is None:
        return None
    run.change(option, "a text takes the place of the data")
    return changed(option, value.without("file", "gen_id").with_(string=STAND_IN_TEXT))


def _usb_device(run: Run, option: Option) -> Words | None:
    if option.value != "braille":
        return None
    run.change(option, "a tablet takes its place, since it needs a device of the host's")
    return (words_of(option)[0], "tablet")


def _vga(run: Run, option: Option) -> Words | None:
    if not (option.value or "").startswith("qxl"):
        return None
    run.change(option, "an ordinary graphics device takes its place, since it needs SPICE")
    return (words_of(option)[0], "std")


RULES: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(LEFT_OUT, _left_out),
    "S": _paused,
    "display": _display,
    "overcommit": _overcommit,
    "boot": _boot,
    "icount": _icount,
    "smbios": _smbios,
    "fw_cfg": _fw_cfg,
    "usbdevice": _usb_device,
    "vga": _vga,
}
