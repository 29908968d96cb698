"""What a comparison comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.compare.mapping import Mapping
    from sandbox.errors import Place
    from sandbox.scenario.checks import Check
    from sandbox.scenario.model import Command, Scenario
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.transcript import Record


@record
class ComparedStep:
    """One step, or the start, on both sides.

    Attributes:
        title: for people.
        place: where it stands in the scenario.
        sent: the command, if one was sent.
        ours: what happened on our side; None where that had ended before.
        theirs: what happened on the other side; None where that had ended before.
        checks: what was compared: ``reply``, ``exit``, ``srat``, ``slit``, ``hmat``; of each
            :class:`~sandbox.scenario.checks.Difference` in them ``expected`` is ours and ``actual`` theirs.
    """

    title: str
    place: Place | None = None
    sent: Command | None = None
    ours: Record | None = None
    theirs: Record | None = None
    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether both sides did the same."""
        return all(check.passed for check in self.checks)

    @property
    def has_run(self) -> bool:
        """Whether it happened on either side."""
        return self.ours is not None or self.theirs is not None


@record
class Comparison:
    """A scenario on both sides.

    Attributes:
        scenario: what ran.
        ours: what our side is, for people: "the sandbox, dialect 10.0 (as QEMU 10.0.2)".
        theirs: what the other side is: "QEMU 10.0.2 (Debian ...)".
        firmware: ``none`` or ``enumerated``: how the bus numbers on both sides came about.
        steps: the start and each step.
        origins: where the device structures of our last SRAT come from, in their order.
        changes: what the other side was given otherwise than the user wrote it, and why, a sentence each.
        notes: what a reader should know, a sentence each.
        mappings: how entries of the v2 series correspond to those of the other side, for each time that firmware read
            tables; empty where the scenario needed no translation.
    """

    scenario: Scenario
    ours: str
    theirs: str
    firmware: str
    steps: tuple[ComparedStep, ...]
    origins: tuple[Origin, ...] = ()
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mappings: tuple[Mapping, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.failed_steps and all(mapping.passed for mapping in self.mappings)

    @property
    def failed_steps(self) -> tuple[ComparedStep, ...]:
        """The steps in which the sides differ, in order."""
        return tuple(step for step in self.steps if not step.passed)
