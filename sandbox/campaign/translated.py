"""Cases of the v2 series on released QEMUs: translated to merged objects, and their entries mapped."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from qom_types.dialects import V2
from sandbox.campaign.bench import Verdict
from sandbox.campaign.cases import random_case
from sandbox.campaign.ran import killed_by, what_ran
from sandbox.campaign.sides import Did, Difference, ended
from sandbox.campaign.writing import case_scenario
from sandbox.errors import Place
from sandbox.records import replace
from sandbox.scenario.tables import TABLE_NAMES
from sandbox.scenario.transcript import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.campaign.bench import Bench
    from sandbox.campaign.case import Case
    from sandbox.campaign.ran import Ran
    from sandbox.campaign.target import Target
    from sandbox.compare.result import Comparison
    from sandbox.scenario.transcript import Record

WARNED: Final = ("0", "sockets=0")
NO_CPUS: Final = "2,maxcpus=1"
"""A CPU topology that each QEMU refuses."""

STEP: Final = "step"
"""What stands for a file where a step's place is its number in the case."""


def v2_case(seed: int, number: int, target: Target) -> Case:
    """Return the v2 case of a number."""
    case = random_case(seed, number, replace(target, dialect=V2))
    # without firmware, ras=on aborts a QEMU as it starts, and nothing is left to translate
    words = [word.replace(",ras=on", "") for word in case.arguments]
    # the QEMU of the series only warns of these, which released ones refuse
    words = [NO_CPUS if before == "-smp" and word in WARNED else word for before, word in pairwise(["", *words])]
    return replace(case, kind=V2, arguments=tuple(words), dialect=V2)


def check_translated(bench: Bench, case: Case) -> Verdict:
    """Compare a v2 case with a QEMU that has only merged objects.

    Raises:
        Interrupted: the campaign is to end.
        SandboxError: a side could not be asked to the end.
    """
    began, before = time.monotonic(), time.thread_time()
    scenario = case_scenario(case, bench.target, Difference("", 0, ""), ())
    # what a translation keeps of a step keeps its place, and with it the number in the case
    steps = tuple(replace(step, place=Place(STEP, number)) for number, step in enumerate(scenario.steps, 1))
    compared = bench.compare(replace(scenario, steps=steps))
    own, seconds = time.thread_time() - before, time.monotonic() - began
    found = _difference(compared)
    theirs = [_did(step.theirs) for step in compared.steps if step.theirs is not None]
    error = ""
    if found and theirs and (killed := killed_by(theirs[-1])):
        found, error = None, f"QEMU was ended by {killed}"
        theirs.pop()
    outcome = "error" if error else "different" if found else "equal"
    return Verdict(outcome, found, error, seconds, own, ran=_ran(case, compared, theirs))


def _did(record: Record) -> Did:
    """Return what QEMU did in a step; tables where firmware could read them anew."""
    reply: dict[str, Any] | None = None
    if isinstance(record.reply, Refused):
        reply = {"error": {"class": record.reply.error_class, "desc": record.reply.desc}}
    elif record.reply is not None:
        reply = {"return": record.reply.value}
    end = None if record.ended is None else ended(record.ended.status, record.ended.stderr)
    reads = end is None and record.after is not None and (record.sent is None or record.sent.name == "system_reset")
    return Did(reply, tuple(getattr(record.after, name) for name in TABLE_NAMES) if reads else None, end)


def _ran(case: Case, compared: Comparison, theirs: Sequence[Did]) -> Ran:
    """Return what QEMU did of a v2 case: commands as QEMU was sent them, features as far as the case went.

    A step that is not sent as it is has come if a later one has; what QEMU did in its place has no reply of its own.
    """
    places = [step.place.line or 0 if step.place is not None else 0 for step in compared.steps[: len(theirs)]]
    reached = [Did()] * (max(places, default=0) + 1)
    for place, did in zip(places, theirs, strict=True):
        if place or did is theirs[0]:
            reached[place] = did
    reached = reached if theirs else []
    sent = what_ran(case, theirs)
    return replace(what_ran(case, reached), rounds=sent.rounds, commands=sent.commands, refused=sent.refused)


def _difference(compared: Comparison) -> Difference | None:
    """Return the first difference, as a campaign names it."""
    for step, found in enumerate(compared.steps):
        for check in found.checks:
            if not check.passed:
                first = check.differences[0]
                what = f"{found.title}: {first.path}: ours {first.expected}, QEMU {first.actual}"
                return Difference(f"translated {check.what}", step, what)
    for mapping in compared.mappings:
        if not mapping.passed:
            told = [*(entry.problem for entry in mapping.entries if entry.problem), *mapping.differences]
            return Difference("mapping", 0, f"{mapping.title}: {told[0]}")
    return None
