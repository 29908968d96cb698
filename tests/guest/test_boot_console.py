"""Listening to a console: when enough has been heard."""

from __future__ import annotations

import socket
import time

from sandbox.guest.boot import console
from sandbox.guest.boot.console import Stages, listen

PANIC = b"[    0.2] Kernel panic - not syncing: Attempted to kill init!\n"


def heard(*parts, closes, seconds=30.0):
    """What is heard of a guest that writes parts, and the stages that are told."""
    stages = []
    guest, ours = socket.socketpair()
    with guest, ours:
        for part in parts:
            guest.sendall(part)
        if closes:
            guest.shutdown(socket.SHUT_WR)
        text, ended = listen(ours, time.monotonic() + seconds, Stages(stages.append))
    return text, ended, stages


def test_the_end_of_a_console_is_the_end_of_the_boot():
    assert heard(b"Linux version 6\n", b"done\n", closes=True) == (
        "Linux version 6\ndone\n",
        True,
        ["Linux starts"],
    )


def test_a_kernel_that_panics_and_does_not_reset_is_given_up(monkeypatch):
    monkeypatch.setattr(console, "REST_OF_A_PANIC", 0.05)
    assert heard(PANIC, b"---[ end\n", closes=False) == (f"{PANIC.decode()}---[ end\n", False, ["the kernel panics"])


def test_a_kernel_that_is_only_slow_has_its_time(monkeypatch):
    monkeypatch.setattr(console, "REST_OF_A_PANIC", 0.0)
    began = time.monotonic()
    assert heard(b"Linux version 6\n", closes=False, seconds=0.3)[1] is False
    assert time.monotonic() - began >= 0.3


def test_firmware_that_dies_is_given_up_at_once():
    assert heard(b"Synchronous Exception at 0x5\n", closes=False)[1] is False
