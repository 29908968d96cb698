"""The sandbox's own machine, as replays want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.machine.arguments import is_paused
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor
from sandbox.records import replace
from sandbox.scenario.model import AnyReply, Command, Step
from sandbox.scenario.origins import origins_of

if TYPE_CHECKING:
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.tables import Tables
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.origins import Origin

__all__ = ["EmulatedMachine", "emulate", "origins_of"]


class EmulatedMachine:
    """A machine of the sandbox with its monitor; see :class:`sandbox.scenario.replay.ReplayMachine`."""

    __slots__ = ("_monitor", "_tables", "machine", "origins")

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.origins: tuple[Origin, ...] = ()
        self._monitor = Monitor(machine)
        self._tables: Tables | None = None

    @property
    def dialect(self) -> str:
        """The name of the dialect that it speaks."""
        return self.machine.config.dialect.name

    @property
    def dialect_reason(self) -> str:
        """Why it is this one, in one phrase."""
        return self.machine.config.dialect_reason

    @property
    def ignored(self) -> tuple[str, ...]:
        """The options of the command line that move no table."""
        return self.machine.config.ignored

    @property
    def running(self) -> bool:
        """Whether its processors run."""
        return self.machine.status == "running"

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        """Execute a QMP command."""
        return self._monitor.execute(name, arguments)

    def tables(self) -> Tables:
        """Return the tables as firmware reads them, and note where their structures come from."""
        tables = self.machine.tables()
        if tables is not self._tables:
            self._tables = tables
            self.origins = origins_of(self.machine.tree) if tables.srat is not None else ()
        return tables

    def new_tables(self) -> Tables | None:
        """Return the tables that firmware reads now, as its processors run; None if they do not, or if it has these."""
        before = self._tables
        found = self.tables() if self.running else before
        return None if found is before else found


def that_runs(scenario: Scenario) -> Scenario:
    """Return a scenario in which the machine runs at last, if ``-S`` holds it and no step lets it go.

    Firmware would read no tables otherwise.
    """
    if "cont" in [command.name for command in scenario.commands] or not is_paused(scenario.command_line):
        return scenario
    last = Step(Command("cont", None, AnyReply()), name="cont, so that firmware reads the tables: -S holds the machine")
    return replace(scenario, steps=(*scenario.steps, last))


def emulate(scenario: Scenario) -> EmulatedMachine:
    """Make the machine that a scenario asks for.

    Raises:
        MachineExit: QEMU would refuse to start.
        InputError: the dialect is unknown, or something that would move a table is not modelled.
    """
    return EmulatedMachine(Machine(config_of(scenario), scenario.firmware))


def config_of(scenario: Scenario) -> MachineConfig:
    """Return what a scenario's command line asks for, in the dialect that it, or its steps, are written in.

    Raises:
        MachineExit: QEMU would refuse the options.
        InputError: the dialect is unknown, or something that would move a table is not modelled.
    """
    return parse_arguments(scenario.command_line, scenario.dialect, scenario.place, scenario.added_objects)
