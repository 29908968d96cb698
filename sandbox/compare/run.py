"""A scenario as a QEMU ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.transcript import Transcript


@record
class Run:
    """What a QEMU did with a scenario.

    Attributes:
        scenario: what the sandbox is to be asked for the same, expectations aside: the dialect is that of the QEMU, the
            command line holds the monitors that it had.
        transcript: what happened.
        words: the arguments that QEMU was given, without those of our own connections.
        version: major, minor, micro.
        package: what the distribution calls it; "" if nothing.
        changes: how the words differ from the user's and why, a sentence each.
        notes: what a reader should know, a sentence each.
    """

    scenario: Scenario
    transcript: Transcript
    words: tuple[str, ...]
    version: tuple[int, int, int]
    package: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Which QEMU it was, for people."""
        return qemu_label(self.version, self.package)


def qemu_label(version: tuple[int, ...], package: str) -> str:
    """Return how a QEMU is called in reports."""
    name = ".".join(map(str, version))
    return f"QEMU {name} ({package})" if package else f"QEMU {name}"
