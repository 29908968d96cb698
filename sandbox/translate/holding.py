"""What of a scenario's expectations holds for its translation: it is replayed on the sandbox's own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.acpi.srat import GenericInitiatorAffinity, decode_srat
from sandbox.errors import DecodeError, InputError
from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.scenario.model import NOTHING, Affinities, AnyReply, Command, Expectation, WholeTable
from sandbox.scenario.replay import replay
from sandbox.scenario.table_checks import affinities
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.scenario.model import Scenario, Step
    from sandbox.scenario.transcript import Record

FROM_OBJECTS: Final = ("srat", "hmat")
"""Tables that objects bear on: as a whole they are others where an object or an id is another."""


def with_what_holds(
    scenario: Scenario, wanted: Sequence[Expectation], at_end: Expectation
) -> tuple[Scenario, tuple[str, ...]]:
    """Expect of a translation what was expected of its original, as far as it holds.

    Initiators of the same nodes in another order, or whose handles are written otherwise, are expected as they are.
    Files cannot be looked into from here: a table that shall equal one is expected to, whatever comes of it.

    Args:
        scenario: the translation.
        wanted: what was expected of each of its steps.
        at_end: what was expected of its last tables.

    Returns:
        The scenario, and sentences about what no longer holds and is left out.
    """
    asked = replace(
        scenario,
        steps=tuple(
            replace(step, expect=_without_files(expect)) for step, expect in zip(scenario.steps, wanted, strict=True)
        ),
        expect=_without_files(at_end),
    )
    try:
        transcript = replay(asked, emulate, lambda _: b"")
    except InputError:
        return scenario, ()
    notes: list[str] = []
    steps = tuple(
        _held_step(step, expect, record, notes)
        for step, expect, record in zip(scenario.steps, wanted, transcript.steps, strict=True)
    )
    return replace(scenario, steps=steps, expect=_held(at_end, transcript.end, notes)), tuple(notes)


def without_whole(expected: Expectation) -> Expectation:
    """Return an expectation without whole tables that the objects bear on, unless those are to be absent."""
    gone: dict[str, Any] = {name: None for name in FROM_OBJECTS if isinstance(getattr(expected, name), WholeTable)}
    return replace(expected, **gone)


def _without_files(expected: Expectation) -> Expectation:
    changed: dict[str, Any] = {}
    for name in TABLE_NAMES:
        whole = getattr(expected, name)
        if isinstance(whole, WholeTable) and whole.file is not None:
            plain = replace(whole, file=None)
            changed[name] = None if plain.sha256 is None and plain.length is None else plain
    return replace(expected, **changed)


def _held_step(step: Step, wanted: Expectation, record: Record, notes: list[str]) -> Step:
    action = step.action
    if isinstance(action, Command) and any(not it.passed and it.what == "reply" for it in record.checks):
        action = replace(action, reply=AnyReply())
        notes.append(f"{record.title}: the reply is another, and any will do")
    return replace(step, action=action, expect=_held(wanted, record, notes))


def _held(wanted: Expectation, record: Record, notes: list[str]) -> Expectation:
    """Return what holds; nothing where the machine had ended."""
    if wanted == NOTHING or not record.has_run or record.ended is not None:
        return NOTHING
    failed = [it.what for it in record.checks if not it.passed and hasattr(wanted, it.what)]
    changed: dict[str, Any] = dict.fromkeys(failed)
    if "initiators" in failed:
        changed["initiators"] = _as_they_are(wanted.initiators, record)
    left_out = [name for name, value in changed.items() if value is None]
    if left_out:
        notes.append(f"{record.title}: what is expected of {', '.join(left_out)} does not hold, and is left out")
    return replace(wanted, **changed)


def _as_they_are(wanted: Affinities | None, record: Record) -> Affinities | None:
    """Return the initiators that there are, if they are of the nodes of those that are wanted."""
    try:
        srat = record.after.srat if record.after is not None else None
        entries = decode_srat(srat).entries if srat is not None else ()
    except DecodeError:
        return None
    found = affinities(entries, GenericInitiatorAffinity)
    if wanted is None or sorted(it.pxm for it in found) != sorted(it.pxm for it in wanted.entries):
        return None
    return Affinities(found, wanted.in_any_order)
