"""A scenario of any dialect in another one, with ids that keep its nodes in ascending order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.dialects import INITIATOR_TYPES, dialect_named
from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.records import record, replace
from sandbox.scenario.emulation import config_of
from sandbox.scenario.model import NOTHING, Command, Step
from sandbox.translate.carrying import carried
from sandbox.translate.ids import names_in_use
from sandbox.translate.options import object_members
from sandbox.translate.renaming import merged_in, merged_machine, to_merged_ascending, with_ascending_ids
from sandbox.translate.to_merged import to_merged
from sandbox.translate.to_v2 import to_v2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.scenario.model import Expectation, Scenario
    from sandbox.translate.correspondence import Translation

V2: Final = "v2"
ORDERED: Final = "Translated; the objects have ids with which their nodes come in ascending order"


@record
class Converted:
    """A scenario in the dialect that was asked for.

    Attributes:
        scenario: the scenario.
        notes: what is not taken over or means something else, a sentence each.
    """

    scenario: Scenario
    notes: tuple[str, ...] = ()


def convert(scenario: Scenario, to: str, *, keep_ids: bool = False) -> Converted:
    """Translate a scenario.

    Args:
        scenario: in any dialect; a command line is one without steps.
        to: the dialect of the result.
        keep_ids: leave ids as they are, or as they come, though the nodes may then be out of order.

    Raises:
        InputError: the dialect is unknown; QEMU does not start with the command line; or something has no counterpart.
    """
    target = dialect_named(to).name
    if dialect_of(scenario) == V2:
        if target == V2:
            return Converted(replace(scenario, dialect=V2))
        made = to_merged(scenario, dialect=target) if keep_ids else to_merged_ascending(scenario, dialect=target)
        return Converted(made.scenario, tuple(_notes(made)))
    if target == V2:
        return _back_to_v2(scenario)
    return _merged(scenario, target, keep_ids=keep_ids)


def dialect_of(scenario: Scenario) -> str:
    """Return the name of the dialect that a scenario is in.

    Raises:
        InputError: an object is of another dialect than the scenario says.
    """
    try:
        return config_of(scenario).dialect.name
    except MachineExit as end:
        if scenario.dialect is not None:
            return dialect_named(scenario.dialect).name
        raise InputError(f"QEMU does not start with this command line: {end.stderr}", scenario.place) from None


def _notes(made: Translation) -> Iterator[str]:
    yield from made.notes
    if any(it is None and step.command and step.command.name == "object-add" for it, step in _with_origins(made)):
        yield "objects that steps add have ids as they come, whatever order their nodes get by that"
    for left in made.left_out:
        yield f"step {left.step + 1} ({left.title}) is left out: {left.why}"


def _with_origins(made: Translation) -> Iterator[tuple[int | None, Step]]:
    yield from zip(made.step_origins, made.scenario.steps, strict=True)


def _back_to_v2(scenario: Scenario) -> Converted:
    for step in scenario.steps:
        if _is_about_objects(step, scenario):
            message = f"{step.title}: steps about these objects are not translated to v2, only the command line is"
            raise InputError(message, step.place)
    made = to_v2(scenario.command_line, scenario.dialect)
    steps = tuple(replace(step, expect=carried(step.expect)) for step in scenario.steps)
    expect = carried(scenario.expect)
    description = f"Translated from dialect {dialect_of(scenario)}."
    translated = replace(
        scenario, command_line=made.words, dialect=V2, steps=steps, expect=expect, description=description
    )
    return Converted(translated, made.notes)


def _merged(scenario: Scenario, target: str, *, keep_ids: bool) -> Converted:
    """Bring a merged scenario to another merged dialect."""
    renamed: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    words = scenario.command_line
    if not keep_ids:
        named = with_ascending_ids(words, scenario.dialect)
        before = sorted(merged_in(merged_machine(words, scenario.dialect)), key=lambda it: it.node)
        after = merged_in(merged_machine(named, scenario.dialect))
        renamed = {old.id: new.id for old, new in zip(before, after, strict=True) if old.id != new.id}
        taken = sorted(set(renamed.values()) & (names_in_use(scenario) - renamed.keys()))
        if taken:
            renamed, notes = {}, (f"ids are kept: the steps use {', '.join(taken)}, which the order would need",)
        else:
            words = named
    moved = bool(renamed) or words != scenario.command_line
    translated = replace(
        scenario,
        description=f"{ORDERED}." if moved else scenario.description,
        command_line=words,
        dialect=target,
        steps=tuple(_renamed_step(step, renamed, moved=moved) for step in scenario.steps),
        expect=_expected(scenario.expect, moved=moved),
    )
    try:
        parse_arguments(words, target, scenario.place)
    except MachineExit as end:
        notes += (f"dialect {target} does not start: {end.stderr}",)
    return Converted(translated, notes)


def _expected(expect: Expectation, *, moved: bool) -> Expectation:
    return carried(expect) if moved and expect != NOTHING else expect


def _renamed_step(step: Step, renamed: Mapping[str, str], *, moved: bool) -> Step:
    action = step.action
    if isinstance(action, Command) and action.arguments is not None:
        action = replace(action, arguments=_renamed(action.arguments, renamed))
    return replace(step, action=action, expect=_expected(step.expect, moved=moved))


def _renamed(value: Any, renamed: Mapping[str, str]) -> Any:
    """Return a JSON value in which ids, and paths that end with one, are the new ones."""
    if isinstance(value, dict):
        return {key: _renamed(member, renamed) for key, member in value.items()}
    if isinstance(value, list):
        return [_renamed(item, renamed) for item in value]
    if not isinstance(value, str):
        return value
    head, slash, name = value.rpartition("/")
    if name in renamed and (not slash or head.endswith("objects")):
        return f"{head}{slash}{renamed[name]}"
    return value


def _is_about_objects(step: Step, scenario: Scenario) -> bool:
    """Whether a step makes, changes or deletes a Generic Initiator or Port."""
    command = step.command
    if command is None:
        return False
    arguments = command.arguments or {}
    if arguments.get("qom-type") in INITIATOR_TYPES:
        return True
    names = {
        str(members.get("id"))
        for word in scenario.command_line
        if (members := object_members(word)).get("qom-type") in INITIATOR_TYPES
    }
    text = str(arguments.get("command-line", ""))
    texts = [str(value).rpartition("/")[2] for value in arguments.values()]
    return not names.isdisjoint((*texts, *text.split())) or any(it in text for it in INITIATOR_TYPES)
