"""Where the server listens: addresses, ports, and socket files that were left behind or are somebody else's."""

from __future__ import annotations

import asyncio
import errno
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from qmp_cases import HELD

from sandbox.errors import InputError
from sandbox.qmp import listener as listener_module
from sandbox.qmp.addresses import TcpAddress, UnixAddress, parse_address
from sandbox.qmp.client import QmpClient
from sandbox.qmp.listener import Listener
from sandbox.qmp.thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qom-") as folder:
        yield Path(folder) / "qmp"


def serve(path: Path) -> ServerThread:
    return ServerThread(HELD, [f"unix:{path}"], dialect="10.0")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/a:b", UnixAddress("/a:b")),
        ("tcp:4444", TcpAddress("127.0.0.1", 4444)),
        ("tcp::4444", TcpAddress("127.0.0.1", 4444)),
        ("tcp:host:0", TcpAddress("host", 0)),
        ("tcp:[::1]:65535", TcpAddress("::1", 65535)),
    ],
)
def test_addresses_are_loopback_unless_told_otherwise(text: str, address: UnixAddress | TcpAddress) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "unix:", "tcp:", "tcp:host", "tcp:h:65536", "tcp:h:-1", "udp:1", "/a", f"unix:{'x' * 108}", "unix:a\0b"],
)
def test_wrong_addresses_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_address(text)


def test_a_socket_file_is_its_owners_only_and_goes_with_the_server(path: Path) -> None:
    with serve(path):
        mode = path.lstat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    assert not path.exists()


def test_a_stale_socket_file_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with serve(path), QmpClient(f"unix:{path}") as client:
        assert client.execute("query-status")["status"] == "prelaunch"


def test_a_socket_on_which_somebody_listens_is_not_taken(path: Path) -> None:
    with serve(path), pytest.raises(InputError, match="another process listens there"), serve(path):
        pass


def test_a_file_that_is_no_socket_is_not_removed(path: Path) -> None:
    path.write_text("kept")
    with pytest.raises(InputError, match="it is no socket"), serve(path):
        pass
    assert path.read_text() == "kept"


def test_a_file_that_has_become_somebody_elses_is_not_removed(path: Path) -> None:
    with serve(path):
        path.unlink()
        path.write_text("kept")
    assert path.read_text() == "kept"


def test_a_port_that_is_taken_is_an_input_error() -> None:
    with (
        ServerThread(HELD, ["tcp:0"]) as server,
        pytest.raises(InputError, match="cannot listen on tcp:"),
        ServerThread(HELD, [server.addresses[0]]),
    ):
        pass


async def test_a_shortage_of_file_descriptors_is_waited_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "RETRY_SECONDS", 0.01)
    found: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
    listener = Listener(UnixAddress(str(path)))
    short = ShortSocket(listener._socket)
    listener._socket = short  # type: ignore[assignment]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        listener.accept_one(asyncio.get_running_loop(), found.set_result)
        (await asyncio.wait_for(found, 10)).close()
    assert short.refusals == 1
    listener.close()


class ShortSocket:
    """A listening socket whose first accept() finds no descriptor."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.refusals = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals == 0:
            self.refusals += 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._real.accept()

    def fileno(self) -> int:
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()
