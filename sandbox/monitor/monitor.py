"""The monitor: takes a command by its name and arguments, answers as QEMU does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledCommandError
from sandbox.monitor.table import SESSION, find, names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.table import Command
    from sandbox.qapi.schema import Schema

    Emit = Callable[[str, Mapping[str, object] | None], None]


class Monitor:
    """Executes QMP commands on a machine.

    Args:
        machine: the machine; several monitors may have the same.
        emit: called with name and data of each event, while the command that causes it is executed.

    Attributes:
        machine: the machine.
    """

    def __init__(self, machine: Machine, emit: Emit | None = None) -> None:
        self.machine = machine
        self._emit = emit
        self._late: list[tuple[str, Mapping[str, object] | None]] = []
        self._commands: dict[str, Command] = {}
        self._version = machine.config.dialect.interface_version
        self._schema: Schema | None = None

    def execute(self, name: str, arguments: object = None) -> object:
        """Execute a command.

        Args:
            name: the command, as under ``execute``.
            arguments: what stands under ``arguments``; None where there are none.

        Returns:
            What QEMU puts under ``return``, members in QEMU's order.

        Raises:
            QemuError: an error reply.
            MachineExit: the command ends the machine, without a reply.
            UnmodelledCommandError: QEMU has the command and the sandbox does not.
            UnmodelledError: QEMU has what the arguments ask for, and the sandbox does not.
        """
        if self._late:
            self.after_reply()
        given = {} if arguments is None else arguments
        if not isinstance(given, dict):
            raise QemuError("QMP input member 'arguments' must be an object")
        command = self._commands.get(name)
        if command is None:
            command = self._commands[name] = self._find(name)
        if name in UNVISITED:
            return command(self, given)
        if not given and name not in NEEDY:
            return command(self, given)
        return command(self, self._visit(name, given))

    def serves(self, name: str) -> bool:
        """Whether a command of that name is answered."""
        return name in names(self._version)

    def emit(self, name: str, data: Mapping[str, object] | None = None) -> None:
        """Tell of an event at once, ahead of the reply to the command under way."""
        if self._emit is not None:
            self._emit(name, data)

    def emit_late(self, name: str, data: Mapping[str, object] | None = None) -> None:
        """Tell of an event behind the reply to the command under way, as QEMU does where it cleans up later."""
        self._late.append((name, data))

    @property
    def has_late(self) -> bool:
        """Whether there are events that follow the last reply."""
        return bool(self._late)

    def after_reply(self) -> None:
        """Tell of the events that follow the last reply; a server calls it when it has sent the reply.

        Where nobody does, they come with the next command.
        """
        late, self._late = self._late, []
        for name, data in late:
            self.emit(name, data)

    def _find(self, name: str) -> Command:
        command = find(name, self._version)
        if command is not None:
            return command
        from sandbox.monitor.qemu_commands import QEMU_COMMANDS

        if name == SESSION:
            raise QemuError("Capabilities negotiation is already complete, command ignored", "CommandNotFound")
        if name in QEMU_COMMANDS:
            raise UnmodelledCommandError(f"QMP command '{name}' is not modelled")
        raise QemuError(f"The command {name} has not been found", "CommandNotFound")

    def _visit(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the arguments after the rules of the command's QAPI definition."""
        from sandbox.qapi.visit import visit_json

        if self._schema is None:
            self._schema = load_arguments_schema()
        typename = arguments_type(name)
        visited: Mapping[str, Any] = visit_json(
            self._schema, typename if typename in self._schema else EMPTY, dict(arguments)
        )
        return visited


UNVISITED: Final = frozenset({"object-add", "device_add"})
"""Commands that look at their arguments themselves."""

NEEDY: Final = frozenset(
    """
    qom-list qom-get qom-set qom-list-get qom-list-properties device-list-properties object-del device_del
    human-monitor-command
    """.split()
)
"""Commands with arguments that must be there; without any, the others have nothing to look at."""

EMPTY: Final = "q_empty"


@cache
def arguments_type(command: str) -> str:
    """Return the name that the type of a command's arguments has, if it takes any: ``QomListArguments``."""
    words = command.replace("_", "-").split("-")
    return f"{''.join(word.capitalize() for word in words)}Arguments"


@cache
def load_arguments_schema() -> Schema:
    """Parse the QAPI definitions of the commands' arguments; a schema is immutable, so one serves all."""
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    name = "arguments.json"
    return parse_schema(read_beside(__file__, name), f"sandbox/monitor/{name}")
