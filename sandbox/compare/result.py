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
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Ended, Reply


@record
class Outcome:
    """What one side did in a step.

    Attributes:
        reply: its reply; None where nothing was sent, or where it ended instead of replying.
        ended: how it ended in this step.
        tables: the tables that firmware has after the step; None if it has read none, or if nobody looked.
    """

    reply: Reply | None = None
    ended: Ended | None = None
    tables: Tables | None = None


@record
class ComparedStep:
    """One step, or the start, on both sides.

    Attributes:
        title: for people.
        place: where it stands in the scenario.
        sent: the command, if one was sent.
        ours: what the sandbox did; None where it had ended before.
        theirs: what the other side did; None where it had ended before.
        checks: what was compared: ``reply``, ``exit``, ``srat``, ``slit``, ``hmat``. A :class:`Difference` in them has
            ours as ``expected`` and theirs as ``actual``.
    """

    title: str
    place: Place | None = None
    sent: Command | None = None
    ours: Outcome | None = None
    theirs: Outcome | None = None
    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether both sides did the same."""
        return all(check.passed for check in self.checks)


@record
class Comparison:
    """A scenario on both sides.

    Attributes:
        scenario: what ran here.
        dialect: the dialect that answered here; "" if our side refused to start.
        dialect_reason: why this one, in one phrase.
        firmware: ``none`` or ``enumerated``: how the bus numbers on both sides came about.
        theirs: what the other side is, for people: "QEMU 10.0.2 (Debian ...)".
        steps: the start and each step.
        origins: where the device structures of our last SRAT come from, in their order.
        changes: what the other side was given otherwise than the user wrote it, and why, a sentence each.
        mapping: how entries of another dialect correspond to those of the other side, where that was needed.
        notes: what a reader should know, a sentence each.
    """

    scenario: Scenario
    dialect: str
    dialect_reason: str
    firmware: str
    theirs: str
    steps: tuple[ComparedStep, ...]
    origins: tuple[Origin, ...] = ()
    changes: tuple[str, ...] = ()
    mapping: Mapping | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return all(step.passed for step in self.steps) and (self.mapping is None or self.mapping.passed)

    @property
    def failed_steps(self) -> tuple[ComparedStep, ...]:
        """The steps in which the sides differ, in order."""
        return tuple(step for step in self.steps if not step.passed)
