"""The sockets through which a QEMU reports back: private, listening before it starts, gone when it ends.

The sandbox listens and QEMU connects. So nothing has to be polled until it exists, and a QEMU that never gets as far as
connecting is told apart from one that is slow.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sandbox.errors import InputError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

POLL_SECONDS: Final = 0.01
"""How long an early end of QEMU may go unnoticed while a connection is waited for."""


@record
class SocketRoot:
    """A directory that QEMU knows under another path than we do, because it runs in a chroot or a container.

    Attributes:
        host: its path here.
        inside: its path as QEMU sees it.
    """

    host: Path
    inside: str


class Endpoints:
    """A directory with mode 0700 and one listening Unix socket per name; a context manager that removes them."""

    def __init__(self, names: tuple[str, ...], root: SocketRoot | None = None) -> None:
        """Make the directory and start to listen.

        Raises:
            InputError: the directory cannot be made, or its path is too long for a socket.
        """
        self._listeners: dict[str, socket.socket] = {}
        try:
            self.directory = Path(tempfile.mkdtemp(prefix="qom-", dir=root.host if root else None))
        except OSError as error:
            raise InputError(f"no directory for QEMU's sockets: {error}") from error
        self.inside = f"{root.inside.rstrip('/')}/{self.directory.name}" if root else str(self.directory)
        try:
            for name in names:
                self._listen(name)
        except OSError as error:
            self.close()
            raise InputError(f"cannot listen in {self.directory}: {error}") from error

    def _listen(self, name: str) -> None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listeners[name] = listener
        listener.bind(str(self.directory / name))
        listener.listen(1)

    def option(self, name: str) -> str:
        """Return what ``-qmp`` and ``-qtest`` take to connect to the socket ``name``; commas are doubled for QEMU."""
        return "unix:" + f"{self.inside}/{name}".replace(",", ",,")

    def lay_file(self, name: str, content: bytes | Path) -> None:
        """Put a file beside the sockets: bytes, or a copy of a file; QEMU sees it in :attr:`inside`.

        Raises:
            InputError: the file to copy cannot be read, or there is no room.
        """
        target = self.directory / name
        try:
            if isinstance(content, bytes):
                target.write_bytes(content)
            else:
                shutil.copyfile(content, target)
        except OSError as error:
            raise InputError(f"cannot lay out {name} for QEMU: {error}") from error

    def accept(self, name: str, check: Callable[[], None], seconds: float) -> socket.socket:
        """Wait until QEMU connects to the socket ``name``.

        Args:
            name: which socket.
            check: called while nothing comes; it raises if waiting is in vain.
            seconds: how long to wait.

        Raises:
            TimeoutError: nothing connected in time.
        """
        listener = self._listeners[name]
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            listener.settimeout(min(POLL_SECONDS, left))
            try:
                return listener.accept()[0]
            except TimeoutError:
                check()
        raise TimeoutError(name)

    def close(self) -> None:
        """Stop listening and remove the directory; may be called again."""
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
