"""A scenario of any dialect in another one, with ids that keep its nodes in ascending order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import INITIATOR_TYPES, V2, dialect_named
from sandbox.errors import InputError, MachineExit
from sandbox.records import record, replace
from sandbox.scenario.emulation import config_of, emulate
from sandbox.scenario.model import NOTHING
from sandbox.translate.holding import with_what_holds, without_whole
from sandbox.translate.ids import names_in_use
from sandbox.translate.options import TYPENAME, exchange_objects, object_members
from sandbox.translate.order import scrambled
from sandbox.translate.renaming import in_ascending_order, to_merged_ascending
from sandbox.translate.to_merged import to_merged
from sandbox.translate.to_v2 import to_v2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.scenario.model import Scenario, Step

PORT: Final = "acpi-generic-port"
ORDERED: Final = "Translated; the objects have ids with which their nodes come in ascending order"


@record
class Converted:
    """A scenario in the dialect that was asked for.

    Attributes:
        scenario: the scenario.
        notes: what is not taken over or means something else, a sentence each.
        starts: whether the QEMU of the dialect starts with it; where not, a note says why.
    """

    scenario: Scenario
    notes: tuple[str, ...] = ()
    starts: bool = True


def convert(scenario: Scenario, to: str, *, keep_ids: bool = False, on_x86: bool = False) -> Converted:
    """Translate a scenario.

    Args:
        scenario: in any dialect; a command line is one without steps.
        to: the dialect of the result.
        keep_ids: leave ids as they are, or as they come, though the nodes may then be out of order.
        on_x86: from v2, give pc and q35 the objects that virt would have.

    Raises:
        InputError: the dialect is unknown; QEMU does not start with the command line; or something has no counterpart.
    """
    target = dialect_named(to).name
    if dialect_of(scenario) == V2:
        if target == V2:
            return Converted(replace(scenario, dialect=V2))
        return _from_v2(scenario, target, keep_ids=keep_ids, on_x86=on_x86)
    if target == V2:
        return _back_to_v2(scenario, keep_ids=keep_ids)
    return _merged(scenario, target, keep_ids=keep_ids)


def dialect_of(scenario: Scenario) -> str:
    """Return the name of the dialect that a scenario is in.

    Raises:
        InputError: an object is of another dialect than the scenario says; or QEMU does not start, and nothing tells.
    """
    try:
        return config_of(scenario).dialect.name
    except MachineExit as end:
        if end.foreign:
            raise InputError(f"{end.foreign}; name that dialect, or none", scenario.place) from None
        if scenario.dialect is not None:
            return dialect_named(scenario.dialect).name
        raise InputError(f"QEMU does not start with this command line: {end.stderr}", scenario.place) from None


def _from_v2(scenario: Scenario, target: str, *, keep_ids: bool, on_x86: bool) -> Converted:
    """Bring a v2 scenario to a merged dialect."""
    is_ascending = True
    if keep_ids:
        made = to_merged(scenario, dialect=target, on_x86=on_x86)
    else:
        made, is_ascending = to_merged_ascending(scenario, dialect=target, on_x86=on_x86)
    expected = [NOTHING if it is None else without_whole(scenario.steps[it].expect) for it in made.step_origins]
    at_end = without_whole(scenario.expect) if made.end is None else NOTHING
    translated, left_out = with_what_holds(made.scenario, expected, at_end)
    notes = [*made.notes, *left_out]
    notes += [f"step {it.step + 1} ({it.title}) is left out: {it.why}" for it in made.left_out]
    return Converted(translated, (*notes, *_about_order(translated, keep_ids=keep_ids, is_ascending=is_ascending)))


def _about_order(scenario: Scenario, *, keep_ids: bool, is_ascending: bool) -> Iterator[str]:
    """Say so where nodes come in another order than theirs."""
    if not is_ascending:
        yield "no ids were found with which the nodes come in ascending order after each reset; at the start they do"
    if not keep_ids:
        return
    try:
        listed = scrambled(emulate(scenario).tables())
    except MachineExit:
        return
    if listed:
        yield f"with these ids SRAT lists the nodes as {listed}, and Linux numbers them in that order"


def _back_to_v2(scenario: Scenario, *, keep_ids: bool) -> Converted:
    for step in scenario.steps:
        if _is_about_objects(step, scenario):
            message = f"{step.title}: steps about these objects are not translated to v2, only the command line is"
            raise InputError(message, step.place)
    own = _own_names(scenario)
    made = to_v2(scenario.command_line, scenario.dialect, keep_ids=keep_ids, taken=names_in_use(scenario) - own)
    description = f"Translated from dialect {dialect_of(scenario)}."
    translated = replace(scenario, command_line=made.words, dialect=V2, description=description)
    expected = [without_whole(step.expect) for step in scenario.steps]
    translated, left_out = with_what_holds(translated, expected, without_whole(scenario.expect))
    return Converted(translated, (*made.notes, *left_out), made.starts)


def _merged(scenario: Scenario, target: str, *, keep_ids: bool) -> Converted:
    """Bring a merged scenario to another merged dialect."""
    source = dialect_named(dialect_of(scenario))
    words, notes = _without_ports(scenario.command_line, target)
    translated = replace(scenario, command_line=words, dialect=target)
    try:
        config_of(translated)
    except MachineExit as end:
        return Converted(translated, (*notes, f"dialect {target} does not start: {end.stderr}"), starts=False)
    is_ascending = True
    if not keep_ids:
        translated, is_ascending = in_ascending_order(translated, names_in_use(scenario) - _own_names(scenario))
    moved = translated.command_line != scenario.command_line or translated.steps != scenario.steps
    if moved:
        said = f"{ORDERED}." if is_ascending else f"Translated from dialect {source.name}."
        translated = replace(translated, description=said)
    is_other = moved or source.swaps_bus_and_devfn != dialect_named(target).swaps_bus_and_devfn
    expected = [without_whole(it.expect) if is_other else it.expect for it in scenario.steps]
    at_end = without_whole(scenario.expect) if is_other else scenario.expect
    translated, left_out = with_what_holds(translated, expected, at_end)
    order = _about_order(translated, keep_ids=keep_ids, is_ascending=is_ascending)
    return Converted(translated, (*notes, *left_out, *order))


def _without_ports(words: Sequence[str], target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a command line without Generic Ports for a dialect that has none, and a note about each."""
    if dialect_named(target).has_ports:
        return tuple(words), ()
    gone: list[str] = []

    def leave_out(name: str) -> tuple[str, ...]:
        gone.append(name)
        return ()

    left = exchange_objects(words, leave_out, {PORT})
    return left, tuple(f"{name} is left out: dialect {target} has no {PORT}" for name in gone)


def _own_names(scenario: Scenario) -> frozenset[str]:
    """Return the ids of the Generic Initiators of a scenario, at the start and in its steps."""
    given = [object_members(word) for word in scenario.command_line]
    given += [dict(it) for it in scenario.added_objects]
    return frozenset(str(it["id"]) for it in given if it.get("qom-type") == TYPENAME and "id" in it)


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
