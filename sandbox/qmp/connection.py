"""One client behind a socket: a session, what goes out, and who waits for whom.

Memory is bounded both ways. A client that sends without reading is not read from while more than ``HIGH_WATER`` bytes
of replies wait for it. Events are not held back by that; a client for which ``MOST_PENDING`` bytes wait when an event
comes is hung up on. (QEMU keeps everything, without a bound.) A text that is not complete yet has QEMU's limits, 64 MiB
and two million tokens, for which Python needs some 180 MiB.

No client waits for another: after ``TURN`` requests of one, the others have theirs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sandbox.qmp.session import Request, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.qmp.hub import Hub

    Trace = Callable[[str, str, bytes], None]

HIGH_WATER: Final = 4 << 20
MOST_PENDING: Final = 16 << 20
TURN: Final = 512
WRITE_SIZE: Final = 1 << 16
"""How many bytes of replies are gathered before they are handed on."""


class Connection(asyncio.Protocol):
    """The protocol of one client's connection.

    Attributes:
        session: its session.
    """

    __slots__ = ("_ended", "_hub", "_is_paused", "_label", "_loop", "_lost", "_out", "_serving", "_trace", "_transport",
                 "session")  # fmt: skip

    def __init__(
        self,
        hub: Hub,
        label: str,
        lost: Callable[[Connection], None],
        ended: Callable[[], None],
        trace: Trace | None = None,
    ) -> None:
        """Make the protocol.

        Args:
            hub: the machine.
            label: what a trace calls the connection.
            lost: called when the connection has ended.
            ended: called when a request of this client has ended the machine.
            trace: called with the label, ``>`` for what comes in or ``<`` for what goes out, and the bytes.
        """
        self.session = Session()
        self._hub = hub
        self._label = label
        self._lost = lost
        self._ended = ended
        self._trace = trace
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._serving = False
        self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self._hub.peers.add(self)
        self._out.append(self.session.open(self._hub.version))
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Serve what the client sent."""
        if self._trace is not None:
            self._trace(self._label, ">", data)
        if self._hub.ended is None:
            self.session.receive_data(data)
            self._serve()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost
        """Forget the client."""
        self._hub.peers.discard(self)
        self.session.close()
        self._out.clear()
        self._transport = None
        self._lost(self)

    def pause_writing(self) -> None:
        """Serve no more until the client has read."""
        self._is_paused = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_paused = False
        self._loop.call_soon(self._go_on)

    def push(self, data: bytes) -> None:
        """Send a line that the client did not ask for; see :class:`sandbox.qmp.hub.Peer`."""
        transport = self._transport
        if transport is None:
            return
        self._out.append(data)
        if not self._serving:
            self._flush()
        if transport.get_write_buffer_size() > MOST_PENDING:
            transport.abort()

    def hang_up(self) -> None:
        """End the connection once what was written has gone out."""
        if self._transport is not None:
            self._flush()
            self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _go_on(self) -> None:
        if self._transport is not None and not self._is_paused and self._hub.ended is None:
            self._serve()

    def _serve(self) -> None:
        """Serve a turn of requests; go on later if there are more, or if the client does not read."""
        hub, session, out = self._hub, self.session, self._out
        self._serving = True
        left = TURN
        gathered = 0
        has_more = True
        while left:
            happened = session.next_event()
            if happened is None:
                has_more = False
                break
            left -= 1
            if isinstance(happened, Request):
                line = hub.serve(happened)
                out.append(line)
                hub.settle()
            else:
                line = happened
                out.append(line)
            gathered += len(line)
            if hub.ended is not None:
                break
            if gathered >= WRITE_SIZE:
                self._flush()
                gathered = 0
                if self._is_paused:
                    break
        self._serving = False
        self._flush()
        if hub.ended is not None:
            self._ended()
        elif self._transport is not None and not self._transport.is_closing():
            if has_more:
                self._transport.pause_reading()
                if not self._is_paused:
                    self._loop.call_soon(self._go_on)
            elif not self._is_paused:
                self._transport.resume_reading()

    def _flush(self) -> None:
        out = self._out
        if not out or self._transport is None:
            return
        data = out[0] if len(out) == 1 else b"".join(out)
        out.clear()
        if self._trace is not None:
            self._trace(self._label, "<", data)
        self._transport.write(data)
