"""The server behind sockets: who waits for whom, who hears what, and how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from qmp_cases import HELD, MACHINE, STATUS, command

from sandbox.errors import InputError, MachineExit, QemuError
from sandbox.qmp import connection
from sandbox.qmp.client import PeerGone, QmpClient
from sandbox.qmp.server import SandboxServer
from sandbox.qmp.thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

NEGOTIATE = b'{"execute":"qmp_capabilities"}'
KILLER = {"qom-type": "acpi-generic-initiator", "id": "k", "pci-dev": "dev0", "node": 128}
INITIATOR = KILLER | {"id": "gi0", "node": 1}


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qom-") as folder:
        yield Path(folder) / "qmp"


def serve(path: Path, arguments: str = HELD, **settings: Any) -> ServerThread:
    return ServerThread(arguments, [f"unix:{path}"], dialect="10.0", **settings)


def raw(path: Path, data: bytes = b"") -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(10)
    connected.connect(str(path))
    connected.sendall(data)
    return connected


def read_lines(connected: socket.socket, count: int) -> list[dict[str, Any]]:
    data = b""
    while data.count(b"\n") < count:
        piece = connected.recv(1 << 20)
        assert piece, data
        data += piece
    return [json.loads(line) for line in data.splitlines()]


def test_a_machine_that_does_not_start_is_no_server(path: Path) -> None:
    for arguments, said in (
        ("-M q35 -device foo", "foo"),
        (f"{MACHINE} -object acpi-generic-initiator,id=g,pci-dev=dev0,node=9", "Specified node 9 is invalid"),
    ):
        with pytest.raises(MachineExit, match=said), serve(path, arguments):
            pass
    assert not path.exists()


def test_a_second_client_waits_and_is_answered_when_the_first_has_left(path: Path) -> None:
    """So does QEMU: the kernel takes the connection and what comes over it."""
    with serve(path):
        first = QmpClient(f"unix:{path}")
        second = raw(path, NEGOTIATE + STATUS)
        second.settimeout(0.2)
        with pytest.raises(TimeoutError):
            second.recv(1)
        assert first.execute("query-status")
        first.close()
        second.settimeout(10)
        assert read_lines(second, 3)[2] == {"return": {"status": "prelaunch", "running": False}}
        second.close()


def test_a_client_that_leaves_in_the_middle_of_a_text_leaves_nothing_behind(path: Path) -> None:
    with serve(path):
        raw(path, NEGOTIATE + STATUS[:-1]).close()
        with raw(path, b"}" + NEGOTIATE) as next_one:
            replies = read_lines(next_one, 3)
    assert replies[1]["error"]["desc"] == "JSON parse error, expecting value"
    assert replies[2] == {"return": {}}


def test_monitors_share_the_machine_and_its_events() -> None:
    with (
        ServerThread(MACHINE, ["tcp:0", "tcp:0"], dialect="10.0") as server,
        QmpClient(server.addresses[0]) as left,
        QmpClient(server.addresses[1]) as right,
    ):
        left.execute("object-add", INITIATOR)
        assert {"name": "gi0", "type": "child<acpi-generic-initiator>"} in right.execute(
            "qom-list", {"path": "/objects"}
        )
        right.execute("system_reset")
        assert [found["event"] for found in right.events] == ["RESET"]
        assert left.wait_event("RESET")["data"] == {"guest": False, "reason": "host-qmp-system-reset"}
        assert server.tables().decoded_srat().entries[-1].pxm == 1  # type: ignore[union-attr]


def test_a_command_that_ends_the_machine_closes_all_connections_without_a_reply() -> None:
    said: list[str] = []
    with (
        ServerThread(HELD, ["tcp:0", "tcp:0"], dialect="10.0", say=said.append) as server,
        QmpClient(server.addresses[0]) as first,
        QmpClient(server.addresses[1]) as second,
    ):
        with pytest.raises(PeerGone):
            first.execute("object-add", KILLER)
        with pytest.raises(PeerGone):
            second.execute("query-status")
        assert server.wait().status == 1
    assert said == ["acpi-generic-initiator: Invalid NUMA node specified"]


def test_quit_is_answered_and_told_to_all() -> None:
    with (
        ServerThread(HELD, ["tcp:0", "tcp:0"]) as server,
        QmpClient(server.addresses[0]) as first,
        QmpClient(server.addresses[1]) as second,
    ):
        assert first.execute("quit") == {}
        for client in (first, second):
            assert client.wait_event("SHUTDOWN")["data"] == {"guest": False, "reason": "host-qmp-quit"}
            with pytest.raises(PeerGone):
                client.wait_event("ANY")
        assert server.wait().status == 0


def test_a_kept_machine_is_started_anew_and_quit_ends_it_all_the_same(path: Path) -> None:
    said: list[str] = []
    with serve(path, keep=True, say=said.append) as server:
        with QmpClient(f"unix:{path}") as client:
            client.execute("object-add", INITIATOR)
            with pytest.raises(PeerGone):
                client.execute("object-add", KILLER)
        with QmpClient(f"unix:{path}") as client:
            with pytest.raises(QemuError, match="object 'gi0' not found"):
                client.execute("object-del", {"id": "gi0"})
            client.execute("quit")
        assert server.wait().status == 0
    assert len(said) == 1


def test_a_client_that_does_not_read_stalls_nobody_and_is_given_no_more_than_the_bound(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HIGH_WATER", 1 << 18)
    listing = command("qom-list", {"path": "/machine"})
    with (
        ServerThread(HELD, [f"unix:{path}", "tcp:0"]) as server,
        QmpClient(server.addresses[1]) as reader,
    ):
        reply_size = len(json.dumps(reader.execute("qom-list", {"path": "/machine"})))
        count = 5 * connection.HIGH_WATER // reply_size
        with raw(path) as lazy:
            sender = threading.Thread(target=lazy.sendall, args=(NEGOTIATE + listing * count,))
            sender.start()
            for _ in range(100):
                assert reader.execute("query-status")
                pending = server.call(most_pending)
                assert pending <= connection.HIGH_WATER + connection.WRITE_SIZE + 2 * reply_size
            replies = read_lines(lazy, count + 2)
            sender.join()
    assert pending > connection.HIGH_WATER
    assert len(replies) == count + 2
    assert replies[-1] == replies[2]


def most_pending(server: SandboxServer) -> int:
    transports = [found._transport for found in server._connections]
    return max(found.get_write_buffer_size() for found in transports if found is not None)


def test_a_client_that_never_reads_its_events_is_hung_up_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_PENDING", 10_000)
    with (
        ServerThread(MACHINE, [f"unix:{path}", "tcp:0"], dialect="10.0") as server,
        QmpClient(server.addresses[1]) as busy,
        QmpClient(server.addresses[0]) as deaf,
    ):
        while server.call(lambda found: len(found._connections)) == 2:
            for _ in range(100):
                busy.execute("stop")
                busy.execute("cont")
            busy.events.clear()
        with pytest.raises(PeerGone):
            deaf.wait_event("SHUTDOWN")
        with QmpClient(server.addresses[0]) as again:
            assert again.execute("query-status")


def test_fifty_clients_come_one_after_the_other(path: Path) -> None:
    with serve(path):
        for number in range(50):
            with QmpClient(f"unix:{path}") as client:
                assert client.message({"execute": "query-status", "id": number})["id"] == number


def test_what_goes_over_the_wire_is_traced(path: Path) -> None:
    traced: list[tuple[str, str, bytes]] = []
    with serve(path, trace=lambda *what: traced.append(what)), QmpClient(f"unix:{path}", negotiate=False) as client:
        client.message({"execute": "x"})
    assert [direction for _, direction, _ in traced] == ["<", ">", "<"]
    assert traced[0][0] == f"unix:{path} #1"
    assert traced[1][2] == b'{"execute": "x"}'
    assert b"Expecting capabilities" in traced[2][2]


async def test_the_server_lives_in_a_running_loop(path: Path) -> None:
    async with SandboxServer(MACHINE, [f"unix:{path}"], dialect="10.0") as server:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(NEGOTIATE + STATUS + command("quit"))
        received = (await reader.read()).decode().splitlines()
        assert received[2] == '{"return": {"status": "running", "running": true}}'
        assert server.machine.status == "running"
        assert (await server.wait()).status == 0
        writer.close()
        await writer.wait_closed()
    assert not path.exists()


def test_a_server_is_not_asked_before_it_is_entered() -> None:
    with pytest.raises(InputError, match="wants an address"):
        SandboxServer(HELD, [])
    with pytest.raises(InputError, match="not entered"):
        _ = SandboxServer(HELD, ["tcp:0"]).machine
    with pytest.raises(InputError, match="cannot be split into words: no closing quotation"):
        SandboxServer("-M 'q35", ["tcp:0"])
