"""Listening to a console: when a boot is over."""

from __future__ import annotations

import socket
import time

import pytest

from sandbox.guest.boot import console
from sandbox.guest.boot.console import Stages, listen


@pytest.fixture
def line():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def hear(line, text, *, closes=False, seconds=60.0, until_deadline=False):
    """What is heard, and whether the console's end came; that waits for the deadline only where it is said to."""
    ours, theirs = line
    theirs.sendall(text)
    if closes:
        theirs.close()
    deadline = time.monotonic() + seconds
    heard = listen(ours, deadline, Stages(None))
    assert (time.monotonic() >= deadline) is until_deadline
    return heard


def test_a_closed_console_is_the_end_of_a_boot(line):
    assert hear(line, b"== end 0\n", closes=True) == ("== end 0\n", True)


def test_a_console_that_stays_open_is_left_at_the_deadline(line):
    assert hear(line, b"Linux version\n", seconds=0.05, until_deadline=True) == ("Linux version\n", False)


@pytest.mark.parametrize(
    "mark",
    [b"Kernel panic - not syncing: Attempted to kill the idle task!", b"PANIC: early exception 0x0e"],
)
def test_a_kernel_that_panics_and_does_not_reset_is_not_waited_for(line, mark, monkeypatch):
    monkeypatch.setattr(console, "LAST_SECONDS", 0.05)
    text, ended = hear(line, mark)
    assert (text, ended) == (mark.decode(), False)


def test_a_kernel_that_is_only_slow_has_its_time(line, monkeypatch):
    monkeypatch.setattr(console, "LAST_SECONDS", 0.0)
    assert hear(line, b"Linux version\n", seconds=0.3, until_deadline=True) == ("Linux version\n", False)


@pytest.mark.parametrize("mark", [b"Synchronous Exception at 0x0000000047CD0000", b"UEFI Interactive Shell v2.2"])
def test_firmware_that_will_start_no_kernel_is_not_waited_for(line, mark):
    assert not hear(line, mark)[1]
