"""QMP commands of a scenario, made fit for a test run as its command line is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import InputError, QemuError
from sandbox.live.prepared import PRIVATE
from sandbox.live.standins.devices import RULES as DEVICE_RULES
from sandbox.live.standins.objects import RULES as OBJECT_RULES
from sandbox.live.standins.run import Run
from sandbox.live.standins.values import Value, read_value
from sandbox.machine.arguments import Option
from sandbox.records import replace
from sandbox.scenario.model import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.live.standins.host import Host
    from sandbox.live.standins.run import Rule
    from sandbox.scenario.model import Step

TYPED: Final = "human-monitor-command"
RULES: Final[dict[str, Rule]] = {"object-add": OBJECT_RULES["object"], "device_add": DEVICE_RULES["device"]}
TYPED_RULES: Final = {"object_add": OBJECT_RULES["object"], "device_add": DEVICE_RULES["device"]}
HARMLESS: Final = frozenset({"memory-backend-ram", "memory-backend-memfd"})
"""Types of objects that need nothing of the host unless they are asked to."""
WANTS_HOST: Final = frozenset({"prealloc", "host-nodes", "policy", "hugetlb", "prealloc-context"})


def prepare_steps(
    steps: Sequence[Step], words: Sequence[str], host: Host, firmware: str
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Make steps fit for a test run: objects and devices that need the host's give way to stand-ins.

    Args:
        steps: the steps of a scenario.
        words: QEMU's arguments as the user gives them.
        host: what is known about the host.
        firmware: ``none`` or ``enumerated``.

    Returns:
        The steps, and what was changed, a sentence each.

    Raises:
        InputError: a command that the sandbox does not model: what QEMU would do with it is not known, so that it is
            not sent either.
    """
    run = Run(words, host, firmware, run_state=False)
    return tuple(_prepared(run, step) for step in steps), tuple(run.changes)


def _prepared(run: Run, step: Step) -> Step:
    command = step.action
    if not isinstance(command, Command):
        return step
    _refuse_unmodelled(step, command)
    arguments = dict(command.arguments or {})
    if command.name in RULES:
        found = _members(run, command.name, arguments)
    elif command.name == TYPED:
        found = _typed(run, arguments)
    else:
        return step
    return step if found == arguments else replace(step, action=replace(command, arguments=found))


def _members(run: Run, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments.get("qom-type") in HARMLESS and not WANTS_HOST & arguments.keys():
        return arguments
    text = json.dumps(arguments)
    words = _applied(run, RULES[name], Option(name, text, f"{name} {text}"))
    if words is None:
        return arguments
    if PRIVATE in words[-1]:
        return _in_memory(arguments)
    members = json.loads(words[-1])
    return members if isinstance(members, dict) else arguments


def _in_memory(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a memory backend that needs no file: a command cannot name one in the private directory."""
    kept = {name: value for name, value in arguments.items() if name in ("id", "size", "share")}
    return {"qom-type": "memory-backend-ram", **kept}


def _typed(run: Run, arguments: dict[str, Any]) -> dict[str, Any]:
    name, _, rest = str(arguments.get("command-line", "")).strip().partition(" ")
    rule, rest = TYPED_RULES.get(name), rest.strip()
    if rule is None or not rest or any(rest.startswith(f"{known},") for known in HARMLESS):
        return arguments
    words = _applied(run, rule, Option(name, rest, f"{name} {rest}"))
    if words is None:
        return arguments
    text = words[-1]
    if PRIVATE in text:
        members = _in_memory(dict(read_value(rest, "qom-type").pairs))
        text = str(Value(tuple(members.items()), "qom-type"))
    return {**arguments, "command-line": f"{name} {text}"}


def _applied(run: Run, rule: Rule, option: Option) -> Sequence[str] | None:
    """Apply a rule; what QEMU refuses anyway is left as it is."""
    try:
        return rule(run, option) or None
    except (QemuError, TypeError, ValueError):
        return None


def _refuse_unmodelled(step: Step, command: Command) -> None:
    from sandbox.monitor.hmp import OTHER_COMMANDS
    from sandbox.monitor.qemu_commands import QEMU_COMMANDS
    from sandbox.monitor.table import PLACES
    from sandbox.monitor.typed_line import read_head

    what = ""
    if command.name in QEMU_COMMANDS and command.name not in PLACES and command.name != "qmp_capabilities":
        what = f"QMP command '{command.name}'"
    elif command.name == TYPED:
        typed = read_head(str((command.arguments or {}).get("command-line", ""))).name
        if typed in OTHER_COMMANDS:
            what = f"human monitor's command '{typed}'"
    if what:
        raise InputError(f"the {what} is not modelled, and is not sent to a QEMU either: leave it out", step.place)
