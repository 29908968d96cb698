"""A live QEMU as the machine of a replay.

Its processors run only where that is wanted. Held, the tables are read as firmware would find them before it has
numbered PCI buses, at the moments at which firmware reads them; with firmware, they are those that it installed.
"""

from __future__ import annotations

import re
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from sandbox.errors import MachineExit
from sandbox.live.errors import LiveError, LiveExit
from sandbox.live.tables import read_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.live.session import LiveSession
    from sandbox.live.tables import LiveTables
    from sandbox.scenario.origins import Origin

KVM_FAILED: Final = re.compile(r"\bkvm_\w+: Assertion")
TYPED: Final = "human-monitor-command"
RUN_STATE_COMMANDS: Final = frozenset({"stop", "cont", "query-status", "system_wakeup", "system_powerdown"})
"""Commands whose replies, or whose effect, depend on whether processors run."""


class InstalledTables(Protocol):
    """The tables that firmware, running in a session, installs in guest memory."""

    def tables(self) -> LiveTables:
        """Wait until firmware has installed its tables after a start or reset, and read them.

        Raises:
            LiveExit: QEMU ended while it built them.
            LiveTimeout: firmware installs none in time.
            LiveError: the memory cannot be read.
        """

    def forget(self) -> None:
        """Make what is installed impossible to find, so that a reset cannot leave it to be read again.

        The machine may be paused for that, so that nothing is installed before the reset is made.
        """

    def resume(self) -> None:
        """Let the machine run again once the reset has been made, if it was paused for it."""


class LiveMachine:
    """A live QEMU with its monitor; see :class:`sandbox.scenario.replay.ReplayMachine`.

    Args:
        session: a connected session, its processors not started yet.
        dialect: the name of the dialect that this QEMU speaks.
        dialect_reason: why it is this one.
        runs: whether the processors run, unless ``paused``; where they do not, the replies to commands about the run
            state are not those that the user's machine would give.
        paused: whether the user's command line holds the machine (``-S``).
        halts: whether a reset only halts the machine (``-no-reboot`` with ``-no-shutdown``).
        installed: reads what firmware installed; None: tables are read without firmware.
    """

    ignored: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()

    def __init__(
        self,
        session: LiveSession,
        dialect: str,
        dialect_reason: str,
        *,
        runs: bool = False,
        paused: bool = False,
        halts: bool = False,
        installed: InstalledTables | None = None,
    ) -> None:
        self.session = session
        self.dialect = dialect
        self.dialect_reason = dialect_reason
        self.running = not paused
        self._halts = halts
        self._installed = installed
        self._tables: LiveTables | None = None
        if runs and not paused:
            with machine_exit():
                session.execute("cont")

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        """Execute a QMP command and return its value.

        Raises:
            QemuError: an error reply.
            MachineExit: the machine ends.
            LiveTimeout, LiveError: QEMU does not answer, or not in QMP.
        """
        resets = is_reset(name, arguments) and not self._halts
        with machine_exit():
            if resets and self._installed is not None:
                self._installed.forget()
            value = self.session.execute(name, arguments)
            if resets and self._installed is not None:
                self._installed.resume()
            if is_quit(name, arguments):
                self.session.wait_for_end(name)
        if resets:
            self._tables = None
        elif name == "cont":
            self.running = True
        elif name == "stop" or is_reset(name, arguments):
            self.running = False
        return value

    def tables(self) -> LiveTables:
        """Return the tables as firmware reads them: made once after each reset, kept until the next.

        Raises:
            MachineExit: the machine ends as it makes them.
            LiveTimeout, LiveError, DecodeError: they cannot be read.
        """
        if self._tables is None:
            with machine_exit():
                self._tables = read_tables(self.session) if self._installed is None else self._installed.tables()
        return self._tables


def is_reset(name: str, arguments: dict[str, Any] | None) -> bool:
    """Whether a command resets the machine; with arguments it does not take them, and does nothing."""
    if name == TYPED:
        return str((arguments or {}).get("command-line", "")).split() == ["system_reset"]
    return name == "system_reset" and not arguments


def is_quit(name: str, arguments: dict[str, Any] | None) -> bool:
    """Whether a command ends QEMU; it replies first."""
    if name == TYPED:
        return str((arguments or {}).get("command-line", "")).split() in (["quit"], ["q"])
    return name == "quit" and not arguments


@contextmanager
def machine_exit() -> Iterator[None]:
    """Turn the end of a live QEMU into the end of the machine of a replay.

    Raises:
        LiveError: it was the host's KVM that failed; that says nothing about the machine.
    """
    try:
        yield
    except LiveExit as end:
        if end.status == -signal.SIGABRT and KVM_FAILED.search(end.stderr):
            raise LiveError(f"{end}\nKVM fails on this host: compare without it, with -accel tcg") from end
        raise MachineExit(end.stderr, end.status) from end
