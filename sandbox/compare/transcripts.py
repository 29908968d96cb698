"""Comparing two replays of one scenario, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.compare.replies import compare_ends, compare_replies
from sandbox.compare.result import ComparedStep
from sandbox.compare.tables import compare_tables
from sandbox.errors import InputError
from sandbox.records import replace
from sandbox.scenario.checks import Check, Difference
from sandbox.scenario.model import NOTHING, AnyReply, Command
from sandbox.scenario.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.scenario.model import Scenario, Step
    from sandbox.scenario.replay import ReplayMachine
    from sandbox.scenario.transcript import Record, Transcript


def without_expectations(scenario: Scenario) -> Scenario:
    """Return the scenario with what happens in it, and nothing about what should come of it."""
    return replace(scenario, steps=tuple(map(_bare, scenario.steps)), expect=NOTHING, exit=None)


def replay_bare(scenario: Scenario, make_machine: Callable[[Scenario], ReplayMachine]) -> Transcript:
    """Replay a scenario on a machine, expectations aside.

    Raises:
        InputError: as :func:`sandbox.scenario.replay.replay`.
    """
    return replay(without_expectations(scenario), make_machine, _no_file)


def _no_file(path: str) -> bytes:
    raise InputError(f"{path}: a replay without expectations reads no expected tables")


def _bare(step: Step) -> Step:
    action = step.action
    if isinstance(action, Command):
        action = replace(action, reply=AnyReply())
    return replace(step, action=action, exit=None, expect=NOTHING)


def compare_transcripts(
    ours: Transcript, theirs: Transcript, their_words: Sequence[str] | None = None
) -> tuple[ComparedStep, ...]:
    """Compare two replays of the same steps.

    Args:
        ours: our side.
        theirs: the other side.
        their_words: the command line of the other side where it is not that of the scenario.

    Returns:
        The start and each step. Tables are compared where either side has new ones.
    """
    words = ours.scenario.command_line
    other_words = words if their_words is None else their_words
    pairs = zip((ours.start, *ours.steps), (theirs.start, *theirs.steps), strict=True)
    return tuple(_compared(one, other, words, other_words) for one, other in pairs)


def _compared(ours: Record, theirs: Record, our_words: Sequence[str], their_words: Sequence[str]) -> ComparedStep:
    if not ours.has_run or not theirs.has_run:
        return ComparedStep(
            ours.title,
            ours.place,
            ours.sent or theirs.sent,
            ours if ours.has_run else None,
            theirs if theirs.has_run else None,
        )
    checks: tuple[Check, ...] = ()
    if ours.sent is not None:
        unmodelled = [check.differences[0].actual for check in ours.checks if check.what == "command"]
        if unmodelled:
            checks += (Check("reply", (Difference("reply", f"not known: {unmodelled[0]}", "a reply"),)),)
        else:
            checks += compare_replies(ours.sent.name, ours.reply, theirs.reply)
    checks += compare_ends(ours.ended, theirs.ended, our_words, their_words)
    has_new_tables = any(side.after is not side.before for side in (ours, theirs))
    if has_new_tables and not (ours.ended or theirs.ended):
        checks += compare_tables(ours.after, theirs.after)
    return ComparedStep(ours.title, ours.place, ours.sent, ours, theirs, checks)
