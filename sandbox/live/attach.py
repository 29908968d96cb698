"""Looking at a running VM that others started, without changing anything of it.

Example::

    with attach("unix:/run/vm/qmp.sock") as vm:
        vm.arguments, vm.tables()

Only ``query-...`` commands and ``pmemsave`` are sent, behind the negotiation that every QMP session begins with. The
VM is never stopped, resumed or reset. QEMU takes one client per monitor, so the VM needs a monitor that is free.

Reading RAM makes a host page of each page read, where the guest has shared memory: what is searched is kept small.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from qom_types.meant import FIRST_MERGED, dialect_of_version
from sandbox.errors import InputError, SandboxError
from sandbox.live.endpoints import SocketRoot
from sandbox.live.errors import LiveError, LiveTimeout
from sandbox.live.identity import read_version
from sandbox.live.installed import find_at, find_in_bios_area, find_in_ram
from sandbox.live.memory import Exchange, SavedMemory
from sandbox.live.peer import find_peer
from sandbox.live.qmp import GREETING, QmpConnection
from sandbox.live.ram import X86, names_firmware, ram_of_size, ram_of_words
from sandbox.live.readonly import ReadOnlyMonitor, connect
from sandbox.live.tables import LiveTables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from sandbox.live.installed import Installed
    from sandbox.live.peer import Peer
    from sandbox.live.ram import RamMap

CONNECT_SECONDS: Final = 5.0
REPLY_SECONDS: Final = 30.0
SETTLING_SECONDS: Final = 0.3
SETTLING_LOOKS: Final = 20
BEFORE_FIRMWARE: Final = frozenset({"prelaunch", "preconfig", "inmigrate"})
"""Run states in which firmware has not run since the last reset, or in which RAM is not all there."""
EXCHANGE_PLACES: Final = ("dev/shm", "tmp", "var/tmp")


def attach(
    where: str,
    *,
    arguments: Sequence[str] | None = None,
    exchange: SocketRoot | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    reply_seconds: float = REPLY_SECONDS,
) -> AttachedVm:
    """Connect to the monitor of a running VM.

    Args:
        where: ``unix:PATH`` or ``tcp:HOST:PORT``.
        arguments: QEMU's arguments, if the user gives them; None: those of the process behind the socket.
        exchange: a directory into which QEMU may write guest memory, and from which we may read it; None: one of the
            usual places for temporary files, as QEMU sees it.
        connect_seconds: how long to wait for the connection and for QEMU's greeting.
        reply_seconds: how long to wait for each reply.

    Raises:
        InputError: it is no address of a monitor.
        LiveError: there is no such socket, nobody listens, the monitor is in use, or it does not speak QMP.
        LiveTimeout: QEMU does not answer.
    """
    connected = connect(where, connect_seconds)
    peer = find_peer(connected)
    try:
        qmp = QmpConnection(connected, connect_seconds, reply_seconds)
    except LiveTimeout as error:
        if error.doing != GREETING:
            raise
        raise LiveError(
            f"{where} does not greet: another client (a manager such as libvirt) uses this monitor, and QEMU serves "
            "one at a time. Give the VM a second monitor (-qmp unix:PATH,server=on,wait=off) or let the other client go"
        ) from error
    vm = AttachedVm(where, ReadOnlyMonitor(qmp), peer, arguments, exchange)
    try:
        vm.look()
    except BaseException:
        vm.close()
        raise
    return vm


class AttachedVm:
    """A running VM; a context manager that hangs up. Made by :func:`attach`.

    Attributes:
        where: its monitor, as the user wrote it.
        peer: its process, if that could be found.
        version: major, minor and micro version of QEMU.
        package: what QEMU's packager calls it; often "".
        arch: the target architecture, as ``query-target`` gives it.
    """

    version: tuple[int, int, int] = (0, 0, 0)
    package = ""
    arch = ""

    def __init__(
        self,
        where: str,
        monitor: ReadOnlyMonitor,
        peer: Peer | None,
        arguments: Sequence[str] | None,
        exchange: SocketRoot | None,
    ) -> None:
        self.where = where
        self.peer = peer
        self._monitor = monitor
        self._given = arguments
        self._exchange = exchange

    def look(self) -> None:
        """Ask for version and architecture; :func:`attach` does it.

        Raises:
            LiveError: QEMU hung up or stays silent.
        """
        self.version, self.package = read_version(self._query("query-version"))
        self.arch = self._query("query-target")["arch"]

    @property
    def arguments(self) -> tuple[str, ...]:
        """QEMU's arguments, without the program.

        Raises:
            InputError: they were not given, and the process cannot be found.
        """
        words = self._known_arguments()
        if words is None:
            raise InputError(
                f"the QEMU behind {self.where} cannot be found among the processes here, so its command line is not "
                "known: give its arguments after '--'"
            )
        return words

    def _known_arguments(self) -> tuple[str, ...] | None:
        if self._given is not None:
            return tuple(self._given)
        return self.peer.words[1:] if self.peer is not None else None

    @property
    def run_state(self) -> str:
        """The run state, as ``query-status`` gives it now.

        Raises:
            LiveError: QEMU hung up or stays silent.
        """
        return str(self._query("query-status")["status"])

    def ram(self) -> RamMap:
        """Return where the VM has RAM: as the sandbox lays out its command line, else the least that it must have.

        Raises:
            LiveError: QEMU hung up or stays silent.
        """
        size = int(self._query("query-memory-size-summary")["base-memory"])
        try:
            found = ram_of_words(self.arguments, self._dialect())
        except SandboxError:
            return ram_of_size(self.arch, size)
        fits = found.is_x86 == (self.arch in X86) and sum(part.size for part in found.ranges) <= size
        return found if fits else ram_of_size(self.arch, size)

    def tables(self) -> LiveTables:
        """Return the tables that firmware has installed.

        Right after a reset, UEFI's set of before it may still be found, until firmware has come so far again.

        Raises:
            LiveError: there are none (yet), or guest memory cannot be read; the message says how to go on.
        """
        state = self.run_state
        if state in BEFORE_FIRMWARE:
            raise LiveError(
                f"the VM's firmware has not installed its tables: the run state is {state}. Let it run (cont), or let "
                "the migration end, and attach again"
            )
        with self._make_exchange() as exchange:
            memory = SavedMemory(self._monitor.execute, exchange.directory, exchange.inside)
            ram = self.ram()
            found = find_in_bios_area(memory, ram) if ram.is_x86 else None
            if found is None and self._may_be_uefi():
                found = self._settled(memory, ram, running=state == "running")
        if found is None:
            raise LiveError(
                f"no ACPI tables are in the VM's memory (run state {state}): its firmware has not installed them yet, "
                "or it has none (acpi=off, an Arm machine without UEFI). Wait until the guest boots, and attach again"
            )
        return LiveTables.among(found.tables)

    def _may_be_uefi(self) -> bool:
        words = self._known_arguments()
        return self.arch not in X86 or words is None or names_firmware(words)

    def _settled(self, memory: SavedMemory, ram: RamMap, *, running: bool) -> Installed | None:
        """Return what UEFI has installed, once it has not changed for a while: it installs table by table."""
        found = find_in_ram(memory, ram)
        if found is None or not running:
            return found
        for _ in range(SETTLING_LOOKS):
            time.sleep(SETTLING_SECONDS)
            again = find_at(memory, ram, found.rsdp) or find_in_ram(memory, ram)
            if again is None or again == found:
                return again
            found = again
        raise LiveError("the VM's tables change again and again: its firmware is at work. Attach again later")

    def _make_exchange(self) -> Exchange:
        owner = self.peer.user if self.peer is not None else None
        return Exchange(self._exchange or self._usual_place(), owner)

    def _usual_place(self) -> SocketRoot | None:
        root = self.peer.root if self.peer is not None else None
        for place in EXCHANGE_PLACES if root is not None else ():
            assert root is not None
            parts = [root.joinpath(*Path(place).parts[:count]) for count in range(1, len(Path(place).parts) + 1)]
            # a link would lead out of what QEMU sees as its root
            if all(part.is_dir() and not part.is_symlink() for part in parts):
                return SocketRoot(parts[-1], f"/{place}")
        return None

    def _dialect(self) -> str | None:
        """Return the dialect that its version tells; None where it has no merged objects."""
        return dialect_of_version(self.version)[0] if self.version >= FIRST_MERGED else None

    def _query(self, command: str) -> Any:
        return self._monitor.execute(command)

    def close(self) -> None:
        """Hang up; may be called again. The VM goes on as before."""
        self._monitor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
