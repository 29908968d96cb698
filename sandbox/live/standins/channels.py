"""Character devices, and the ports and monitors on them: all of them lead nowhere, but one monitor is ours.

From QEMU 11 on every monitor is an object with a name by its id or by its number among the monitors, and takes part in
the order of SRAT's entries. So ours takes the place of one of the user's, the first for programs if there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.live.prepared import PRIVATE
from sandbox.live.session import QMP
from sandbox.live.standins.run import changed, words_of
from sandbox.live.standins.values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.machine.arguments import Option

OUR_SOCKET: Final = f"{PRIVATE}/{QMP}"
OUR_CHARDEV: Final = "qom-sandbox-qmp"
NO_MONITOR: Final = "null"

OFF_HOST: Final = frozenset({"null", "mux", "hub", "ringbuf", "memory", "testdev", "msmouse", "wctablet"})
"""Backends that need nothing of the host."""

FOR_PROGRAMS: Final = frozenset({"qmp", "qmp-pretty"})
MONITORS: Final = FOR_PROGRAMS | {"monitor", "mon"}
PORTS: Final = frozenset({"serial", "parallel", "debugcon"})
ON_PORT: Final = "mon:"


def our_monitor(run: Run) -> Option | None:
    """Return the option whose monitor becomes ours; None where ours is one more, or in the default one's place."""
    monitors = [option for option in run.named(*MONITORS) if option.value not in (None, "none")]
    by_programs = [option for option in monitors if option.name in FOR_PROGRAMS or _mode(option) == "control"]
    on_ports = [option for option in run.named("serial", "parallel") if (option.value or "").startswith(ON_PORT)]
    return next(iter((*by_programs, *monitors, *on_ports)), None)


def adds_monitor(run: Run) -> bool:
    """Whether the user has no monitor at all, so that ours makes a difference."""
    no_default = bool(run.named("nodefaults", *MONITORS))
    return no_default and our_monitor(run) is None


def _mode(option: Option) -> str:
    try:
        return read_value(option.value or "", "chardev").text_of("mode") if option.name == "mon" else ""
    except QemuError:
        return ""


def _monitor(run: Run, option: Option) -> Words | None:
    text = option.value or ""
    if text == "none":
        return None
    if option is our_monitor(run):
        run.change(option, "the test run's own monitor takes its place")
        return ("-qmp", f"unix:{OUR_SOCKET}")
    if text == NO_MONITOR or text.startswith("chardev:"):
        return None
    run.change(option, "the monitor is connected to nothing")
    return (words_of(option)[0], NO_MONITOR)


def _mon(run: Run, option: Option) -> Words | None:
    if option is not our_monitor(run):
        return None
    run.change(option, "the test run's own monitor takes its place")
    value = read_value(option.value or "", "chardev").without("pretty").with_(chardev=OUR_CHARDEV, mode="control")
    return ("-chardev", f"socket,id={OUR_CHARDEV},path={OUR_SOCKET}", *changed(option, value))


def _chardev(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "backend")
    if value.get("backend") in OFF_HOST and value.get("logfile") is None:
        return None
    run.change(option, "it leads nowhere")
    return changed(option, value.only({"backend", "id", "mux"}).with_(backend="null"))


def _port(run: Run, option: Option) -> Words | None:
    text = option.value or ""
    if option is our_monitor(run):
        run.change(option, "the port leads nowhere, and the test run's own monitor takes the place of the one on it")
        return (words_of(option)[0], "null")
    prefix = ON_PORT if text.startswith(ON_PORT) else ""
    backend = text.removeprefix(prefix)
    if backend in ("none", "null") or backend.startswith("chardev:"):
        return None
    run.change(option, "the port leads nowhere")
    return (words_of(option)[0], f"{prefix}null")


RULES: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(FOR_PROGRAMS | {"monitor"}, _monitor),
    "mon": _mon,
    "chardev": _chardev,
    **dict.fromkeys(PORTS, _port),
}
