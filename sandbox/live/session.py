"""A live QEMU under our hands: spoken to over QMP and qtest, ended in any case."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final, NoReturn, Self

from sandbox.errors import InputError
from sandbox.live.errors import ConnectionLost, LiveError, LiveExit, LiveTimeout
from sandbox.live.fwcfg import PLACES, FwCfg
from sandbox.live.qmp import LiveReply, QmpConnection
from sandbox.live.qtest import QtestConnection
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from sandbox.live.endpoints import Endpoints
    from sandbox.live.fwcfg import FwCfgPlace
    from sandbox.live.process import Child

QMP: Final = "qmp"
QTEST: Final = "qtest"

LONGEST_SECONDS: Final = 1e6
"""The longest time limit: 11 days. The kernel's own end at 24, where milliseconds leave their 31 bits."""

LAST_WORDS_SECONDS: Final = 10.0
"""How long a QEMU that closed a socket may take to be gone, and its stderr to be read."""


@record
class Limits:
    """How long to wait, in seconds: for a start, a reply, an end that was asked for, the tables of firmware."""

    start: float = 30.0
    reply: float = 30.0
    end: float = 5.0
    firmware: float = 120.0

    def check(self) -> None:
        """Check that each is a time that can be waited for.

        Raises:
            InputError: one is not above 0, or longer than :data:`LONGEST_SECONDS`.
        """
        for seconds in (self.start, self.reply, self.end, self.firmware):
            if not 0 < seconds <= LONGEST_SECONDS:  # this refuses nan too
                raise InputError(f"a time limit is {seconds:g} s; it must be above 0 and at most {LONGEST_SECONDS:g}")


DEFAULT_LIMITS: Final = Limits()


class LiveSession:
    """A QEMU that runs and waits; a context manager that ends it. Made by :func:`~sandbox.live.start.start`.

    One session may serve several histories; but an object that was deleted leaves its mark on the order in which
    QEMU walks the later ones, so a history that starts from nothing wants a session of its own.

    Attributes:
        arguments: QEMU's arguments as they were given to it, ours at the end. From QEMU 11 on a QMP monitor is an
            object itself and takes part in the walking order: a comparison wants these arguments.
        start_seconds: from the start of the process to the end of the QMP negotiation.
    """

    def __init__(
        self, child: Child, endpoints: Endpoints, arguments: tuple[str, ...], limits: Limits, began: float
    ) -> None:
        """Take over a process that was started at ``began``, on the monotonic clock."""
        self.arguments: Final = arguments
        self.start_seconds = 0.0
        self._began = began
        self._child = child
        self._endpoints = endpoints
        self._limits = limits
        self._qmp: QmpConnection | None = None
        self._qtest: QtestConnection | None = None
        self._fw_cfg: FwCfg | None = None

    @property
    def qmp(self) -> QmpConnection:
        """The QMP session; its errors are those of the connection, see :meth:`watch`."""
        if self._qmp is None:
            raise LiveError("QEMU is not connected")
        return self._qmp

    @property
    def qtest(self) -> QtestConnection:
        """The qtest session; its errors are those of the connection, see :meth:`watch`."""
        if self._qtest is None:
            raise LiveError("QEMU is not connected")
        return self._qtest

    @property
    def pid(self) -> int:
        """The process id of the started program."""
        return self._child.pid

    @property
    def exchange(self) -> tuple[Path, str]:
        """The run's private directory: its path here, and as QEMU sees it."""
        return self._endpoints.directory, self._endpoints.inside

    @property
    def stderr(self) -> str:
        """What QEMU has written to stderr so far, warnings for example."""
        return self._child.stderr()

    def connect(self) -> None:
        """Wait until QEMU has connected to both sockets and take the QMP greeting; ``start`` does it.

        Raises:
            LiveExit: QEMU ended while starting; its stderr says why.
            LiveTimeout: QEMU runs and does not connect.
            LiveError: the library ``qemu.qmp`` is missing, or the peer speaks no QMP.
        """
        with self.watch("starting"):
            deadline = self._began + self._limits.start
            for name in (QTEST, QMP):
                try:
                    connected = self._endpoints.accept(name, self._check, deadline - time.monotonic())
                except TimeoutError as error:
                    raise LiveTimeout("starting", self._limits.start) from error
                if name == QTEST:
                    self._qtest = QtestConnection(connected, self._limits.reply)
                else:
                    self._qmp = QmpConnection(connected, deadline - time.monotonic(), self._limits.reply)
            self.start_seconds = time.monotonic() - self._began

    def reply(self, command: str, arguments: Mapping[str, object] | None = None) -> LiveReply:
        """Execute a QMP command; return the reply, error replies included.

        Raises:
            LiveExit: QEMU ended instead of answering.
            LiveTimeout: no reply came.
        """
        with self.watch(command):
            return self.qmp.reply(command, arguments)

    def replies(self, commands: Sequence[tuple[str, Mapping[str, object] | None]]) -> tuple[LiveReply, ...]:
        """Execute QMP commands one after the other; return the replies, error replies included.

        Raises:
            LiveExit: QEMU ended instead of answering one; its ``replies`` are those before.
            LiveTimeout: all of them together took longer than one reply may take.
        """
        replies: list[LiveReply] = []
        try:
            with self.watch("several commands"):
                self.qmp.replies(commands, replies)
        except LiveExit as end:
            doing = commands[len(replies)][0] if len(replies) < len(commands) else end.doing
            raise LiveExit(end.status, end.stderr, doing, replies) from end
        return tuple(replies)

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """Execute a QMP command; return its value.

        Raises:
            QemuError: QEMU refused.
            LiveExit: QEMU ended instead of answering.
            LiveTimeout: no reply came.
        """
        return self.reply(command, arguments).value()

    def reset(self) -> None:
        """Reset the machine, which stays paused; the tables are built anew when they are read next.

        Raises:
            LiveExit, LiveTimeout: as :meth:`execute`.
        """
        self.execute("system_reset")

    def fw_cfg(self) -> FwCfg:
        """Return the machine's fw_cfg device.

        Raises:
            LiveError: the sandbox does not know where this kind of machine has it.
        """
        if self._fw_cfg is None:
            self._fw_cfg = FwCfg(self.qtest, self._fw_cfg_place())
        return self._fw_cfg

    def fw_cfg_without_dma(self) -> FwCfg:
        """Return the machine's fw_cfg device, read byte by byte, which leaves guest memory alone.

        Raises:
            LiveError: as :meth:`fw_cfg`.
        """
        return FwCfg(self.qtest, self._fw_cfg_place(), may_use_dma=False)

    def _fw_cfg_place(self) -> FwCfgPlace:
        target = self.execute("query-target")
        arch = target.get("arch") if isinstance(target, dict) else target
        if arch not in PLACES:
            raise LiveError(f"no way to read the tables of a {arch} machine: known are {', '.join(PLACES)}")
        return PLACES[arch]

    @contextlib.contextmanager
    def watch(self, doing: str) -> Iterator[None]:
        """Turn a lost connection or a silence into :class:`LiveExit` where QEMU has ended, and add its stderr."""
        try:
            yield
        except ConnectionLost as error:
            if self._child.wait(LAST_WORDS_SECONDS) is None:
                raise
            raise self._exit(doing) from error
        except LiveTimeout as error:
            if self._child.status() is not None:
                raise self._exit(doing) from error
            raise LiveTimeout(error.doing, error.seconds, self._child.stderr()) from error

    def wait_for_end(self, doing: str) -> NoReturn:
        """Wait until QEMU has ended, as it does soon after ``quit``.

        Raises:
            LiveExit: it has ended.
            LiveTimeout: it has not.
        """
        if self._child.wait(self._limits.end) is None:
            raise LiveTimeout(doing, self._limits.end, self._child.stderr())
        raise self._exit(doing)

    def close(self) -> None:
        """End QEMU, close the sockets and remove their directory; may be called again."""
        try:
            if self._qmp is not None and self._child.status() is None:
                with contextlib.suppress(LiveError):
                    self._qmp.reply("quit", seconds=self._limits.end)
                    self._child.wait(self._limits.end)
        finally:
            self.kill()

    def kill(self) -> None:
        """End QEMU by signal, without asking it over QMP, and clean up as :meth:`close` does."""
        try:
            self._child.stop(self._limits.end)
        finally:
            if self._qmp is not None:
                self._qmp.close()
            if self._qtest is not None:
                self._qtest.close()
            self._endpoints.close()

    def interrupt(self) -> None:
        """Kill QEMU at once, and nothing else: safe in a signal handler; whoever waits for QEMU sees it end."""
        self._child.interrupt()

    def discard(self) -> None:
        """Kill QEMU at once, without giving it time to end in order, and clean up as :meth:`close` does."""
        self._child.interrupt()
        self.kill()

    def _check(self) -> None:
        if self._child.status() is not None:
            raise ConnectionLost("QEMU ended")

    def _exit(self, doing: str) -> LiveExit:
        status = self._child.stop(self._limits.end)
        return LiveExit(status, self._child.stderr(LAST_WORDS_SECONDS), doing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.kill()
