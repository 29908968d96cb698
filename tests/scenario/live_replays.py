"""A live QEMU as the machine of a replay: never run, so that its tables are those before firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import MachineExit
from sandbox.live import LiveExit, LiveTables, read_tables, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.live import LiveSession, SocketRoot
    from sandbox.scenario.model import Scenario


class LiveMachine:
    dialect = "live"
    dialect_reason = "a live QEMU"
    ignored: tuple[str, ...] = ()
    origins = ()
    running = True

    def __init__(self, session: LiveSession) -> None:
        self.session = session

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        try:
            return self.session.execute(name, arguments)
        except LiveExit as end:
            raise MachineExit(end.stderr, end.status) from end

    def tables(self) -> LiveTables:
        try:
            return read_tables(self.session)
        except LiveExit as end:
            raise MachineExit(end.stderr, end.status) from end


def starter(
    binary: Sequence[str], sessions: list[LiveSession], socket_root: SocketRoot | None = None
) -> Callable[[Scenario], LiveMachine]:
    """Return a ``make_machine``; the sessions that it starts are added to the list and are the caller's to close."""

    def make(scenario: Scenario) -> LiveMachine:
        words = scenario.command_line
        arguments = words[1:] if words[0].startswith("qemu") else words
        try:
            sessions.append(start(binary, arguments, socket_root=socket_root))
        except LiveExit as end:
            raise MachineExit(end.stderr, end.status) from end
        return LiveMachine(sessions[-1])

    return make
