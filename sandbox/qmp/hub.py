"""The machine that all sessions share: executes their requests one after the other and tells all of them of events.

Firmware reads the tables whenever the machine runs: at its start or first ``cont``, and after each reset. A reading
that ends QEMU comes after the reply to the command that led to it, as in QEMU, where the guest needs its time to get
there.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final, Protocol

from sandbox.errors import InputError, MachineExit, QemuError, UnmodelledCommandError
from sandbox.monitor.monitor import Monitor
from sandbox.qmp import wire
from sandbox.qmp.listing import Listings
from sandbox.qmp.own_commands import INTROSPECTION, OWN_COMMANDS, execute_own, with_own
from sandbox.qmp.session import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.machine.tables import Tables
    from sandbox.qmp.recording import Recorder
    from sandbox.qmp.session import Request, Session

LOG: Final = logging.getLogger("sandbox.qmp")

HOST_SIGNAL: Final = {"guest": False, "reason": "host-signal"}


class Peer(Protocol):
    """A client as the hub sees it."""

    @property
    def session(self) -> Session:
        """Its session."""

    def push(self, data: bytes) -> None:
        """Send it a line that it did not ask for."""


class Hub:
    """A machine with its monitor, and the clients that hear of its events.

    Attributes:
        machine: the machine.
        ended: how it ended; None while it lives.
        peers: the clients that are connected.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        recorder: Recorder | None = None,
        on_tables: Callable[[Machine, Tables], None] | None = None,
    ) -> None:
        """Take over a machine, and let firmware read its tables if it runs.

        Args:
            machine: the machine.
            recorder: takes down what clients do; None: nobody does.
            on_tables: called whenever firmware has read the tables.
        """
        self.machine = machine
        self.ended: MachineExit | None = None
        self.peers: set[Peer] = set()
        self._recorder = recorder
        self._on_tables = on_tables
        self._monitor = Monitor(machine, self.emit)
        self._listings = Listings(self._monitor)
        self.version = self._monitor.execute("query-version")
        self._run_firmware()

    def serve(self, request: Request) -> bytes:
        """Execute a request and return the reply; b"" if the machine ended without one.

        Whether the machine ended, with or without a reply, is in :attr:`ended`. :meth:`settle` is to be called next.
        """
        name = request.name
        if name == "qom-list" and not request.oob:
            text = self._listings.text(request.arguments)
            if text is not None:
                if self._recorder is not None:
                    self._recorder.returned(name, request.arguments, self._listings.value(request.arguments))
                return wire.written_reply(text, request.id)
        try:
            value = self._execute(request)
            line = wire.reply(value, request.id)
        except QemuError as error:
            if self._recorder is not None and name not in OWN_COMMANDS:
                self._recorder.refused(name, request.arguments, error)
            return wire.error_reply(error, request.id)
        except MachineExit as ended:
            self._end(ended, request)
            if ended.status:
                return b""
            # an end that was asked for is answered before it comes
            return wire.reply("" if name == "human-monitor-command" else {}, request.id)
        except UnmodelledCommandError:
            return wire.error_reply(_not_found(name), request.id)
        except InputError as error:
            return wire.error_reply(QemuError(str(error)), request.id)
        except Exception as error:  # a server outlives a fault of ours in one command
            LOG.exception("the command %s failed", name)
            return wire.error_reply(QemuError(f"the sandbox failed: {error!r}"), request.id)
        if self._recorder is not None and name not in OWN_COMMANDS:
            self._recorder.returned(name, request.arguments, value)
        return line

    def settle(self) -> None:
        """Let what follows a reply happen: events that come late, and firmware's reading of the tables."""
        if self._monitor.has_late:
            self._monitor.after_reply()
        if self.machine.awaits_firmware:
            self._run_firmware()

    def emit(self, name: str, data: Mapping[str, object] | None) -> None:
        """Tell every client that has negotiated of an event that happens now."""
        ready = [peer for peer in self.peers if peer.session.state is State.READY]
        if ready:
            line = wire.event(name, data, time.time_ns() // 1000)
            for peer in ready:
                peer.push(line)

    def end_by_signal(self, number: int) -> None:
        """End the machine as a signal ends QEMU, which names its sender, too, where it knows that."""
        if self.ended is None:
            self.emit("SHUTDOWN", HOST_SIGNAL)
            self.ended = MachineExit(f"{self.machine.config.program}: terminating on signal {number}", status=0)

    def _execute(self, request: Request) -> object:
        name = request.name
        if name in OWN_COMMANDS:
            _refuse_oob(request)
            return execute_own(self.machine, name, request.arguments or {})
        if request.oob:
            if not self._monitor.serves(name):
                raise _not_found(name)
            _refuse_oob(request)
        value = self._monitor.execute(name, request.arguments)
        if name in INTROSPECTION:
            return with_own(self.machine, name, value)
        return value

    def _run_firmware(self) -> None:
        if not self.machine.awaits_firmware:
            return
        try:
            tables = self.machine.tables()
        except MachineExit as ended:
            self._end(ended, None)
            return
        if self._on_tables is not None:
            self._on_tables(self.machine, tables)

    def _end(self, ended: MachineExit, request: Request | None) -> None:
        self.ended = ended
        if self._recorder is not None:
            self._recorder.ended(ended, request.name if request else None, request.arguments if request else None)


def _refuse_oob(request: Request) -> None:
    """Refuse to run a command out of band: none of those that are served can.

    Source: QEMU 10.0's query-qmp-schema; only migration and yank have commands that can.
    """
    if request.oob:
        raise QemuError(f"The command {request.name} does not support OOB")


def _not_found(name: str) -> QemuError:
    return QemuError(f"The command {name} has not been found", "CommandNotFound")
