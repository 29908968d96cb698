"""Booting a guest to look at it: a QEMU that runs without KVM, our kernel and /init, and what comes over its console.

The guest switches itself off when it has told what it sees; after a panic it resets, which ends this QEMU too. So the
end of the console is the end of the boot, and the time that it may take has a limit.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.guest.boot.cache import cache_folder
from sandbox.guest.boot.initramfs import initramfs, table_archive
from sandbox.guest.boot.parse import Panic, Untold, clean_lines, read_console
from sandbox.guest.boot.upgrade import upgrades
from sandbox.guest.boot.words import boot_words
from sandbox.live.endpoints import Endpoints
from sandbox.live.errors import ConnectionLost, LiveError, LiveExit
from sandbox.live.process import as_command
from sandbox.live.session import DEFAULT_LIMITS, Limits
from sandbox.live.start import chroot_socket_root, launch
from sandbox.records import record

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.guest.boot.view import GuestView
    from sandbox.live.prepared import Prepared
    from sandbox.live.session import LiveSession

    Command = tuple[str, Mapping[str, object] | None]
    Progress = Callable[[str], None]

CONSOLE: Final = "console"
READ_SIZE: Final = 64 * 1024
MOST_BYTES: Final = 16 << 20
"""A guest that writes more than this to its console is broken."""

MOST_SECONDS: Final = 180.0
LAST_LINES: Final = 5

STAGES: Final = (
    (b"Linux version", "Linux starts"),
    (b"Run /init as init process", "Linux runs our /init"),
    (b"== kernel", "the guest tells what it sees"),
    (b"Kernel panic", "the kernel panics"),
)
"""What on the console marks the stages of a boot."""


class BootFailed(LiveError):
    """A guest neither told what it sees nor panicked.

    Attributes:
        console: what it wrote to its console.
        log: the file in which that is kept; None if it could not be written.
    """

    def __init__(self, what: str, console: str, log: Path | None) -> None:
        last = [f"    {line}" for line in clean_lines(console) if line.strip()][-LAST_LINES:]
        where = [f"its console is in {log}"] if log else []
        super().__init__("\n".join([f"the guest did not boot: {what}", *where, *last]))
        self.console = console
        self.log = log


@record
class Boot:
    """A guest that was booted and has ended.

    Attributes:
        outcome: ``boots`` or ``panics``.
        view: what it saw; None after a panic.
        panic: how it died; None if it did not.
        console: what it wrote to its console.
        arguments: QEMU's arguments as they were given to it; those of its monitors among them, which from QEMU 11 on
            take part in the order of objects.
        given: the tables that it was given, by signature, as they were given.
        changes: how the machine differs from the user's, a sentence each.
        seconds: from the start of QEMU to its end.
    """

    outcome: str
    view: GuestView | None
    panic: Panic | None
    console: str
    arguments: tuple[str, ...]
    given: Mapping[str, bytes]
    changes: tuple[str, ...]
    seconds: float


def boot(
    binary: Sequence[str],
    prepared: Prepared,
    kernel: GuestKernel,
    *,
    commands: Iterable[Command] = (),
    tables: Mapping[str, bytes | None] | None = None,
    seconds: float = MOST_SECONDS,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Boot:
    """Boot a guest on a machine and return what it saw.

    Args:
        binary: the QEMU, as for :func:`sandbox.live.start.start`.
        prepared: the machine's command line, made such that it can be started.
        kernel: what is booted.
        commands: QMP commands, names and arguments, that are executed before the machine runs; a refused one is passed
            over, as the machine itself would.
        tables: whole tables by signature that the guest is given in place of QEMU's; the objects that would contribute
            to SRAT are left out then. Empty or None: the guest has QEMU's.
        seconds: how long the boot may take.
        progress: called with what is going on, in a few words, at each new stage.
        limits: how long QEMU may take to start and to answer.

    Raises:
        InputError: there is no such program, or an option or a table cannot be given to it.
        MachineExit: QEMU would not know an option.
        LiveExit: QEMU ended by itself, before the guest ran or while it did.
        LiveTimeout, LiveError: QEMU does not answer.
        BootFailed: the guest neither came to the end nor panicked in time; its console is kept in a file.
    """
    command = as_command(binary)
    root = chroot_socket_root(command)
    given = upgrades(tables or {})
    busybox = kernel.busybox.read_bytes()
    initrd = table_archive(given) + initramfs(busybox)
    watch = _Stages(progress)
    began = time.monotonic()
    with Endpoints((CONSOLE,), root) as endpoints:
        words = boot_words(
            prepared,
            kernel,
            initrd,
            f"{endpoints.inside}/{CONSOLE}",
            initiators=not given,
            copied=root is not None,
        )
        watch.say("QEMU starts")
        with launch(binary, words.words, files=words.files, socket_root=root, limits=limits) as session:
            session.connect()
            for name, members in commands:
                session.reply(name, members)
            with endpoints.accept(CONSOLE, lambda: None, limits.start) as connection:
                session.reply("cont")
                console, ended = _listen(connection, began + seconds, watch)
            if ended:
                _check_status(session)
            arguments = session.arguments
    taken = time.monotonic() - began
    try:
        found = read_console(console)
    except Untold as untold:
        what = untold.what if ended else f"it was not done within {seconds:g} s; {untold.what}"
        raise BootFailed(what, console, keep_log(console)) from None
    panic = found if isinstance(found, Panic) else None
    view = None if isinstance(found, Panic) else found
    outcome = "boots" if panic is None else "panics"
    return Boot(outcome, view, panic, console, arguments, given, words.changes, taken)


def keep_log(console: str) -> Path | None:
    """Write what stood on a console to a file of its own in the cache and return its path; None if that fails."""
    folder = cache_folder() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", prefix="console-", suffix=".txt", dir=folder, delete=False) as file:
            file.write(console)
    except OSError:
        return None
    return Path(file.name)


class _Stages:
    """Tells each stage of a boot once."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._left = list(STAGES)

    def say(self, what: str) -> None:
        if self._progress is not None:
            self._progress(what)

    def look(self, console: bytearray, start: int) -> None:
        """Look for the marks of further stages in what came behind ``start``."""
        for mark, what in list(self._left):
            if console.find(mark, max(0, start - len(mark))) >= 0:
                self._left.remove((mark, what))
                self.say(what)


def _listen(connection: socket.socket, deadline: float, watch: _Stages) -> tuple[str, bool]:
    """Return what comes over a console, and whether its end came before the deadline."""
    console = bytearray()
    ended = False
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
    return console.decode(errors="replace"), ended


def _check_status(session: LiveSession) -> None:
    """Pass over a QEMU that ended as it should; raise the end of one that failed.

    Raises:
        LiveExit: its status is not 0.
    """
    try:
        with session.watch("booting the guest"):
            raise ConnectionLost("the console was closed")
    except LiveExit as end:
        if end.status != 0:
            raise
