"""What a replay was like: every step with what was sent, what came, which tables changed, and what was expected."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.errors import InputError, MachineExit, reason_of
from sandbox.records import field, record
from sandbox.scenario.origins import Origin
from sandbox.scenario.tables import changed_tables

if TYPE_CHECKING:
    from sandbox.errors import Place
    from sandbox.scenario.checks import Check
    from sandbox.scenario.model import Command, Scenario
    from sandbox.scenario.tables import Tables


__all__ = ["Ended", "Origin", "Outcome", "Record", "Refused", "Reply", "Returned", "Transcript"]


@record
class Returned:
    """A command's success, with the value as on the wire."""

    value: Any


@record
class Refused:
    """An error reply."""

    error_class: str
    desc: str


Reply: TypeAlias = Returned | Refused


@record
class Ended:
    """How the machine ended: exit status (negative: a signal) and stderr, and what other dialects would take."""

    status: int
    stderr: str
    foreign: str = field(default="", compare=False)

    @classmethod
    def by(cls, end: MachineExit) -> Ended:
        """Return the end that a machine has met."""
        return cls(end.status, end.stderr, end.foreign)

    @property
    def reason(self) -> str:
        """The line that says why: warnings stand before it, hints behind it; "" if there is none."""
        return reason_of(self.stderr)


class Outcome(Enum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@record
class Record:
    """One thing that happened, or did not: the start, a step, or the look at the end.

    Attributes:
        title: for people.
        place: where it stands in the scenario.
        sent: the command, if one was sent.
        reply: its reply; None also where the machine ended before it.
        ended: how the machine ended in this step.
        before: the tables that firmware had; None if it had read none.
        after: the tables that it has now.
        checks: each expectation; the step passes if all hold.
        has_run: False if the machine had ended before.
    """

    title: str
    place: Place | None = None
    sent: Command | None = None
    reply: Reply | None = None
    ended: Ended | None = None
    before: Tables | None = None
    after: Tables | None = None
    checks: tuple[Check, ...] = ()
    has_run: bool = True

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the tables that changed in this step."""
        return changed_tables(self.before, self.after)

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if not self.has_run:
            return Outcome.NOT_RUN
        return Outcome.PASSED if all(check.passed for check in self.checks) else Outcome.FAILED


@record
class Transcript:
    """A whole replay.

    Attributes:
        scenario: what was replayed.
        dialect: the dialect that answered, and why it was this one; "" if QEMU refused the command line.
        dialect_reason: why it was this one.
        ignored: options of the command line that move no table.
        start: the start of the machine, up to the first tables.
        steps: one for each step of the scenario.
        end: the look at what the scenario expects after the last step; without checks if it expects nothing.
        origins: of the initiators and then the ports of the last SRAT, in its order; empty if they are not known.
    """

    scenario: Scenario
    dialect: str
    dialect_reason: str
    ignored: tuple[str, ...]
    start: Record
    steps: tuple[Record, ...]
    end: Record
    origins: tuple[Origin, ...] = ()

    @property
    def records(self) -> tuple[Record, ...]:
        """All of them, from the start to the end."""
        return (self.start, *self.steps, self.end)

    @property
    def passed(self) -> bool:
        """Whether everything ran and was as expected."""
        return all(record.outcome is Outcome.PASSED for record in self.records)

    @property
    def tables(self) -> Tables | None:
        """The tables that firmware had last; None if it never read any."""
        return self.end.after

    def raise_end(self) -> None:
        """Do nothing if the machine lived to the end.

        Raises:
            MachineExit: it ended on the way.
        """
        for happened in self.records:
            end = happened.ended
            if end is not None:
                place = f"{happened.place}: " if happened.place else ""
                step = "" if happened is self.start else f"{place}{happened.title}"
                raise MachineExit(end.stderr, end.status, step, end.foreign)

    def last_tables(self) -> Tables:
        """Return the tables that firmware had last, of a machine that lived to the end.

        Raises:
            MachineExit: it ended on the way.
            InputError: firmware never read any.
        """
        self.raise_end()
        if self.tables is None:
            what = "firmware reads no tables: -S holds the machine, and no step lets it run"
            raise InputError(what, self.scenario.place)
        return self.tables
