"""What a campaign came to, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.campaign.results import Result

OUTCOMES: Final = ("equal", "different", "error")


@record
class Summary:
    """All results of a campaign so far.

    Attributes:
        wanted: how many cases were asked for.
        done: how many have a result.
        status: ``complete`` or ``interrupted``.
        outcomes: how many cases by outcome.
        binaries: how many cases by QEMU.
        features: how many cases by what QEMU did in them.
        refused: cases in which QEMU ended as it started, by itself.
        rounds: how often firmware read the tables.
        commands: QMP commands that QEMU answered, or ended at.
        seconds: wall time of all cases, one after the other, without shrinking.
        own_seconds: the part of it in which QEMU waited for us.
        elapsed: wall time of this run.
        ran: how many cases this run did.
        jobs: how many QEMUs ran at a time.
        failures: the results that are not equal, by number.
    """

    wanted: int
    done: int
    status: str
    outcomes: Mapping[str, int]
    binaries: Mapping[str, int]
    features: Mapping[str, int]
    refused: int
    rounds: int
    commands: int
    seconds: float
    own_seconds: float
    elapsed: float
    ran: int
    jobs: int
    failures: tuple[Result, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether all that was asked for is done and equal."""
        return self.status == "complete" and not self.failures

    @property
    def qemu_share(self) -> float:
        """The share of a case's time that is QEMU's own, from 0 to 1."""
        return 1 - self.own_seconds / self.seconds if self.seconds else 0.0

    @property
    def rate_per_job(self) -> float:
        """Machines per second and QEMU at a time; 0 without any."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def rate(self) -> float:
        """Machines per second in this run; 0 without any."""
        return self.ran / self.elapsed if self.elapsed else 0.0


def summarise(
    results: Iterable[Result], *, wanted: int, interrupted: bool, elapsed: float, ran: int, jobs: int
) -> Summary:
    """Count results.

    Args:
        results: those of this run and of earlier ones.
        wanted: how many cases were asked for.
        interrupted: whether the run was ended before them.
        elapsed: seconds of this run.
        ran: how many cases it did.
        jobs: how many QEMUs ran at a time.
    """
    found = sorted(results, key=lambda result: result.number)
    outcomes = Counter(result.outcome for result in found)
    features = Counter(feature for result in found for feature in result.features)
    return Summary(
        wanted=wanted,
        done=len(found),
        status="interrupted" if interrupted else "complete",
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES},
        binaries=dict(Counter(result.binary for result in found)),
        features=dict(sorted(features.items())),
        refused=sum(result.refused for result in found),
        rounds=sum(result.rounds for result in found),
        commands=sum(result.commands for result in found),
        seconds=sum(result.seconds for result in found),
        own_seconds=sum(result.own_seconds for result in found),
        elapsed=elapsed,
        ran=ran,
        jobs=jobs,
        failures=tuple(result for result in found if result.outcome != "equal"),
    )
