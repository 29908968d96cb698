"""Workers in processes of their own, because two of them in one would wait for each other's Python.

A worker that dies takes only its case with it, and what it left behind is cleared away.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from sandbox.campaign.bench import Interrupted
from sandbox.campaign.interruption import SIGNALS, held_signals
from sandbox.campaign.results import Result
from sandbox.campaign.worker import Worker, lost_result
from sandbox.errors import SandboxError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType

    from sandbox.campaign.settings import Settings
    from sandbox.campaign.target import Target

END_SECONDS: Final = 10.0
"""How long a worker may take to end its QEMU and itself."""

LOOK_SECONDS: Final = 0.2
"""How long a signal may go unnoticed while all workers are busy."""


@record
class Launched:
    """A message of a worker: the QEMU that it has started, and its private directory."""

    pid: int
    directory: str


@record
class Failed:
    """A message of a worker: it cannot go on, and why."""

    what: str


def serve(connection: Connection, settings: Settings, targets: Sequence[Target]) -> None:
    """Be a worker: take (number, whether to shrink) until None or the end of the connection, and send results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal reaches the parent, which decides
    worker = Worker(settings, targets, lambda pid, directory: connection.send(Launched(pid, directory)))
    signal.signal(signal.SIGTERM, lambda _number, _frame: worker.stop())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # they were held while this process started
    with contextlib.suppress(EOFError, BrokenPipeError, Interrupted), connection:
        try:
            while (wanted := connection.recv()) is not None:
                number, may_shrink = wanted
                connection.send(worker.do(number, may_shrink=may_shrink))
        except Interrupted:
            raise
        except SandboxError as error:
            connection.send(Failed(str(error)))


class Member:
    """One worker process, seen from outside."""

    def __init__(self, settings: Settings, targets: Sequence[Target]) -> None:
        import multiprocessing

        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, settings, tuple(targets)), daemon=True)
        with held_signals():
            self.process.start()
        other.close()
        self.number: int | None = None
        self._launched: Launched | None = None

    def give(self, number: int, *, may_shrink: bool) -> None:
        """Give it a case."""
        self.number = number
        with contextlib.suppress(BrokenPipeError):  # its end is seen when it is waited for
            self.connection.send((number, may_shrink))

    def receive(self) -> Result | None:
        """Return its result if that is what it sends.

        Raises:
            EOFError: it has ended.
            SandboxError: it says that it cannot go on.
        """
        message = self.connection.recv()
        if isinstance(message, Launched):
            self._launched = message
            return None
        if isinstance(message, Failed):
            raise SandboxError(message.what)
        assert isinstance(message, Result)
        self.number = None
        return message

    def end(self) -> None:
        """End it and what it started; may be called for one that has ended."""
        with contextlib.suppress(BrokenPipeError, OSError):
            if self.number is None:
                self.connection.send(None)
            else:
                self.process.terminate()
        self.process.join(END_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()
        if self.process.exitcode and self._launched is not None:
            clear_away(self._launched)

    @property
    def how_it_ended(self) -> str:
        """Its exit status, for people."""
        return f"the worker ended with status {self.process.exitcode}"


def clear_away(left: Launched) -> None:
    """End a QEMU whose worker has died, and remove its directory; a process that is another by now is left alone."""
    name = Path(left.directory).name.encode()
    with contextlib.suppress(OSError):
        if name in Path(f"/proc/{left.pid}/cmdline").read_bytes():
            os.killpg(left.pid, signal.SIGKILL)
    shutil.rmtree(left.directory, ignore_errors=True)


class Pool:
    """Several workers; a context manager that ends them.

    Args:
        settings: the campaign.
        targets: what its binaries are.
        is_ending: whether an end is wished for; a worker that ends then has not died.
    """

    def __init__(self, settings: Settings, targets: Sequence[Target], is_ending: Callable[[], bool]) -> None:
        self._settings = settings
        self._targets = targets
        self._is_ending = is_ending
        self._members = [Member(settings, targets) for _ in range(settings.jobs)]

    @property
    def idle(self) -> list[Member]:
        """The workers that wait for a case."""
        return [member for member in self._members if member.number is None]

    @property
    def is_busy(self) -> bool:
        """Whether any worker has a case."""
        return any(member.number is not None for member in self._members)

    def wait(self) -> list[Result]:
        """Wait a moment for results; a worker that has died is replaced, and its case is an error.

        Raises:
            InputError: a case cannot be written down.
            SandboxError: a worker cannot go on.
        """
        from multiprocessing.connection import wait

        results = []
        busy: dict[Any, Member] = {member.connection: member for member in self._members if member.number is not None}
        for connection in wait(list(busy), LOOK_SECONDS):
            member = busy[connection]
            try:
                result = member.receive()
            except (EOFError, OSError):
                if not self._is_ending():
                    results.append(self._replace(member))
                continue
            if result is not None:
                results.append(result)
        return results

    def _replace(self, member: Member) -> Result:
        number = member.number
        assert number is not None
        member.end()
        self._members[self._members.index(member)] = Member(self._settings, self._targets)
        return lost_result(self._settings, self._targets, number, member.how_it_ended)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members:
            if member.number is not None:
                member.process.terminate()  # all at once, so that they end side by side
        for member in self._members:
            member.end()
