"""Listening to a guest's console while it boots."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Progress = Callable[[str], None]

READ_SIZE: Final = 64 * 1024
MOST_BYTES: Final = 16 << 20
"""A guest that writes more than this to its console is broken."""

STAGES: Final = (
    (b"Linux version", "Linux starts"),
    (b"Run /init as init process", "Linux runs our /init"),
    (b"== kernel", "the guest tells what it sees"),
    (b"Kernel panic", "the kernel panics"),
)
"""What on the console marks the stages of a boot."""

FIRMWARE_ENDS: Final = {
    b"Synchronous Exception at 0x": (
        "its firmware died before any kernel ran; edk2 needs 128 MiB or more on the first node that has memory"
    ),
    b"UEFI Interactive Shell": (
        "its firmware could not start the kernel, and went to its shell; the guest may have too little memory for it"
    ),
}
"""What edk2 writes when no kernel will run any more, and what that means.

Seen with edk2 2025.02: with 64 MiB on the first node it dies, whatever the other nodes have.
"""

PANICS: Final = (b"Kernel panic - not syncing: ", b"PANIC: early exception")
"""What a kernel writes when it panics. One that dies before it has read its parameters never resets."""

LAST_SECONDS: Final = 10.0
"""How long after that the machine may take to finish what it writes, and to reset."""


class Stages:
    """Tells each stage of a boot once."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._left = list(STAGES)

    def say(self, what: str) -> None:
        """Tell a stage."""
        if self._progress is not None:
            self._progress(what)

    def look(self, console: bytearray, start: int) -> None:
        """Look for the marks of further stages in what came behind ``start``."""
        for mark, what in list(self._left):
            if console.find(mark, max(0, start - len(mark))) >= 0:
                self._left.remove((mark, what))
                self.say(what)


def listen(connection: socket.socket, deadline: float, watch: Stages) -> tuple[str, bool]:
    """Return what comes over a console, and whether its end came before the deadline and the firmware's death.

    A kernel's panic brings the deadline near.
    """
    console = bytearray()
    ended = panics = False
    while len(console) < MOST_BYTES and (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            data = connection.recv(READ_SIZE)
        except TimeoutError:
            break
        except ConnectionError:
            data = b""
        if not data:
            ended = True
            break
        console += data
        watch.look(console, len(console) - len(data))
        if firmware_end(console):
            break
        if not panics and any(mark in console for mark in PANICS):
            panics = True
            deadline = min(deadline, time.monotonic() + LAST_SECONDS)
    return console.decode(errors="replace"), ended


def firmware_end(console: bytes | bytearray) -> str:
    """Return how firmware came to an end before any kernel ran; "" if it did not."""
    return next((what for mark, what in FIRMWARE_ENDS.items() if mark in console), "")
