"""Doing single cases: draw, run, and where the sides differ, make the case small and write it down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sandbox.campaign.bench import Bench, Interrupted, Verdict
from sandbox.campaign.kinds import KINDS
from sandbox.campaign.results import Result
from sandbox.campaign.shrink import shrink
from sandbox.campaign.sides import Difference
from sandbox.campaign.writing import write_scenario
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.campaign.case import Case
    from sandbox.campaign.kinds import Kind
    from sandbox.campaign.settings import Settings
    from sandbox.campaign.target import Target

ERROR: Final = "error"
"""The outcome of a case in which a side could not be asked to the end."""

LONGEST_TOLD: Final = 2000
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
            InputError: a scenario cannot be written.
        """
        bench = self._benches[number % len(self._benches)]
        target = bench.target
        kind = kind_of(self._settings, number)
        began, before = time.monotonic(), time.thread_time()
        case = kind.draw(self._settings.seed, number, target)
        drawn, own = time.monotonic() - began, time.thread_time() - before
        try:
            verdict = kind.check(bench, case)
        except Interrupted:
            raise
        except SandboxError as error:
            verdict = Verdict(ERROR, error=str(error))
        scenario, runs = "", 0
        if verdict.difference is not None:
            scenario, runs = self._write(bench, kind, case, verdict, may_shrink)
        elif verdict.outcome == ERROR:
            scenario = write_error(self._settings, case, target, verdict.error)
        told = verdict.difference.what if verdict.difference else verdict.error
        return Result(
            number=number,
            binary=target.label,
            kind=kind.name,
            family=case.family,
            features=tuple(sorted(verdict.ran.features)),
            rounds=verdict.ran.rounds,
            commands=verdict.ran.commands,
            seconds=drawn + verdict.seconds,
            own_seconds=own + verdict.own_seconds,
            outcome=verdict.outcome,
            refused=verdict.ran.refused,
            difference=verdict.difference.kind if verdict.difference else "",
            what=told[:LONGEST_TOLD],
            scenario=scenario,
            shrink_runs=runs,
        )

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
        return write_scenario(self._settings.directory, case, bench.target, difference, last.theirs), runs


def is_plausible(bench: Bench, case: Case, difference: Difference) -> bool:
    """Whether a case may show a difference, as far as the sandbox alone can tell.

    Where the difference is in tables or replies, the sandbox itself must start the machine.
    """
    if not difference.kind.startswith(("srat", "slit", "hmat", "reply")):
        return True
    ours, wrong = bench.ours(case)
    return wrong is None and bool(ours) and ours[0].ended is None


def kind_of(settings: Settings, number: int) -> Kind:
    """Return how a case is run."""
    return KINDS[settings.kinds[number // len(settings.binaries) % len(settings.kinds)]]


def write_error(settings: Settings, case: Case, target: Target, what: str) -> str:
    """Write the whole case in which something went wrong, without expectations; return the file's name.

    Raises:
        InputError: it cannot be written.
    """
    difference = Difference(ERROR, 0, what[:LONGEST_TOLD])
    return write_scenario(settings.directory, case, target, difference, ())


def lost_result(settings: Settings, targets: Sequence[Target], number: int, what: str) -> Result:
    """Return the result of a case whose worker has died, and write the case down.

    Raises:
        InputError: it cannot be written.
    """
    target = targets[number % len(targets)]
    kind = kind_of(settings, number)
    case = kind.draw(settings.seed, number, target)
    scenario = write_error(settings, case, target, what)
    return Result(number, target.label, kind.name, case.family, ERROR, what=what, scenario=scenario)
