"""What a live QEMU 10.0.2 answered to the cases of qmp_cases.py, and ways to ask the sandbox the same.

The recording lies in tests/data/qmp/exchanges.json; ``pytest --record tests/qmp/test_qmp_live.py`` writes it.
"""

from __future__ import annotations

import json
import re
import select
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qmp_cases import HELD, LIVES, MACHINE, OOB, Case

from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.qmp.hub import Hub
from sandbox.qmp.session import Request, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RECORDING: Final = Path(__file__).parents[1] / "data" / "qmp" / "exchanges.json"
SECONDS: Final = 20.0
SILENCE: Final = 0.1
"""Seconds after which no more answers are expected where the end of the input does not bring them out: see talk()."""

ANSWERS: Final = 3

PACKAGE: Final = re.compile(r'"package": "[^"]*"')
GUEST: Final = '"data": {"guest": true'
"""Stands in events that the guest's own firmware causes, which come when the host has time for it."""

TIME: Final = re.compile(r'"timestamp": \{"seconds": \d+, "microseconds": \d+\}')


def lines_of(data: bytes) -> list[str]:
    """Return what was answered line by line, without what no two runs share: time, build, the guest's doing."""
    text = TIME.sub('"timestamp": {}', PACKAGE.sub('"package": ""', data.decode("ascii")))
    lines = text.split("\r\n")
    assert lines.pop() == ""
    return [line for line in lines if GUEST not in line]


def recorded() -> list[list[dict[str, Any]]]:
    """Return the recording: for each life of a machine its cases, each with ``kind``, ``sent`` and ``received``."""
    return json.loads(RECORDING.read_text(encoding="ascii"))["lives"]


def write_recording(qemu: str, received: list[list[list[str]]]) -> None:
    entries = [
        ",\n".join(
            "   " + json.dumps({"kind": case.kind, "sent": case.sent.decode("latin-1"), "received": lines})
            for case, lines in zip(life, answers, strict=True)
        )
        for life, answers in zip(LIVES, received, strict=True)
    ]
    how = (
        f"QEMU {qemu}, {MACHINE}; the first life with -S, each case on a connection of its own, with the greeting; "
        "written by pytest --record tests/qmp/test_qmp_live.py"
    )
    text = ",\n".join(f"  [\n{entry}\n  ]" for entry in entries)
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    RECORDING.write_text(f'{{\n "how": {json.dumps(how)},\n "lives": [\n{text}\n ]\n}}\n', encoding="ascii")


def arguments_of(life: int) -> str:
    return MACHINE if life else HELD


def silence(received: list[bytes]) -> float:
    """Return after how many seconds no more lines are expected; there are a greeting and two answers at least."""
    return SILENCE if b"".join(received).count(b"\n") >= ANSWERS else SECONDS


def talk(connect: Callable[[], socket.socket], case: Case) -> list[str]:
    """Send a case over a socket and return the answers.

    The end of the input makes a server answer what it has and hang up; but QEMU drops commands that wait, which some
    may once out-of-band execution is on. There the input is left open, and silence is the end.
    """
    received: list[bytes] = []
    with connect() as connected:
        connected.settimeout(SECONDS)
        if case.kind != OOB:
            connected.sendall(case.data)
            connected.shutdown(socket.SHUT_WR)
        else:
            connected.sendall(case.data)
        while case.kind != OOB or select.select([connected], [], [], silence(received))[0]:
            try:
                data = connected.recv(1 << 16)
            except ConnectionResetError:  # QEMU has ended with some input unread
                break
            if not data:
                break
            received.append(data)
    return lines_of(b"".join(received))


class Loopback:
    """A client of a hub, without a socket."""

    def __init__(self, hub: Hub) -> None:
        self.session = Session()
        self._hub = hub
        self._out: list[bytes] = []
        hub.peers.add(self)
        self._out.append(self.session.open(hub.version))

    def push(self, data: bytes) -> None:
        self._out.append(data)

    def send(self, data: bytes) -> None:
        if self._hub.ended is not None:
            return
        self.session.receive_data(data)
        while self._hub.ended is None and (happened := self.session.next_event()) is not None:
            if isinstance(happened, Request):
                self._out.append(self._hub.serve(happened))
                self._hub.settle()
            else:
                self._out.append(happened)

    def received(self) -> bytes:
        """Return what came since the last call."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def close(self) -> None:
        self._hub.peers.discard(self)


def make_hub(arguments: str, dialect: str = "10.0") -> Hub:
    return Hub(Machine(parse_arguments(arguments.split(), dialect)))


def answers(hub: Hub, pieces: Iterable[bytes]) -> list[str]:
    """Return what a new client of a hub receives for what it sends in pieces."""
    client = Loopback(hub)
    for piece in pieces:
        client.send(piece)
    data = client.received()
    client.close()
    return lines_of(data)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))
