"""A translated scenario is run once on the sandbox's own machine, so that it says itself where the dialects differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError, MachineExit, QemuError, UnmodelledError
from sandbox.records import replace
from sandbox.scenario.checks import as_json
from sandbox.scenario.emulation import emulate
from sandbox.scenario.model import AnyReply, ExitExpected
from sandbox.scenario.transcript import Ended, Refused, Returned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.scenario.emulation import EmulatedMachine
    from sandbox.scenario.model import Command, Scenario
    from sandbox.scenario.transcript import Reply


def rehearse(
    scenario: Scenario,
    replies: Sequence[Reply | Ended | None],
    step_origins: Sequence[int | None],
    end: Ended | None,
) -> tuple[Scenario, tuple[str, ...]]:
    """Run a translated scenario, and keep of its expectations those on which both dialects agree.

    Args:
        scenario: the translated scenario.
        replies: what v2's machine answers in each step, or how it ends; None where nothing is known.
        step_origins: which step of the v2 scenario each one is.
        end: how v2's machine ends.

    Returns:
        The scenario, and sentences about what differs.
    """
    try:
        machine = emulate(scenario)
        if machine.running:
            machine.tables()
    except MachineExit as exit_:
        if end is not None and exit_.stderr == end.stderr:
            return replace(scenario, exit=ExitExpected(exit_.status)), ()
        return scenario, (f"dialect {scenario.dialect} does not start: {exit_.stderr}",)
    except InputError as error:
        return scenario, (f"dialect {scenario.dialect}: {error.what}",)
    notes: list[str] = []
    if end is not None and not replies:
        notes.append("that is about v2's own objects, so that a released QEMU starts without them")
    steps = list(scenario.steps)
    for index, (step, expected) in enumerate(zip(scenario.steps, replies, strict=True)):
        command = step.command
        if command is None:
            continue
        found = _answer(machine, command)
        if found == expected:
            if isinstance(found, Ended):
                steps[index] = replace(step, exit=ExitExpected(found.status))
            continue
        steps[index] = replace(step, action=_any(command), exit=None)
        number = step_origins[index]
        what = f"step {index + 1} of the translation" if number is None else f"step {number + 1}"
        notes.append(f"{what} ({step.title}): v2 {_said(expected)}, dialect {scenario.dialect} {_said(found)}")
        if isinstance(found, Ended):
            break
    return replace(scenario, steps=tuple(steps)), tuple(notes)


def _answer(machine: EmulatedMachine, command: Command) -> Reply | Ended | None:
    try:
        value = machine.execute(command.name, command.arguments)
        if machine.running:
            machine.tables()
    except QemuError as error:
        return Refused(error.error_class, error.desc)
    except MachineExit as end:
        return Ended.by(end)
    except UnmodelledError:
        return None
    return Returned(value)


def _any(command: Command) -> Command:
    return replace(command, reply=AnyReply())


def _said(reply: Reply | Ended | None) -> str:
    if isinstance(reply, Returned):
        return f"returns {as_json(reply.value)}"
    if isinstance(reply, Refused):
        return f"answers '{reply.desc}'"
    return "is not modelled" if reply is None else f"ends with status {reply.status}"
