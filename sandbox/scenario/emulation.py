"""The sandbox's own machine, as replays want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor
from sandbox.scenario.origins import origins_of

if TYPE_CHECKING:
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


def emulate(scenario: Scenario) -> EmulatedMachine:
    """Make the machine that a scenario asks for.

    Raises:
        MachineExit: QEMU would refuse to start.
        InputError: an object is of another dialect, or something that would move a table is not modelled.
    """
    commands = [step.command for step in scenario.steps]
    added = [command.arguments or {} for command in commands if command is not None and command.name == "object-add"]
    config = parse_arguments(scenario.command_line, scenario.dialect, scenario.place, added)
    return EmulatedMachine(Machine(config, scenario.firmware))
