"""A child process that is always ended and reaped, and whose stderr is kept within a bound."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Final

from sandbox.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

STDERR_LIMIT: Final = 64 * 1024
"""How many bytes of stderr are kept; of a longer output the end, because that is where QEMU says why it ends."""

READ_SIZE: Final = 16 * 1024
PIPE_SIZE: Final = 64 * 1024
"""How much a pipe of Linux holds."""

DIES_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL", "--")
"""Goes before a program that the kernel is to end when we are killed and cannot: util-linux 2.33 and later."""


def as_command(binary: Sequence[str]) -> tuple[str, ...]:
    """Return a program and what goes before its arguments as words; one text is one word."""
    return (binary,) if isinstance(binary, str) else tuple(binary)


def lifeline(command: Sequence[str]) -> tuple[str, ...]:
    """Return what goes before a program so that it ends with us, however we end; nothing where that cannot be had.

    The kernel takes the end of the thread that starts the program for ours; so only the main thread has a lifeline.
    """
    if threading.current_thread() is not threading.main_thread():
        return ()
    can_run = shutil.which(command[0]) is not None and shutil.which(DIES_WITH_US[0]) is not None
    return DIES_WITH_US if can_run else ()


class Tail:
    """Drains a pipe in a thread, so that its writer never blocks, and keeps the last bytes of it.

    What the writer has written is never missed, however late the thread is: who asks takes it out of the pipe, too.
    """

    def __init__(self, pipe: IO[bytes], limit: int) -> None:
        self._pipe = pipe
        self._limit = limit
        self._kept = bytearray()
        self._has_ended = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._drain, name="qemu-stderr", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with self._pipe:
            while not self._has_ended:
                self._is_readable(None)
                with self._lock:
                    self._take()

    def _is_readable(self, seconds: float | None) -> bool:
        """Wait for bytes, or for the end; None: for as long as it takes."""
        waiting = select.poll()
        waiting.register(self._pipe.fileno(), select.POLLIN)
        return bool(waiting.poll(None if seconds is None else seconds * 1000))

    def _take(self) -> bool:
        """Read once if there is something to read; return whether there was."""
        if self._has_ended or not self._is_readable(0):
            return False
        data = os.read(self._pipe.fileno(), READ_SIZE)
        self._has_ended = not data
        self._kept += data
        del self._kept[: -self._limit]
        return True

    def text(self) -> str:
        """Return what is kept, without the last line end; bytes that are no UTF-8 come escaped."""
        with self._lock:
            for _ in range(PIPE_SIZE // READ_SIZE):
                if not self._take():
                    break
            return self._kept.decode(errors="backslashreplace").removesuffix("\n")

    def finish(self, seconds: float) -> bool:
        """Wait for the end of the pipe; say whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


class Child:
    """A process in a session of its own, so that signals reach its helpers too and a Ctrl-C at the terminal only us.

    stdin and stdout are the null device. :meth:`stop` must be called; it never raises for a process that has ended.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start ``command``, without a shell.

        Raises:
            InputError: there is no such program, or it cannot be run.
        """
        self._popen: subprocess.Popen[bytes] = subprocess.Popen.__new__(subprocess.Popen)
        try:
            self._popen.__init__(  # type: ignore[misc]
                (*lifeline(command), *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise InputError(f"cannot run {command[0]}: {getattr(error, 'strerror', None) or error}") from error
        except BaseException:
            # a signal's exception came while the program was being started, or just before that
            pid: int | None = getattr(self._popen, "pid", None)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            raise
        self.pid: Final = self._popen.pid
        assert self._popen.stderr is not None
        self._tail = Tail(self._popen.stderr, STDERR_LIMIT)
        self._pidfd = self._open_pidfd()

    def _open_pidfd(self) -> int | None:
        try:
            return os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # another kernel than Linux 5.3 or later, or one that forbids it
            return None

    def status(self) -> int | None:
        """Return the exit status (negative for a signal), or None while the process runs."""
        return self._popen.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end; return the exit status, or None if it did not come."""
        if self._pidfd is not None:
            # subprocess looks at growing intervals, up to 50 ms apart: longer than QEMU needs to end
            waiting = select.poll()
            waiting.register(self._pidfd, select.POLLIN)
            waiting.poll(seconds * 1000)
            return self._popen.poll()
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stderr(self, settle_seconds: float = 0.0) -> str:
        """Return what was written to stderr so far; of a process that has ended all of it, if given time to settle."""
        self._tail.finish(settle_seconds)
        return self._tail.text()

    def stop(self, patience: float) -> int:
        """End the process: ask, wait ``patience`` seconds, then kill; reap it, and end helpers that it left behind.

        Returns:
            The exit status.
        """
        if self.status() is None:
            self._signal(signal.SIGTERM)
            if self.wait(patience) is None:
                self._signal(signal.SIGKILL)
        status = self._popen.wait()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if not self._tail.finish(patience):
            self._signal(signal.SIGKILL)
            self._tail.finish(patience)
        return status

    def interrupt(self) -> None:
        """Kill the process and its helpers without waiting for their end; :meth:`stop` reaps them."""
        if self.status() is None:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
