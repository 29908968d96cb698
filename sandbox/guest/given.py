"""What a guest is given: the tables that its firmware last read, and the machine that made them.

The simplest use::

    given = given_by(scenario)
    forecast(given.tables, facts_of(given.machine), find_kernel("x86", "6.12"), given.origins, given.declared)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.compare.transcripts import replay_bare
from sandbox.errors import UnmodelledError
from sandbox.machine.tables import Tables as MadeTables
from sandbox.records import record, replace
from sandbox.scenario.emulation import EmulatedMachine, emulate, that_runs
from sandbox.scenario.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.machine import Machine
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables


@record
class Given:
    """A machine with the tables that its guest gets.

    Attributes:
        machine: the machine.
        tables: what its firmware hands to the guest.
        origins: where their device structures come from; empty if that is not known.
        declared: how many nodes the machine declares; 0 if that says nothing about the tables.
        behind: what lies behind SRAT in memory where that is known: the tables that are given along with it.
    """

    machine: Machine
    tables: Tables
    origins: Sequence[Origin]
    declared: int
    behind: bytes = b""

    @property
    def dialect(self) -> str:
        """The name of the dialect that the machine speaks."""
        return self.machine.config.dialect.name

    @property
    def dialect_reason(self) -> str:
        """Why it is this one."""
        return self.machine.config.dialect_reason

    def with_tables(self, tables: Tables) -> Given:
        """Return the machine with tables that it has not made; where there is none its own stays.

        They lie one behind the other, in the order of the fields, as tables do that Linux takes from an initrd.
        """
        merged = MadeTables(
            tables.srat or self.tables.srat, tables.slit or self.tables.slit, tables.hmat or self.tables.hmat
        )
        if tables.srat is None:
            return replace(self, tables=merged)
        along = ((tables.slit, self.tables.slit), (tables.hmat, self.tables.hmat))
        behind = b"".join(table for table, own in along if table is not None and table != own)
        return replace(self, tables=merged, origins=(), declared=0, behind=behind)


def given_by(scenario: Scenario) -> Given:
    """Return what the guest of a scenario is given; real firmware has run, so that PCI buses have their numbers.

    What the scenario expects is not looked at.

    Raises:
        MachineExit: QEMU would refuse to start, or end on the way.
        InputError: something is not modelled, or no firmware ever reads tables.
    """
    made: list[EmulatedMachine] = []

    def make(asked: Scenario) -> EmulatedMachine:
        made.append(emulate(asked))
        return made[-1]

    transcript = replay_bare(replace(scenario, firmware="enumerated"), make)
    transcript.raise_end()
    for step in transcript.records:
        for difference in (found for check in step.checks for found in check.differences):
            raise UnmodelledError(difference.actual, step.place)
    tables = transcript.last_tables()
    machine = made[-1].machine
    return Given(machine, tables, transcript.origins, len(machine.board.numa.nodes))


def scenario_of(words: Sequence[str], dialect: str | None) -> Scenario:
    """Return the scenario of a command line alone: the machine starts, and ``-S`` does not keep it from that."""
    return that_runs(Scenario("", tuple(words), dialect=dialect))
