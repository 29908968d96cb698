"""Finding the ACPI tables that firmware has installed in guest memory.

On a PC the RSDP lies in the BIOS area or in the first KiB of the extended BIOS data area, on a multiple of 16; UEFI
puts it anywhere in RAM, in practice near the top of it. What looks like one is taken only if everything that it leads
to holds: lengths, checksums, and pointers into RAM.

Source: ACPI 6.5, 5.2.5.1 (PC), 5.2.5.2 (UEFI), 5.2.5.3 (RSDP). SeaBIOS 1.16 puts the RSDP into the BIOS area, edk2 at
an address of which only the lowest three bits are always 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.live.chain import LONG_RSDP, RSDP_SIGNATURE, read_chain, rsdp_in
from sandbox.live.memory import CHUNK
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.live.memory import GuestMemory
    from sandbox.live.ram import RamMap, RamRange

BIOS_AREA: Final = 0xE_0000
BIOS_AREA_SIZE: Final = 0x2_0000
EBDA_POINTER: Final = 0x40E
"""Where a PC keeps the segment of its extended BIOS data area: 16 bits, in units of 16 bytes."""
EBDA_LOWEST: Final = 0x8_0000
EBDA_END: Final = 0xA_0000
EBDA_SEARCHED: Final = 1024
ALIGNMENT: Final = 16
NEAR: Final = 8 * CHUNK
"""How much of the top of RAM is looked through first: edk2's set has been met up to 60 MiB below it."""


@record
class Installed:
    """A set of tables in guest memory that holds together.

    Attributes:
        rsdp: the address of its RSDP.
        root: the address of its RSDT or XSDT.
        in_bios_area: whether the RSDP lies where a PC's BIOS puts it.
        tables: every table of the root table, whole, in its order.
    """

    rsdp: int
    root: int
    in_bios_area: bool
    tables: tuple[bytes, ...]


def find_in_bios_area(memory: GuestMemory, ram: RamMap) -> Installed | None:
    """Return the set of tables that a PC's BIOS has installed, if it has.

    Raises:
        LiveError: the memory cannot be read.
    """
    for address, rsdp in bios_candidates(memory):
        try:
            return follow(memory, ram, address, rsdp, in_bios_area=True)
        except DecodeError:
            continue
    return None


def find_in_ram(memory: GuestMemory, ram: RamMap, window: int | None = None) -> Installed | None:
    """Return the set of tables that UEFI has installed, if it has; of several the first that is met.

    Args:
        memory: the guest's memory.
        ram: where to look: at the top of each range first.
        window: how many bytes at the top of each range to look through; None: all.

    Raises:
        LiveError: the memory cannot be read.
    """
    for address, rsdp in ram_candidates(memory, ram, window):
        try:
            return follow(memory, ram, address, rsdp)
        except DecodeError:
            continue
    return None


def find_at(memory: GuestMemory, ram: RamMap, address: int) -> Installed | None:
    """Return the set of tables of an RSDP at an address in RAM, if there is one.

    Raises:
        LiveError: the memory cannot be read.
    """
    rsdp = rsdp_in(memory.read(address, LONG_RSDP), 0)
    try:
        return None if rsdp is None else follow(memory, ram, address, rsdp)
    except DecodeError:
        return None


def follow(memory: GuestMemory, ram: RamMap, address: int, rsdp: bytes, *, in_bios_area: bool = False) -> Installed:
    """Return what an RSDP leads to.

    Raises:
        DecodeError: it leads out of RAM, or to something that is no table.
        LiveError: the memory cannot be read.
    """

    def read(start: int, size: int) -> bytes:
        if not ram.holds(start, size, perhaps=in_bios_area):
            raise DecodeError(f"{size} bytes at {start:#x} are not in RAM")
        return memory.read(start, size)

    chain = read_chain(rsdp, read)
    return Installed(address, chain.root, in_bios_area, chain.tables)


def bios_candidates(memory: GuestMemory) -> Iterator[tuple[int, bytes]]:
    """Yield address and bytes of each RSDP where a PC's BIOS may have put one.

    Raises:
        LiveError: the memory cannot be read.
    """
    yield from _candidates(memory.read(BIOS_AREA, BIOS_AREA_SIZE), BIOS_AREA, ALIGNMENT)
    start = int.from_bytes(memory.read(EBDA_POINTER, 2), "little") << 4
    if EBDA_LOWEST <= start <= EBDA_END - EBDA_SEARCHED:
        yield from _candidates(memory.read(start, EBDA_SEARCHED), start, ALIGNMENT)


def ram_candidates(memory: GuestMemory, ram: RamMap, window: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield address and bytes of each RSDP in RAM, downwards from the top of each range, then in what is below that.

    Args:
        memory: the guest's memory.
        ram: where to look.
        window: how many bytes at the top of each range to look through; None: all.

    Raises:
        LiveError: the memory cannot be read.
    """
    near = NEAR if window is None else window
    for part in ram.ranges:
        yield from _downwards(memory, part, part.end, max(part.start, part.end - near))
    for part in ram.ranges if window is None else ():
        yield from _downwards(memory, part, part.end - near, part.start)


def _downwards(memory: GuestMemory, part: RamRange, top: int, bottom: int) -> Iterator[tuple[int, bytes]]:
    while top > bottom:
        start = max(bottom, top - CHUNK)
        # an RSDP may begin in this chunk and end in the one above it
        data = memory.read(start, min(top + LONG_RSDP, part.end) - start)
        yield from reversed([found for found in _candidates(data, start, 1) if found[0] < top])
        top = start


def _candidates(data: bytes, start: int, alignment: int) -> Iterator[tuple[int, bytes]]:
    at = data.find(RSDP_SIGNATURE)
    while at >= 0:
        rsdp = rsdp_in(data, at) if (start + at) % alignment == 0 else None
        if rsdp is not None:
            yield start + at, rsdp
        at = data.find(RSDP_SIGNATURE, at + 1)
