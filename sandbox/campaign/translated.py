"""Cases of the v2 series on released QEMUs: translated to merged objects, and their entries mapped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.campaign.bench import Verdict
from sandbox.campaign.cases import random_case
from sandbox.campaign.sides import Difference
from sandbox.campaign.writing import case_scenario
from sandbox.live.dialect import V2
from sandbox.records import replace

if TYPE_CHECKING:
    from sandbox.campaign.bench import Bench
    from sandbox.campaign.case import Case
    from sandbox.campaign.target import Target
    from sandbox.compare.result import Comparison


def v2_case(seed: int, number: int, target: Target) -> Case:
    """Return the v2 case of a number."""
    case = random_case(seed, number, replace(target, dialect=V2))
    # without firmware, ras=on aborts a QEMU as it starts, and nothing is left to translate
    words = tuple(word.replace(",ras=on", "") for word in case.arguments)
    return replace(case, kind=V2, arguments=words, dialect=V2)


def check_translated(bench: Bench, case: Case) -> Verdict:
    """Compare a v2 case with a QEMU that has only merged objects.

    Raises:
        Interrupted: the campaign is to end.
        SandboxError: a side could not be asked to the end.
    """
    began, before = time.monotonic(), time.thread_time()
    scenario = case_scenario(case, bench.target, Difference("", 0, ""), ())
    compared = bench.compare(scenario)
    own = time.thread_time() - before
    found = _difference(compared)
    return Verdict("different" if found else "equal", found, "", time.monotonic() - began, own)


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
