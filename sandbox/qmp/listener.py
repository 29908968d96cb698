"""A listening socket that lets one client in at a time, as a QMP monitor of QEMU does.

A second client's connection is taken by the kernel and waits there, unanswered, until the first one has left.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.qmp.addresses import TcpAddress, UnixAddress

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

BACKLOG: Final = 64
OWNER_ONLY: Final = 0o600
RETRY_SECONDS: Final = 0.5


class Listener:
    """A socket that listens; :meth:`close` ends that and removes a Unix socket's file.

    Attributes:
        address: where it listens, with the port that was found if any would do.
    """

    def __init__(self, address: UnixAddress | TcpAddress) -> None:
        """Start to listen.

        Raises:
            InputError: the address is in use, or not to be had.
        """
        self._file: tuple[int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        if isinstance(address, UnixAddress):
            self._socket = _listen_unix(address)
            found = os.stat(address.path)  # noqa: PTH116 - the path is the user's, taken as it is
            self._file = found.st_dev, found.st_ino
            self.address: UnixAddress | TcpAddress = address
        else:
            self._socket = _listen_tcp(address)
            self.address = TcpAddress(address.host, self._socket.getsockname()[1])
        self._socket.settimeout(0)

    def accept_one(self, loop: asyncio.AbstractEventLoop, accepted: Callable[[socket.socket], None]) -> None:
        """Give the next client's socket to ``accepted``, once; a client that waits already is the next one."""
        self._loop = loop
        loop.add_reader(self._socket, self._accept, accepted)

    def close(self) -> None:
        """Stop listening; may be called again."""
        if self._socket.fileno() < 0:
            return
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
        self._socket.close()
        if isinstance(self.address, UnixAddress):
            with contextlib.suppress(OSError):
                found = os.lstat(self.address.path)
                if (found.st_dev, found.st_ino) == self._file:  # else it is somebody else's by now
                    os.unlink(self.address.path)  # noqa: PTH108 - as above

    def _accept(self, accepted: Callable[[socket.socket], None]) -> None:
        assert self._loop is not None
        try:
            connected, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # no more file descriptors: there may be some later
            self._loop.remove_reader(self._socket)
            self._loop.call_later(RETRY_SECONDS, self._try_again, accepted)
            return
        self._loop.remove_reader(self._socket)
        connected.settimeout(0)
        if connected.family != socket.AF_UNIX:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted(connected)

    def _try_again(self, accepted: Callable[[socket.socket], None]) -> None:
        if self._socket.fileno() >= 0 and self._loop is not None:
            self.accept_one(self._loop, accepted)


def _listen_unix(address: UnixAddress) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(address)
        listener.bind(address.path)
        os.chmod(address.path, OWNER_ONLY)  # noqa: PTH101 - nobody can connect before listen()
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise InputError(f"cannot listen on {address}: {error.strerror or error}") from error
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(address: UnixAddress) -> None:
    """Remove the file of a Unix socket on which nobody listens any more.

    Raises:
        InputError: somebody listens there, or the file is no socket.
    """
    path = Path(address.path)
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise InputError(f"cannot listen on {address}: there is a file of that name, and it is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(address.path)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
        except BlockingIOError:
            pass  # its queue is full, so somebody does listen
    raise InputError(f"cannot listen on {address}: another process listens there")


def _listen_tcp(address: TcpAddress) -> socket.socket:
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"cannot listen on {address}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise InputError(f"cannot listen on {address}: {error.strerror or error}") from error
    return listener
