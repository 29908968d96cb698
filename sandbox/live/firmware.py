"""The tables that firmware installs in a QEMU that we started and whose processors run: SeaBIOS, or edk2.

How a set is known to be of this boot, and whole:

* :meth:`FirmwareTables.forget` pauses the machine and spoils every set in its memory before a reset; so nothing old can
  be found after it, and nothing can be installed between the two.
* SeaBIOS lays out all tables together, then fills in pointers and checksums, the RSDP's last. A set that holds together
  is a whole one.
* edk2 downloads the tables in the same manner, then copies them, one by one, into a list of its own, which holds
  together at each moment. So the set is counted against QEMU's loader script, which edk2 has read by then: a table of
  each length that the script makes a checksum for has to be there.

Source: SeaBIOS 1.16.3, edk2 2022.11 and 2025.02, QEMU 10.0 behaviour.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.live.chain import dsdt_address, read_table
from sandbox.live.errors import LiveError, LiveTimeout
from sandbox.live.installed import find_at, find_in_bios_area, find_in_ram, ram_candidates
from sandbox.live.loader import checksummed_lengths
from sandbox.live.memory import CHUNK, SessionMemory
from sandbox.live.ram import names_firmware
from sandbox.live.tables import LOADER_FILE, LiveTables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.live.installed import Installed
    from sandbox.live.ram import RamMap
    from sandbox.live.session import LiveSession

TABLES_FILE: Final = "etc/acpi/tables"
PATIENCE_SECONDS: Final = 60.0
FIRST_PAUSE: Final = {True: 0.004, False: 0.1}
"""Seconds between two looks at first, on a PC and elsewhere: SeaBIOS is done in 30 ms, edk2 takes seconds."""
LONGEST_PAUSE: Final = 0.25
PAUSE_GROWTH: Final = 1.3

BIOS_ONLY_SECONDS: Final = 1.0
"""How long a PC with a firmware of the user's is taken to have a BIOS before its RAM is searched for UEFI's tables."""

NARROW: Final = 4 * CHUNK
"""How much of the top of RAM is looked through at first, again and again."""
LOOKS_BEFORE_WIDENING: Final = 16
LOOKS_PER_WIDTH: Final = 4


class FirmwareTables:
    """The tables that firmware installs; see :class:`sandbox.live.machine.InstalledTables`.

    Args:
        session: a session whose processors have not started yet.
        ram: the machine's RAM.
        seconds: how long firmware may take.

    Raises:
        LiveExit, LiveTimeout: QEMU ended, or does not answer.
    """

    def __init__(self, session: LiveSession, ram: RamMap, seconds: float = PATIENCE_SECONDS) -> None:
        self._session = session
        self._ram = ram
        self._seconds = seconds
        self._memory = SessionMemory(session)
        self._may_be_uefi = not ram.is_x86 or names_firmware(session.arguments)
        self._interrupted = False
        self._place: int | None = None
        with session.watch("looking for ACPI tables"):
            self._has_acpi = LOADER_FILE in session.fw_cfg_without_dma().directory()

    def tables(self) -> LiveTables:
        """Wait until firmware has installed its tables after a start or reset, and read them.

        Without ACPI (``-machine acpi=off``) there are none, and nothing is waited for.

        Raises:
            LiveExit: QEMU ended while it built them.
            LiveTimeout: firmware installs none in time.
            LiveError: the machine is paused, or the memory cannot be read.
        """
        if not self._has_acpi:
            return LiveTables(None, None, None)
        return LiveTables.among(self.wait().tables)

    def wait(self) -> Installed:
        """Wait until firmware has installed a whole set, and return it.

        Raises:
            LiveExit, LiveTimeout, LiveError: as :meth:`tables`.
        """
        began = time.monotonic()
        with self._session.watch("waiting until firmware has installed its tables"):
            for looks, pause in enumerate(_pauses(FIRST_PAUSE[self._ram.is_x86])):
                running, state = self._status()
                waited = time.monotonic() - began
                found = self._look(looks, waited)
                if found is not None:
                    return found
                if not running:
                    raise LiveError(
                        f"firmware has not installed its tables, and the machine is not running ({state}): let it run "
                        "with 'cont'"
                    )
                if waited > self._seconds:
                    raise LiveTimeout("waiting until firmware has installed its tables", self._seconds)
                time.sleep(pause)
        raise AssertionError  # the pauses never end

    def forget(self) -> None:
        """Pause the machine and make what is installed impossible to find; :meth:`resume` follows the reset.

        A machine that runs is given the time to install its tables first: so it has read those of this boot whenever
        the reset comes, and a PC that is reset while SeaBIOS copies itself into RAM never starts again.

        Raises:
            LiveExit, LiveTimeout, LiveError: QEMU ended, does not answer or refuses, or firmware installs nothing.
        """
        self._interrupted, state = self._status()
        if state == "prelaunch":
            return  # nothing has run since the last reset
        if self._interrupted:
            if self._has_acpi:
                self.wait()
            self._session.execute("stop")
        installed = find_in_bios_area(self._memory, self._ram) if self._ram.is_x86 else None
        if installed is not None:
            # the BIOS area may be read-only by now, the root table is not
            self._memory.write(installed.root, bytes(8))
        elif self._may_be_uefi:
            for address, _ in ram_candidates(self._memory, self._ram):
                self._memory.write(address, bytes(8))

    def resume(self) -> None:
        """Let the machine run again after a reset, if :meth:`forget` paused it.

        Raises:
            LiveExit, LiveTimeout: QEMU ended, or does not answer.
        """
        if self._interrupted:
            self._interrupted = False
            self._session.execute("cont")

    def _status(self) -> tuple[bool, str]:
        status = self._session.execute("query-status")
        assert isinstance(status, dict)
        return bool(status["running"]), str(status["status"])

    def _look(self, looks: int, waited: float) -> Installed | None:
        if self._ram.is_x86:
            found = find_in_bios_area(self._memory, self._ram)
            if found is not None or not self._may_be_uefi or waited < BIOS_ONLY_SECONDS:
                return found
        # at the next boot the set is where it was, as a rule
        found = None if self._place is None else find_at(self._memory, self._ram, self._place)
        if found is None and (self._place is None or looks % LOOKS_PER_WIDTH == LOOKS_PER_WIDTH - 1):
            width = NARROW << max(0, looks - LOOKS_BEFORE_WIDENING) // LOOKS_PER_WIDTH
            found = find_in_ram(self._memory, self._ram, width)
        if found is None or not self._is_whole(found):
            return None
        self._place = found.rsdp
        return found

    def _is_whole(self, found: Installed) -> bool:
        """Whether a set has all tables of the loader script.

        The machine is paused meanwhile, for the script is read from the device that firmware uses too.
        """
        running, _ = self._status()
        if running:
            self._session.execute("stop")
        try:
            device = self._session.fw_cfg_without_dma()
            loader = device.directory()[LOADER_FILE]
            wanted = Counter(checksummed_lengths(device.read(loader.key, loader.size), TABLES_FILE)[:-1])
        finally:
            if running:
                self._session.execute("cont")
        return wanted <= Counter(len(table) for table in self._with_dsdt(found))

    def _with_dsdt(self, found: Installed) -> Iterator[bytes]:
        yield from found.tables
        for table in found.tables:
            if table[:4] == b"FACP":
                try:
                    yield read_table(dsdt_address(table), self._memory.read)
                except DecodeError:
                    return


def _pauses(pause: float) -> Iterator[float]:
    while True:
        yield pause
        pause = min(LONGEST_PAUSE, pause * PAUSE_GROWTH)
