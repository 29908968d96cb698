"""QMP for callers without an event loop: a small synchronous face of the library ``qemu.qmp``.

A connection keeps an event loop of its own, which runs only while a command is under way. It cannot be used inside a
running event loop; use a thread there.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, TypeVar

from sandbox.errors import QemuError
from sandbox.live.errors import ConnectionLost, LiveError, LiveTimeout
from sandbox.records import record

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine, Iterable, Mapping

    from qemu.qmp import QMPClient

T = TypeVar("T")

CLOSING_SECONDS: Final = 2.0
GREETING: Final = "the QMP greeting"
"""What a :class:`LiveTimeout` names as awaited where QEMU does not begin the session."""


@record
class LiveReply:
    """What QEMU answered to one command.

    Attributes:
        command: the command's name.
        raw: the reply as it came, without its ``id``: ``{"return": ...}`` or
            ``{"error": {"class": ..., "desc": ...}}``.
    """

    command: str
    raw: Mapping[str, object]

    @property
    def error(self) -> QemuError | None:
        """The error that the reply carries, if it is one."""
        error = self.raw.get("error")
        if not isinstance(error, dict):
            return None
        return QemuError(str(error.get("desc", "")), str(error.get("class", "")))

    def value(self) -> object:
        """Return the value of a good reply.

        Raises:
            QemuError: the reply is an error.
        """
        if self.error is not None:
            raise self.error
        return self.raw.get("return")


class QmpConnection:
    """One QMP session over a connected socket, which it owns from the start; closed by :meth:`close`."""

    def __init__(self, connected: socket.socket, greeting_seconds: float, seconds: float) -> None:
        """Take the greeting and negotiate.

        Args:
            connected: a stream socket whose other end is QEMU's.
            greeting_seconds: how long to wait for the greeting; QEMU sends it when the machine stands.
            seconds: how long to wait for each reply later.

        Raises:
            ConnectionLost: QEMU hung up.
            LiveTimeout: no greeting came.
            LiveError: the library ``qemu.qmp`` is missing, or the other side speaks no QMP.
        """
        try:
            import asyncio
            import logging

            from qemu.qmp import EventListener, QMPClient
        except ImportError as error:
            connected.close()
            remedy = "pip install qemu.qmp, or '.[live]' in a checkout of qom-sandbox"
            raise LiveError(f"the library qemu.qmp is missing: {remedy}") from error
        self._seconds = seconds
        self._closed = False
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._client: QMPClient = QMPClient("sandbox")
        if not self._client.logger.handlers:
            # a QEMU that ends is an answer here, not something to log on stderr in the user's sight
            self._client.logger.addHandler(logging.NullHandler())
        self._resets = EventListener(names=("RESET", "SHUTDOWN"))
        self._client.register_listener(self._resets)
        connected.settimeout(0)
        try:
            self._run(self._client.connect(connected), GREETING, greeting_seconds)
        except BaseException:
            connected.close()
            self.close()
            raise

    def reply(
        self, command: str, arguments: Mapping[str, object] | None = None, seconds: float | None = None
    ) -> LiveReply:
        """Send one command and return the reply, error replies included.

        ``system_reset`` comes back only when the reset has been made. ``seconds`` replaces the usual patience.

        Raises:
            ConnectionLost: QEMU hung up instead of answering.
            LiveTimeout: no reply came.
        """
        return LiveReply(command, self._run(self._exchange(command, arguments), command, seconds))

    def replies(self, commands: Iterable[tuple[str, Mapping[str, object] | None]], replies: list[LiveReply]) -> None:
        """Send commands one after the other; cheaper than :meth:`reply` for each.

        Args:
            commands: names and arguments.
            replies: where each reply is put as it comes, so that those before a failure are not lost.

        Raises:
            ConnectionLost: QEMU hung up instead of answering.
            LiveTimeout: it took longer for all of them together than one reply may take.
        """
        self._run(self._exchange_all(commands, replies), "several commands")

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """Send one command and return the value of its reply.

        Raises:
            QemuError: the reply is an error.
            ConnectionLost: QEMU hung up instead of answering.
            LiveTimeout: no reply came.
        """
        return self.reply(command, arguments).value()

    def close(self) -> None:
        """Hang up; may be called again, and raises nothing for a connection that has broken."""
        from qemu.qmp import QMPError

        if self._closed:
            return
        self._closed = True
        with self._runner, contextlib.suppress(QMPError, EOFError, OSError, LiveError):
            self._run(self._client.disconnect(), "the end of the QMP session", CLOSING_SECONDS)

    async def _exchange_all(
        self, commands: Iterable[tuple[str, Mapping[str, object] | None]], replies: list[LiveReply]
    ) -> None:
        for command, arguments in commands:
            replies.append(LiveReply(command, await self._exchange(command, arguments)))

    async def _exchange(self, command: str, arguments: Mapping[str, object] | None) -> dict[str, object]:
        from qemu.qmp import ExecuteError

        self._resets.clear()
        try:
            value = await self._client.execute(command, arguments)
        except ExecuteError as error:
            raw = dict(error.received)
            raw.pop("id", None)
            return raw
        if command == "system_reset":
            await self._reset_made()
        return {"return": value}

    async def _reset_made(self) -> None:
        """Wait for the event RESET, or for the end of QEMU, which ``-no-reboot`` makes of a reset.

        With ``-no-shutdown`` there is neither: QEMU tells that it shuts down, and stays.
        """
        import asyncio

        from qemu.qmp import Runstate

        event = asyncio.ensure_future(self._resets.get())
        ended = asyncio.ensure_future(self._client.runstate_changed())
        try:
            await asyncio.sleep(0)  # from here on `ended` sees a change; an earlier one shows in the state
            if self._client.runstate is Runstate.RUNNING:
                await asyncio.wait((event, ended), return_when=asyncio.FIRST_COMPLETED)
            if not event.done():
                raise EOFError
            if event.result().get("event") == "SHUTDOWN":
                await self._client.execute("query-status")  # is answered only if QEMU stays
        finally:
            event.cancel()
            ended.cancel()

    def _run(self, work: Coroutine[object, object, T], doing: str, seconds: float | None = None) -> T:
        import asyncio

        from qemu.qmp import ConnectError, ExecInterruptedError, QMPError, StateError

        seconds = self._seconds if seconds is None else seconds
        try:
            return self._runner.run(asyncio.wait_for(work, seconds))
        except TimeoutError as error:
            raise LiveTimeout(doing, seconds) from error
        except (EOFError, OSError, ExecInterruptedError, StateError, AssertionError) as error:
            # the library asserts that the session still stands when it has just been negotiated
            raise ConnectionLost(f"QEMU closed the QMP connection: {doing}") from error
        except ConnectError as error:
            if isinstance(error.exc, EOFError | OSError):
                raise ConnectionLost(f"QEMU closed the QMP connection: {doing}") from error
            raise LiveError(f"not QMP: {doing}: {error}") from error
        except QMPError as error:
            raise LiveError(f"not QMP: {doing}: {error}") from error
