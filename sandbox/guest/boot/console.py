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

PANICKED: Final = b"Kernel panic - not syncing: "
REST_OF_A_PANIC: Final = 10.0
"""Seconds of silence after which a kernel that has panicked, and should reset, is given up."""

FIRMWARE_DIES: Final = b"Synchronous Exception at 0x"
"""What edk2 writes before it stops for good."""


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
    """Return what comes over a console, and whether its end came before the deadline or the death of what runs.

    A kernel that panics resets, which is an end; one that cannot even do that says nothing more.
    """
    console = bytearray()
    ended = panicked = False
    while len(console) < MOST_BYTES and (left := deadline - time.monotonic()) > 0:
        connection.settimeout(min(left, REST_OF_A_PANIC) if panicked else left)
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
        panicked = panicked or PANICKED in console
        if firmware_died(console):
            break
    return console.decode(errors="replace"), ended


def firmware_died(console: bytes | bytearray) -> bool:
    """Whether firmware stopped for good, before any kernel ran."""
    return FIRMWARE_DIES in console
