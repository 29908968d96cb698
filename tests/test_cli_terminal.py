"""Lines as wide as the terminal, and in one piece where programs read them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = ["lint", "scenarios/grace-hopper-merged.yaml"]
GUEST = ["guest", "scenarios/grace-hopper-merged.yaml"]
COMMAND = [sys.executable, "-c", "import sys; from sandbox.cli import main; sys.exit(main(sys.argv[1:]))"]
MESSAGE = (
    "the guest's node 2 is domain 7, node 3 is domain 6, node 4 is domain 5, node 5 is domain 4, ...: "
    "the initiators come as 7 6 5 4 3 9 2 8"
)


def on_terminal(words: list[str], width: int, **environment: str) -> list[str]:
    """What a terminal of that width shows, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with subprocess.Popen([*COMMAND, *words], cwd=ROOT, stdout=theirs, env={**kept, **environment}):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # so Linux tells that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return re.sub(r"\x1b\[\d+m", "", shown.decode()).replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("words", [LINT, GUEST], ids=["lint", "guest"])
@pytest.mark.parametrize(("width", "environment"), [(72, {}), (200, {"COLUMNS": "72"})], ids=["terminal", "COLUMNS"])
def test_no_text_is_wider_than_the_terminal(words, width, environment):
    lines = on_terminal(words, width, **environment)
    as_given = ("scenarios/", "    -object ", "forecast: ")
    assert [line for line in lines if len(line) > 72 and not line.startswith(as_given)] == []
    assert max(map(len, lines)) > 60


def test_a_wide_terminal_is_used():
    assert f"  {MESSAGE}" in on_terminal(LINT, 200)


def test_a_message_that_goes_to_a_program_is_one_line():
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run([*COMMAND, *LINT], cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert f"  {MESSAGE}" in done.stdout.splitlines()
