"""What a campaign is asked to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.campaign.sides import emulated
from sandbox.errors import InputError
from sandbox.live.session import DEFAULT_LIMITS
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sandbox.campaign.sides import MakeOurs
    from sandbox.campaign.target import Target
    from sandbox.live.session import Limits

FORMAT: Final = 2
"""The version of the results' format, and of the draw: other numbers make other cases."""

RESULTS: Final = "results.jsonl"


@record
class Settings:
    """A campaign.

    Attributes:
        binaries: the QEMUs: for each the program and what goes before its arguments. Case n runs on the n-th, in turn.
        directory: where the scenarios of differences go, and the results unless ``results`` says otherwise.
        count: how many cases.
        seed: what the cases are made from, beside their number and what the binary is.
        jobs: how many QEMUs run at a time.
        results: the file of the results; ``results.jsonl`` in the directory, if None.
        resume: whether to go on with the results that are there.
        kinds: how cases are run, in turn; see :mod:`sandbox.campaign.kinds`.
        families: machines to draw; all that a binary has, if empty.
        shrink_runs: how many cases may be run to make one difference smaller; 0 leaves it as it is.
        most_shrunk: how many differences are made smaller; later ones are written as they are.
        limits: how long to wait for a QEMU.
        only: cases to run alone, without a file of results; all below ``count``, if empty.
        ours: makes the sandbox's side. A test puts a fault in here; with several jobs it must be importable by name.
    """

    binaries: tuple[tuple[str, ...], ...]
    directory: Path
    count: int = 100
    seed: int = 0
    jobs: int = 1
    results: Path | None = None
    resume: bool = False
    kinds: tuple[str, ...] = ("native",)
    families: tuple[str, ...] = ()
    shrink_runs: int = 200
    most_shrunk: int = 20
    limits: Limits = DEFAULT_LIMITS
    only: tuple[int, ...] = ()
    ours: MakeOurs = emulated

    @property
    def results_file(self) -> Path:
        """The file of the results."""
        return self.results or self.directory / RESULTS

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the cases that are asked for."""
        return sorted(set(self.only)) or range(self.count)

    def check(self) -> None:
        """Check the settings by themselves.

        Raises:
            InputError: a number is out of range, settings exclude each other, or a kind or machine is unknown.
        """
        from sandbox.campaign.kinds import KINDS
        from sandbox.campaign.target import FAMILIES

        if not self.binaries:
            raise InputError("a campaign needs a QEMU: name one with --qemu")
        numbers = (
            ("number of machines", self.count, 0),
            ("number of jobs", self.jobs, 1),
            ("number of runs to shrink a difference", self.shrink_runs, 0),
            *(("number of a case", number, 0) for number in self.only),
        )
        for name, value, least in numbers:
            if value < least:
                raise InputError(f"the {name} is {value}; it must be at least {least}")
        if self.only and (self.resume or self.results):
            raise InputError("--only keeps no results: leave out --resume and --results")
        self.limits.check()
        machines = [family for families in FAMILIES.values() for family in families]
        for what, given, known in (("kind", self.kinds, list(KINDS)), ("machine", self.families, machines)):
            for name in given:
                if name not in known:
                    raise InputError(f"unknown {what} '{name}'; known are: {', '.join(known)}")

    def header(self, targets: Sequence[Target]) -> dict[str, Any]:
        """Return what makes the cases what they are: two campaigns with the same header have the same cases."""
        return {
            "campaign": FORMAT,
            "seed": self.seed,
            "kinds": list(self.kinds),
            "families": list(self.families),
            "binaries": [
                {"arch": target.arch, "version": ".".join(map(str, target.version)), "dialect": target.dialect}
                for target in targets
            ],
        }
