"""A live QEMU and the sandbox's server, side by side on sockets, answer the same; ``--record`` keeps the answers."""

from __future__ import annotations

import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from qmp_cases import HELD, LIVES, OOB, STATUS, Case
from qmp_exchanges import SECONDS, answers, arguments_of, make_hub, recorded, talk, write_recording

from sandbox.live import qemu_version
from sandbox.qmp.thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.live


@contextmanager
def live_qemu(command: tuple[str, ...], arguments: str) -> Iterator[Callable[[], socket.socket]]:
    """A QEMU that listens, and what connects to it."""
    folder = Path(tempfile.mkdtemp(prefix="qom-"))
    path = folder / "qmp"
    options = ("-display", "none", "-qmp", f"unix:{path},server=on,wait=off")
    process = subprocess.Popen(
        [*command, *arguments.split(), *options], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(path, process)
        yield lambda: connect(path)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def connect(path: Path) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(SECONDS)
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            connected.connect(str(path))
        except ConnectionRefusedError:  # QEMU has made the file and does not listen yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return connected


@contextmanager
def served_sandbox(arguments: str) -> Iterator[Callable[[], socket.socket]]:
    with tempfile.TemporaryDirectory(prefix="qom-") as folder:
        path = Path(folder) / "qmp"
        with ServerThread(arguments, [f"unix:{path}"], dialect="10.0"):
            yield lambda: connect(path)


def ask(asked: Callable[[], socket.socket], life: list[Case]) -> list[list[str]]:
    return [talk(asked, case) for case in life]


def test_live_qemu_and_the_server_answer_as_recorded(qemu_x86: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    version = qemu_version(qemu_x86)
    if version[:2] != (10, 0):
        pytest.skip("the answers are those of QEMU 10.0: others word parse errors otherwise")
    live, served = [], []
    for number, life in enumerate(LIVES):
        with live_qemu(qemu_x86, arguments_of(number)) as asked:
            live.append(ask(asked, life))
        with served_sandbox(arguments_of(number)) as asked:
            served.append(ask(asked, life))
    if request.config.getoption("--record"):
        write_recording(".".join(map(str, version)), live)
    for life, from_live, from_server, kept in zip(LIVES, live, served, recorded(), strict=True):
        named = [case.name for case in life]
        assert [entry["received"] for entry in kept] == from_live
        assert dict(zip(named, from_server, strict=True)) == dict(zip(named, from_live, strict=True))


WORDS: Final = re.compile(rb"[a-z-]+|\\u[0-9a-f]{4}|.", re.DOTALL)
MARKS: Final = [
    *(bytes([byte]) for byte in b"\"'\\{}[],: \n\t0-.ea\xff\x00\xc3\r\x1f"),
    b"true",
    b"null",
    b'"id"',
    b"execute",
]
FATAL: Final = re.compile(rb"1[0-9]{2,}")
"""Digits that may have become the number of a node that ends QEMU."""


def damaged(chance: random.Random) -> Case:
    """A case of the table with words left out, doubled, exchanged or put in, and a correct command behind it."""
    case = chance.choice([case for case in LIVES[0] if case.kind != OOB and len(case.sent) < 300])
    words = WORDS.findall(case.sent) or [b""]
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randrange(len(words)), chance.randrange(len(words))
        words[at : at + 1] = chance.choice(
            [[], [words[at]] * 2, [words[other]], [chance.choice(MARKS), words[at]], [words[at], chance.choice(MARKS)]]
        ) or [b""]
    return Case(case.kind, b"".join(words) + chance.choice([b"", b"\n", b" ", b"\xff\n"]) + STATUS)


def test_damaged_input_is_answered_as_a_live_qemu_answers_it(qemu_x86: tuple[str, ...]) -> None:
    if qemu_version(qemu_x86)[:2] != (10, 0):
        pytest.skip("the answers are those of QEMU 10.0: others word parse errors otherwise")
    chance = random.Random(4)
    cases = [case for case in (damaged(chance) for _ in range(400)) if not FATAL.search(case.sent)]
    hub = make_hub(HELD)
    with live_qemu(qemu_x86, HELD) as asked:
        different = [case for case in cases if talk(asked, case) != answers(hub, [case.data])]
    assert different == []
