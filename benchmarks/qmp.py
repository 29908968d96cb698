"""Commands per second of the QMP server, beside a live QEMU where there is one, with the same client.

    python benchmarks/qmp.py

One client sends over a Unix socket; the servers are processes of their own. Rates are medians of several rounds, and
the ratio is the median of the ratios round by round; the rounds of both servers alternate, so that a machine whose
speed drifts does not favour one of them. CPU is what the servers use for one command, which other load moves less.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE: Final = (
    "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
    "-device pci-testdev,id=dev0,addr=04.0 -S"
)
OBJECTS: Final = 100
ROUNDS: Final = 15


def added(object_id: str) -> bytes:
    """Return the command that makes an initiator."""
    members = f'"qom-type": "acpi-generic-initiator", "id": "{object_id}", "pci-dev": "dev0", "node": 1'
    return f'{{"execute": "object-add", "arguments": {{{members}}}}}\r\n'.encode()


def deleted(object_id: str) -> bytes:
    """Return the command that deletes an object."""
    return f'{{"execute": "object-del", "arguments": {{"id": "{object_id}"}}}}\r\n'.encode()


STATUS: Final = b'{"execute": "query-status"}\r\n'
LIST: Final = b'{"execute": "qom-list", "arguments": {"path": "/objects"}}\r\n'


class Load(NamedTuple):
    """What is asked: commands that are sent over and over, and how many of them in one round."""

    name: str
    commands: tuple[bytes, ...]
    one_at_a_time: int
    pipelined: int


LOADS: Final = (
    Load("query-status", (STATUS,), 500, 2000),
    Load("object-add, object-del", (added("x"), deleted("x")), 400, 1500),
    Load(f"qom-list of {OBJECTS} objects", (LIST,), 250, 800),
    Load("the same, changed in between", (LIST, added("x"), LIST, deleted("x")), 250, 800),
)


class Client:
    """The client of both servers: it sends, and counts lines."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._read(1)
        self.one_at_a_time((b'{"execute": "qmp_capabilities"}\r\n', *(added(f"gi{n}") for n in range(OBJECTS))), 101)

    def one_at_a_time(self, commands: tuple[bytes, ...], count: int) -> float:
        """Return commands per second when each waits for the reply to the one before."""
        began = time.perf_counter()
        for number in range(count):
            self._socket.sendall(commands[number % len(commands)])
            self._read(1)
        return count / (time.perf_counter() - began)

    def pipelined(self, commands: tuple[bytes, ...], count: int) -> float:
        """Return commands per second when all are sent at once."""
        data = b"".join(commands) * (count // len(commands))
        count = count // len(commands) * len(commands)
        sender = threading.Thread(target=self._socket.sendall, args=(data,))
        began = time.perf_counter()
        sender.start()
        self._read(count)
        seconds = time.perf_counter() - began
        sender.join()
        return count / seconds

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _read(self, count: int) -> None:
        """Read so many lines: none of these commands has an event."""
        while count:
            data = self._socket.recv(1 << 20)
            if not data:
                raise EOFError("the server hung up")
            count -= data.count(b"\n")


class Server(NamedTuple):
    """A server's process and the client that is connected to it."""

    pid: int
    client: Client

    def cpu_seconds(self) -> float:
        """Return what the process and its threads have used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Result(NamedTuple):
    """What one server made of a load: commands per second round by round, and CPU seconds per command."""

    rates: list[float]
    cpu: float


@contextlib.contextmanager
def served(words: list[str], path: str) -> Iterator[Server]:
    """Start a server and connect to it."""
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1000):
            with contextlib.suppress(OSError):
                client = Client(path)
                break
            time.sleep(0.01)
        else:
            raise TimeoutError(f"no server on {path}")
        yield Server(process.pid, client)
        client.close()
    finally:
        process.terminate()
        process.wait()


def measured(servers: list[Server], load: Load, way: str) -> list[Result]:
    """Return what each server makes of a load, in rounds that alternate."""
    count = load.one_at_a_time if way == "one_at_a_time" else load.pipelined
    before = [server.cpu_seconds() for server in servers]
    rates: list[list[float]] = [[] for _ in servers]
    for _ in range(ROUNDS):
        for index, server in enumerate(servers):
            rates[index].append(getattr(server.client, way)(load.commands, count))
    used = [server.cpu_seconds() - began for server, began in zip(servers, before, strict=True)]
    return [Result(found, cpu / (count * ROUNDS)) for found, cpu in zip(rates, used, strict=True)]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="qom-") as folder, contextlib.ExitStack() as stack:
        paths = [str(Path(folder) / name) for name in ("sandbox", "qemu")]
        ours = [sys.executable, "-m", "sandbox.cli", "serve", "--dialect", "10.0", "--qmp", f"unix:{paths[0]}", "--"]
        servers = [stack.enter_context(served([*ours, *MACHINE.split()], paths[0]))]
        program = shutil.which("qemu-system-x86_64")
        if program:
            options = ["-display", "none", "-qmp", f"unix:{paths[1]},server=on,wait=off"]
            servers.append(stack.enter_context(served([program, *MACHINE.split(), *options], paths[1])))
        print(f"{'':44}{'commands per second':^28}{'CPU us per command':^26}")
        print(f"{'':44}{'sandbox':>10}{'QEMU':>10}{'ratio':>8}{'sandbox':>10}{'QEMU':>8}{'ratio':>8}")
        for load in LOADS:
            for way in ("one_at_a_time", "pipelined"):
                print(row(f"{load.name}, {way.replace('_', ' ')}", measured(servers, load, way)))
        if not program:
            print("no live QEMU to compare with: install one with `make qemu`")


def row(name: str, results: list[Result]) -> str:
    """Return a line of the table; without a live QEMU there are no ratios."""
    ours = results[0]
    if len(results) == 1:
        return f"{name:44}{statistics.median(ours.rates):10.0f}{'':18}{ours.cpu * 1e6:10.0f}"
    live = results[1]
    ratio = statistics.median(left / right for left, right in zip(ours.rates, live.rates, strict=True))
    rates = f"{statistics.median(ours.rates):10.0f}{statistics.median(live.rates):10.0f}{ratio:8.1f}"
    return f"{name:44}{rates}{ours.cpu * 1e6:10.0f}{live.cpu * 1e6:8.0f}{live.cpu / ours.cpu:8.1f}"


if __name__ == "__main__":
    main()
