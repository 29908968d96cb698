"""Doing single cases: draw, run, and where the sides differ, make the case small and write it down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.campaign.bench import Bench, Interrupted, Verdict
from sandbox.campaign.kinds import KINDS
from sandbox.campaign.results import Result
from sandbox.campaign.shrink import shrink
from sandbox.campaign.writing import scenario_name, scenario_text
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.campaign.case import Case
    from sandbox.campaign.kinds import Kind
    from sandbox.campaign.settings import Settings
    from sandbox.campaign.sides import Difference
    from sandbox.campaign.target import Target

LONGEST_TOLD = 2000
"""Characters of a difference or an error that are kept in the results."""


class Worker:
    """Does cases one after the other.

    Args:
        settings: the campaign.
        targets: what its binaries are.
        on_launch: told the process id and the private directory of each QEMU.
    """

    def __init__(
        self,
        settings: Settings,
        targets: Sequence[Target],
        on_launch: Callable[[int, str], None] = lambda _pid, _directory: None,
    ) -> None:
        self._settings = settings
        self._benches = [
            Bench(command, target, settings.limits, settings.ours, on_launch)
            for command, target in zip(settings.binaries, targets, strict=True)
        ]

    def stop(self) -> None:
        """End the QEMU that runs, from a signal handler too; the case raises Interrupted."""
        for bench in self._benches:
            bench.stop()

    def do(self, number: int, *, may_shrink: bool) -> Result:
        """Do a case.

        Args:
            number: which.
            may_shrink: whether a difference is made smaller.

        Raises:
            Interrupted: the campaign is to end.
        """
        bench = self._benches[number % len(self._benches)]
        kind = self._kind(number)
        target = bench.target
        began, before = time.monotonic(), time.thread_time()
        case = kind.draw(self._settings.seed, number, target)
        drawn, own = time.monotonic() - began, time.thread_time() - before
        try:
            verdict = kind.check(bench, case)
        except Interrupted:
            raise
        except SandboxError as error:
            verdict = Verdict("error", error=str(error))
        scenario, runs = "", 0
        if verdict.difference is not None:
            scenario, runs = self._write(bench, kind, case, verdict, may_shrink)
        told = verdict.difference.what if verdict.difference else verdict.error
        return Result(
            number=number,
            binary=target.label,
            kind=kind.name,
            family=case.family,
            features=tuple(sorted(case.features)),
            rounds=case.rounds,
            commands=len(case.commands),
            seconds=drawn + verdict.seconds,
            own_seconds=own + verdict.own_seconds,
            outcome=verdict.outcome,
            refused=bool(verdict.theirs and verdict.theirs[0].ended),
            difference=verdict.difference.kind if verdict.difference else "",
            what=told[:LONGEST_TOLD],
            scenario=scenario,
            shrink_runs=runs,
        )

    def _kind(self, number: int) -> Kind:
        kinds = self._settings.kinds
        return KINDS[kinds[number // len(self._benches) % len(kinds)]]

    def _write(self, bench: Bench, kind: Kind, case: Case, verdict: Verdict, may_shrink: bool) -> tuple[str, int]:
        """Write the scenario of a difference, as small as it gets; return its file's name and the runs it took."""
        assert verdict.difference is not None
        difference = first = verdict.difference
        last = verdict
        runs = 0

        def check(candidate: Case) -> Difference | None:
            try:
                found = kind.check(bench, candidate)
            except Interrupted:
                raise
            except SandboxError:
                return None
            nonlocal last
            if found.difference is not None and found.difference.kind == first.kind:
                last = found
            return found.difference

        if may_shrink and self._settings.shrink_runs:
            shrunk = shrink(
                case,
                difference,
                check,
                most_runs=min(self._settings.shrink_runs, kind.most_shrink_runs),
                plausible=lambda candidate: is_plausible(bench, candidate, first),
            )
            case, difference, runs = shrunk.case, shrunk.difference, shrunk.runs
        name = f"{scenario_name(case, bench.target)}.yaml"
        text = scenario_text(case, bench.target, difference, last.theirs)
        self._settings.directory.mkdir(parents=True, exist_ok=True)
        (self._settings.directory / name).write_text(text, encoding="utf-8")
        return name, runs


def is_plausible(bench: Bench, case: Case, difference: Difference) -> bool:
    """Whether a case may show a difference, as far as the sandbox alone can tell.

    Where the difference is in tables or replies, the sandbox itself must start the machine.
    """
    if not difference.kind.startswith(("srat", "slit", "hmat", "reply")):
        return True
    ours, wrong = bench.ours(case)
    return wrong is None and bool(ours) and ours[0].ended is None
