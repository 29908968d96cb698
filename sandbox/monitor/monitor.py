"""The monitor: takes a command by its name and arguments, answers as QEMU does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledCommandError
from sandbox.monitor import object_commands, state_commands
from sandbox.qapi.visit import visit_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.qapi.schema import Schema

    Command = Callable[["Machine", Mapping[str, Any]], object]

COMMANDS: Final[Mapping[str, Command]] = {
    **object_commands.COMMANDS,
    **state_commands.COMMANDS,
}
"""Each command by name; it takes the machine and the visited arguments and returns what stands under ``return``."""


class Monitor:
    """Executes QMP commands on a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._schema: Schema | None = None

    def serves(self, name: str) -> bool:
        """Whether there is a command of that name."""
        return name in COMMANDS or name == "object-add"

    def execute(self, name: str, arguments: object = None) -> object:
        """Execute a command.

        Args:
            name: the command, as under ``execute``.
            arguments: what stands under ``arguments``; None where there are none.

        Returns:
            What QEMU puts under ``return``.

        Raises:
            QemuError: an error reply.
            MachineExit: the command ends the machine, without a reply.
            UnmodelledCommandError: QEMU has the command and the sandbox does not.
            UnmodelledError: QEMU has what the arguments ask for, and the sandbox does not.
        """
        given = {} if arguments is None else arguments
        if not isinstance(given, dict):
            raise QemuError("QMP input member 'arguments' must be an object")
        if name == "object-add":
            return object_commands.object_add(self.machine, given)
        command = COMMANDS.get(name)
        if command is None:
            from sandbox.monitor.qemu_commands import QEMU_COMMANDS

            if name == "qmp_capabilities":
                raise QemuError("Capabilities negotiation is already complete, command ignored", "CommandNotFound")
            if name in QEMU_COMMANDS:
                raise UnmodelledCommandError(f"QMP command '{name}' is not modelled")
            raise QemuError(f"The command {name} has not been found", "CommandNotFound")
        return command(self.machine, self._visit(name, given))

    def _visit(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments after the rules of the command's QAPI definition."""
        if self._schema is None:
            self._schema = load_commands_schema()
        visited: Mapping[str, Any] = visit_arguments(self._schema, name, arguments)
        return visited


def load_commands_schema() -> Schema:
    """Parse the QAPI definitions of the commands."""
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    name = "commands.json"
    return parse_schema(read_beside(__file__, name), f"sandbox/monitor/{name}")
