"""A QMP server on a machine of its own, in a running asyncio loop.

Example::

    async with SandboxServer("-M q35 -m 1G", ["unix:/tmp/qmp"], dialect="10.0") as server:
        ...                          # clients talk to it
        ended = await server.wait()  # until one of them ends the machine
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final, Self

from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.qmp.addresses import parse_address
from sandbox.qmp.connection import Connection
from sandbox.qmp.hub import Hub
from sandbox.qmp.listener import Listener
from sandbox.qmp.recording import Recorder
from sandbox.scenario.command_line import split_command_line, unsplittable

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from sandbox.machine.tables import Tables
    from sandbox.qmp.connection import Trace
    from sandbox.qmp.recording import Journal
    from sandbox.scenario.model import Scenario

CLOSING_SECONDS: Final = 1.0
"""How long the last replies may take to go out when the server ends."""


class SandboxServer:
    """A machine behind QMP sockets; an asynchronous context manager, inside which clients are served.

    Each address is a monitor of its own: it serves one client at a time, as in QEMU, and a second one waits. All share
    the machine.

    Attributes:
        lives: how often the machine has been started.
    """

    def __init__(
        self,
        arguments: str | Sequence[str],
        listen: Sequence[str],
        *,
        dialect: str | None = None,
        firmware: str = "enumerated",
        keep: bool = False,
        say: Callable[[str], None] | None = None,
        trace: Trace | None = None,
        record: Callable[[Scenario], None] | None = None,
        journal: Journal | None = None,
        on_tables: Callable[[Machine, Tables], None] | None = None,
    ) -> None:
        """Take the settings; nothing happens yet.

        Args:
            arguments: a QEMU command line, as one text (quoted as for a shell) or as words.
            listen: addresses: ``unix:PATH``, ``tcp:HOST:PORT`` or ``tcp:PORT``.
            dialect: as for :class:`sandbox.app.Sandbox`.
            firmware: as for :class:`sandbox.app.Sandbox`.
            keep: whether a machine that ends by itself is started anew, so that clients can connect again. ``quit``
                ends the server all the same.
            say: takes what QEMU would write to stderr when it ends.
            trace: takes the bytes on the wire, see :class:`~sandbox.qmp.connection.Connection`.
            record: takes what clients did as a scenario, once for each life of the machine.
            journal: takes it step by step, as it happens; instead of ``record``.
            on_tables: called whenever firmware has read the tables.

        Raises:
            InputError: an address is none, or the command line cannot be split into words.
        """
        self._words = _words(arguments) if isinstance(arguments, str) else tuple(arguments)
        self._listen = tuple(parse_address(text) for text in listen)
        if not self._listen:
            raise InputError("a server wants an address to listen on: unix:PATH, tcp:HOST:PORT or tcp:PORT")
        self._dialect = dialect
        self._firmware = firmware
        self._keep = keep
        self._say = say
        self._trace = trace
        self._record = record
        self._journal = journal
        self._on_tables = on_tables
        self._recorder: Recorder | None = None
        self._listeners: list[Listener] = []
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[object]] = set()
        self._all_lost = asyncio.Event()
        self._ended: asyncio.Future[MachineExit] | None = None
        self._hub: Hub | None = None
        self._count = 0
        self.lives = 0

    @property
    def machine(self) -> Machine:
        """The machine that is served now."""
        return self._living_hub().machine

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the server listens, with the ports that were found."""
        return tuple(str(listener.address) for listener in self._listeners)

    @property
    def has_ended(self) -> bool:
        """Whether the machine has ended for good."""
        return self._ended is not None and self._ended.done()

    async def __aenter__(self) -> Self:
        """Start the machine and listen.

        Raises:
            MachineExit: QEMU would not start, or firmware's first reading of the tables would end it.
            InputError: an address cannot be had, or something that would move a table is not modelled.
        """
        self._hub = self._start_machine()
        try:
            for address in self._listen:
                self._listeners.append(Listener(address))
        except BaseException:
            self._close_listeners()
            raise
        self._ended = asyncio.get_running_loop().create_future()
        for listener in self._listeners:
            self._await_client(listener)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up on all clients and stop listening."""
        self._close_listeners()
        self._save_recording()
        for connection in tuple(self._connections):
            connection.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._connections:
            self._all_lost.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_lost.wait(), CLOSING_SECONDS)
        for connection in tuple(self._connections):
            connection.abort()
        while self._connections:
            await asyncio.sleep(0)

    async def wait(self) -> MachineExit:
        """Wait until the machine has ended and return how; with ``keep``, until it was asked to end."""
        assert self._ended is not None, "the server is not entered"
        return await asyncio.shield(self._ended)

    def end_by_signal(self, number: int = signal.SIGTERM) -> None:
        """End the machine as a signal to QEMU ends it: clients hear of it, and the status is 0."""
        hub = self._living_hub()
        hub.end_by_signal(number)
        self._machine_ended(hub)

    def _living_hub(self) -> Hub:
        if self._hub is None:
            raise InputError("the server is not entered: use it in an 'async with' statement")
        return self._hub

    def _start_machine(self) -> Hub:
        self.lives += 1
        machine = Machine(parse_arguments(self._words, self._dialect), self._firmware)
        if self._record is not None or self._journal is not None:
            name = "recorded from a QMP server"
            self._recorder = Recorder(name, self._words, machine.config, self._firmware, self._journal)
        hub = Hub(machine, recorder=self._recorder, on_tables=self._on_tables)
        if hub.ended is not None:
            raise hub.ended
        return hub

    def _await_client(self, listener: Listener) -> None:
        listener.accept_one(asyncio.get_running_loop(), lambda connected: self._connect(listener, connected))

    def _connect(self, listener: Listener, connected: socket.socket) -> None:
        self._count += 1
        loop = asyncio.get_running_loop()
        hub = self._living_hub()
        connection = Connection(
            hub,
            f"{listener.address} #{self._count}",
            lambda lost: self._lost(listener, lost),
            lambda: self._machine_ended(hub),
            self._trace,
        )
        self._connections.add(connection)
        task = loop.create_task(loop.connect_accepted_socket(lambda: connection, connected))
        self._tasks.add(task)

        def connected_or_not(done: asyncio.Task[object]) -> None:
            self._tasks.discard(done)
            if done.cancelled() or done.exception() is not None:
                connected.close()
                self._lost(listener, connection)

        task.add_done_callback(connected_or_not)

    def _lost(self, listener: Listener, connection: Connection) -> None:
        self._connections.discard(connection)
        if listener in self._listeners:
            self._await_client(listener)
        if not self._connections:
            self._all_lost.set()

    def _machine_ended(self, hub: Hub) -> None:
        """Tell how the machine ended and hang up; make it anew if that is wanted."""
        if hub is not self._hub or self._ended is None or self._ended.done() or hub.ended is None:
            return
        ended = hub.ended
        if self._say is not None and ended.stderr:
            self._say(ended.stderr)
        self._save_recording()
        if self._keep and (ended.status or hub.machine.ended_by_itself):
            self._hub = self._start_machine()
        else:
            self._close_listeners()
            self._ended.set_result(ended)
        for connection in tuple(self._connections):
            connection.hang_up()

    def _save_recording(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None and self._record is not None:
            self._record(recorder.scenario())

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()


def _words(text: str) -> tuple[str, ...]:
    wrong = unsplittable(text)
    if wrong is not None:
        raise InputError(f"the command line cannot be split into words: {wrong}")
    return split_command_line(text)
