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
from sandbox.guest.boot.console import Stages, firmware_end, listen
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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.guest.boot.console import Progress
    from sandbox.guest.boot.view import GuestView
    from sandbox.live.prepared import Prepared
    from sandbox.live.session import LiveSession

    Command = tuple[str, Mapping[str, object] | None]
    Watch = Callable[[LiveSession], None]

BOOTS: Final = "boots"
PANICS: Final = "panics"

CONSOLE: Final = "console"
MOST_SECONDS: Final = 180.0
LAST_LINES: Final = 5


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
    watch: Watch | None = None,
    panic_foretold: bool = False,
) -> Boot:
    """Boot a guest on a machine and return what it saw.

    A panic that nobody expects counts only if it comes twice: under emulation on a busy machine a kernel may find its
    timers broken.

    Args:
        binary: the QEMU, as for :func:`sandbox.live.start.start`.
        prepared: the machine's command line, made such that it can be started.
        kernel: what is booted.
        commands: QMP commands, names and arguments, that are executed before the machine runs; a refused one is passed
            over, as the machine itself would.
        tables: whole tables by signature that the guest is given in place of QEMU's; the objects that would contribute
            to SRAT are left out then. None: the guest has QEMU's.
        seconds: how long the boot may take.
        progress: called with what is going on, in a few words, at each new stage.
        limits: how long QEMU may take to start and to answer.
        watch: told of each QEMU once it is launched.
        panic_foretold: whether a panic is expected.

    Raises:
        InputError: there is no such program, or an option or a table cannot be given to it.
        MachineExit: QEMU would not know an option.
        LiveExit: QEMU ended by itself, before the guest ran or while it did.
        LiveTimeout, LiveError: QEMU does not answer.
        BootFailed: the guest neither came to the end nor panicked in time; its console is kept in a file.
    """
    given = None if tables is None else upgrades(tables)
    run = _Run(as_command(binary), prepared, kernel, tuple(commands), given, seconds, limits, progress, watch)
    found = run.once()
    if found.outcome == PANICS and not panic_foretold:
        if progress is not None:
            progress("once more, since a busy machine can make a kernel panic, too")
        found = run.once()
    return found


@record
class _Run:
    """What a guest is booted with; see :func:`boot`."""

    command: tuple[str, ...]
    prepared: Prepared
    kernel: GuestKernel
    commands: tuple[Command, ...]
    given: Mapping[str, bytes] | None
    seconds: float
    limits: Limits
    progress: Progress | None
    watch: Watch | None

    def once(self) -> Boot:
        """Boot it."""
        root = chroot_socket_root(self.command)
        initrd = table_archive(self.given or {}) + initramfs(self.kernel.busybox.read_bytes())
        stages = Stages(self.progress)
        began = time.monotonic()
        with Endpoints((CONSOLE,), root) as endpoints:
            words = boot_words(
                self.prepared,
                self.kernel,
                initrd,
                f"{endpoints.inside}/{CONSOLE}",
                initiators=self.given is None,
                copied=root is not None,
            )
            stages.say("QEMU starts")
            with launch(self.command, words.words, files=words.files, socket_root=root, limits=self.limits) as session:
                if self.watch is not None:
                    self.watch(session)
                session.connect()
                for name, members in self.commands:
                    session.reply(name, members)
                # not with -no-reboot: that would end QEMU at a reset among the commands
                session.execute("set-action", {"reboot": "shutdown"})
                with endpoints.accept(CONSOLE, lambda: None, self.limits.start) as connection:
                    session.reply("cont")
                    console, ended = listen(connection, began + self.seconds, stages)
                if ended:
                    _check_status(session)
                arguments = session.arguments
        taken = time.monotonic() - began
        try:
            found = read_console(console)
        except Untold as untold:
            end = firmware_end(console.encode())
            if end:
                raise BootFailed(end, console, keep_log(console)) from None
            late = "" if ended else f"it was not done within {self.seconds:g} s; "
            raise BootFailed(late + untold.what, console, keep_log(console)) from None
        told = (console, arguments, self.given or {}, words.changes, taken)
        return Boot(PANICS, None, found, *told) if isinstance(found, Panic) else Boot(BOOTS, found, None, *told)


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
