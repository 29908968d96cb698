"""A QMP server in a thread, for programs and tests that have no event loop.

Example::

    with ServerThread("-M q35 -m 1G", ["tcp:0"]) as server, QmpClient(server.addresses[0]) as qmp:
        qmp.execute("query-status")
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sandbox.qmp.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from sandbox.errors import MachineExit
    from sandbox.machine.tables import Tables

T = TypeVar("T")

SECONDS: Final = 10.0


class ServerThread:
    """A :class:`~sandbox.qmp.server.SandboxServer` in a thread of its own; a context manager."""

    def __init__(self, arguments: str | Sequence[str], listen: Sequence[str], **settings: Any) -> None:
        """Take the settings, as :class:`~sandbox.qmp.server.SandboxServer` does; nothing happens yet."""
        self._server_settings = (arguments, listen, settings)
        self._started: Future[SandboxServer] = Future()
        self._ended: Future[MachineExit] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="qom-sandbox", daemon=True)

    def start(self) -> Self:
        """Start the machine and listen.

        Raises:
            MachineExit, InputError: as :meth:`~sandbox.qmp.server.SandboxServer.__aenter__`.
        """
        self._thread.start()
        self._started.result()
        return self

    def close(self) -> None:
        """Hang up on all clients, stop listening and end the thread; may be called again."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the server listens, with the ports that were found."""
        return self.call(lambda server: server.addresses)

    def tables(self) -> Tables:
        """Return the tables that firmware would read now; asking is no reading."""
        return self.call(lambda server: server.machine.tables_in_prospect())

    def call(self, what: Callable[[SandboxServer], T]) -> T:
        """Call ``what`` with the server in its thread, between two requests, and return what it returns."""
        server = self._started.result()
        assert self._loop is not None
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(what(server))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(SECONDS)

    def wait(self, seconds: float = SECONDS) -> MachineExit:
        """Wait until the machine has ended and return how.

        Raises:
            TimeoutError: it lives.
        """
        return self._ended.result(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                runner.run(self._serve())
            except BaseException as error:  # start() raises it
                if self._started.done():
                    raise
                self._started.set_exception(error)

    async def _serve(self) -> None:
        arguments, listen, settings = self._server_settings
        self._stop = asyncio.Event()
        async with SandboxServer(arguments, listen, **settings) as server:
            self._started.set_result(server)
            ended = asyncio.ensure_future(server.wait())
            ended.add_done_callback(self._note_end)
            await self._stop.wait()
            ended.cancel()

    def _note_end(self, ended: asyncio.Future[MachineExit]) -> None:
        if not ended.cancelled():
            self._ended.set_result(ended.result())
