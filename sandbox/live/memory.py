"""Reading the memory of a guest: over qtest, where we started QEMU, or by QMP ``pmemsave`` into a file.

qtest is quick for a few kilobytes; for much memory a file costs a fifth of the time. Neither changes the guest, as long
as what is read is RAM. QEMU is held up while it copies, so it is asked for at most 16 MiB at a time.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from sandbox.errors import QemuError
from sandbox.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sandbox.live.endpoints import SocketRoot
    from sandbox.live.session import LiveSession

    Execute = Callable[[str, dict[str, object]], object]
    """Executes a QMP command and returns its value; raises QemuError for an error reply."""

CHUNK: Final = 16 << 20
"""The most that QEMU is asked for at a time, in bytes."""

QTEST_LIMIT: Final = 256 << 10
"""From how many bytes on a file is quicker than qtest."""


class GuestMemory(Protocol):
    """A guest's physical memory, read-only."""

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at a guest physical address.

        Raises:
            LiveError: QEMU does not give them.
        """


class Exchange:
    """A private directory into which a QEMU writes and from which we read; a context manager that removes it.

    Args:
        root: where to make it, if QEMU knows that directory under another path; None: in the usual place for
            temporary files, which QEMU sees as we do.
        owner: the user id under which QEMU runs, or None; the directory is given to it where we are root.

    Attributes:
        directory: its path here.
        inside: its path as QEMU sees it.

    Raises:
        LiveError: it cannot be made.
    """

    def __init__(self, root: SocketRoot | None = None, owner: int | None = None) -> None:
        try:
            self.directory = Path(tempfile.mkdtemp(prefix="qom-", dir=root.host if root else None))
            self.inside = f"{root.inside.rstrip('/')}/{self.directory.name}" if root else str(self.directory)
            if owner is not None and os.geteuid() == 0 and owner != 0:
                os.chown(self.directory, owner, -1)
        except OSError as error:
            raise LiveError(f"no directory into which QEMU could write guest memory: {error}") from error

    def close(self) -> None:
        """Remove the directory; may be called again."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SavedMemory:
    """Guest memory through files that QEMU saves on request, each removed as soon as it is read.

    Args:
        execute: executes a QMP command.
        directory: where the files lie here.
        inside: the same directory as QEMU sees it.
    """

    def __init__(self, execute: Execute, directory: Path, inside: str) -> None:
        self._execute = execute
        self._directory = directory
        self._inside = inside

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at a guest physical address.

        Raises:
            LiveError: QEMU refuses, may not write into the directory, or wrote something else.
        """
        parts = [
            self._read_part(start, min(CHUNK, address + size - start))
            for start in range(address, address + size, CHUNK)
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_part(self, address: int, size: int) -> bytes:
        path = self._directory / "memory"
        try:
            self._execute("pmemsave", {"val": address, "size": size, "filename": f"{self._inside}/memory"})
            return _read_regular(path, size)
        except QemuError as error:
            raise LiveError(
                f"QEMU cannot save guest memory into {self._inside}: {error.desc}. Name a directory that both QEMU "
                "and you may write to (mind AppArmor, SELinux, containers), or run this as root or as QEMU's user"
            ) from error
        except OSError as error:
            raise LiveError(
                f"what QEMU saved into {self._inside} cannot be read here as {path}: {error}. QEMU sees other files "
                "than you do, or runs as another user: name a directory that both may use, or run this as root"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _read_regular(path: Path, size: int) -> bytes:
    """Read a file that another user's program wrote: no link, no pipe, just as many bytes as were asked for."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise LiveError(f"{path} is no regular file")
        data = b""
        while len(data) < size and (part := file.read(size - len(data))):
            data = data + part if data else part
    if len(data) != size:
        raise LiveError(f"QEMU saved {len(data)} bytes of guest memory instead of {size}: the disk may be full")
    return data


class SessionMemory:
    """The memory of a QEMU that we started: over qtest, and much of it through the session's private directory."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        self._saved = SavedMemory(session.execute, *session.exchange)

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at a guest physical address.

        Raises:
            LiveExit, LiveTimeout: QEMU ended, or does not answer.
            LiveError: it does not give them.
        """
        if size >= QTEST_LIMIT:
            return self._saved.read(address, size)
        with self._session.watch("reading guest memory"):
            return self._session.qtest.read_memory(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes to guest memory.

        Raises:
            LiveExit, LiveTimeout: QEMU ended, or does not answer.
        """
        with self._session.watch("writing guest memory"):
            self._session.qtest.write_memory(address, data)
