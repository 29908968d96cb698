"""QEMU's fw_cfg device, read through qtest the way firmware reads it.

Selecting a file of ACPI data for the first time after a reset makes QEMU build its tables anew, and their sizes may
then differ from those in the directory: list the directory after the first selection. Data comes by DMA into guest
memory that the reader takes for scratch (so the guest is not to be resumed without a reset), or byte by byte where
the device has no DMA.

Source: QEMU 10.0 behaviour; the Linux and QEMU documents of the fw_cfg interface. Keys, lengths and addresses in the
device's own structures are big-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from sandbox.live.errors import LiveError
from sandbox.live.qtest import decode_memory, memory_read, memory_write
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.live.qtest import QtestConnection

KEY_SIGNATURE: Final = 0x00
KEY_FEATURES: Final = 0x01
KEY_DIRECTORY: Final = 0x19
FEATURE_DMA: Final = 1 << 1
SIGNATURE: Final = b"QEMU"

DMA_ERROR: Final = 1 << 0
DMA_READ: Final = 1 << 1
DMA_SELECT: Final = 1 << 3
DMA_CONTROL: Final = struct.Struct(">IIQ")
"""Control word (the key in its upper half), length, guest address."""

COUNT: Final = struct.Struct(">I")
ENTRY: Final = struct.Struct(">IHH56s")
"""Size, key, reserved, name."""

USUAL_ENTRIES: Final = 40
"""How many files a directory seldom has more of: one read is enough then."""

DMA_CHUNK: Final = 256 * 1024
BYTES_AT_ONCE: Final = 1024


@record
class FileEntry:
    """One file of the directory: its name, the key that selects it, its size in bytes."""

    name: str
    key: int
    size: int


@record
class FwCfgPlace:
    """Where a machine has its fw_cfg device.

    Attributes:
        select: the qtest command that selects a key, with ``{key}`` in it.
        read: the qtest command that reads the next byte.
        dma: the qtest command that starts a DMA, with ``{address}`` in it: the lower half of the address register.
        swapped_key: the key register is big-endian, while qtest writes little-endian numbers.
        scratch: guest physical address of memory for the transfers: ``DMA_CHUNK`` and one page.
    """

    select: str
    read: str
    dma: str
    swapped_key: bool
    scratch: int


X86: Final = FwCfgPlace("outw 0x510 {key}", "inb 0x511", "outl 0x518 {address}", swapped_key=False, scratch=0x10000)
"""I/O ports, as every x86 machine has them; scratch in the first 640 KiB."""

ARM_VIRT: Final = FwCfgPlace(
    "writew 0x9020008 {key}", "readb 0x9020000", "writel 0x9020014 {address}", swapped_key=True, scratch=0x40000000
)
"""Memory-mapped, as ``virt`` has it; scratch at the start of RAM, over the device tree, which a reset puts back."""

PLACES: Final = {"x86_64": X86, "i386": X86, "aarch64": ARM_VIRT, "arm": ARM_VIRT}
"""By the name of the target, as ``query-target`` gives it."""


class FwCfg:
    """The fw_cfg device of one machine."""

    def __init__(self, qtest: QtestConnection, place: FwCfgPlace, *, may_use_dma: bool = True) -> None:
        """Look whether the device is there, and whether it has DMA.

        Args:
            qtest: the connection.
            place: where the device is.
            may_use_dma: whether guest memory may be used for it.

        Raises:
            LiveError: there is no fw_cfg device at this place.
        """
        self._qtest = qtest
        self._place = place
        self._keys: dict[str, int] = {}
        signature = self._read_slowly(KEY_SIGNATURE, len(SIGNATURE))
        if signature != SIGNATURE:
            raise LiveError(f"no fw_cfg device: its signature reads {signature!r}")
        features = int.from_bytes(self._read_slowly(KEY_FEATURES, 4), "little")
        self.has_dma: Final = may_use_dma and bool(features & FEATURE_DMA)

    def select(self, key: int) -> None:
        """Select an item; the first selection of an ACPI file after a reset builds the tables."""
        self._qtest.run((self._select(key),))

    def directory(self) -> dict[str, FileEntry]:
        """Return the files by name, with the sizes they have now."""
        guess = USUAL_ENTRIES if self.has_dma else 0  # what is beyond the end reads as zeros
        data = self.read(KEY_DIRECTORY, COUNT.size + guess * ENTRY.size)
        (count,) = COUNT.unpack_from(data)
        if count > guess:
            data = self.read(KEY_DIRECTORY, COUNT.size + count * ENTRY.size)
        listing = data[COUNT.size : COUNT.size + count * ENTRY.size]
        entries = {}
        for size, key, _, padded in ENTRY.iter_unpack(listing):
            name = padded.partition(b"\0")[0].decode(errors="backslashreplace")
            entries[name] = FileEntry(name, key, size)
        self._keys.update((name, entry.key) for name, entry in entries.items())
        return entries

    def key(self, name: str) -> int | None:
        """Return the key of a file, which never changes; None if there is no such file."""
        if name not in self._keys:
            self.directory()
        return self._keys.get(name)

    def read(self, key: int, length: int) -> bytes:
        """Select an item and return its first ``length`` bytes.

        Raises:
            LiveError: the device reports an error.
        """
        return self._read_by_dma(key, length) if self.has_dma else self._read_slowly(key, length)

    def _select(self, key: int) -> str:
        value = int.from_bytes(key.to_bytes(2, "little"), "big") if self._place.swapped_key else key
        return self._place.select.format(key=f"{value:#x}")

    def _read_slowly(self, key: int, length: int) -> bytes:
        data = bytearray()
        commands = [self._select(key)]
        while len(data) < length:
            commands += [self._place.read] * min(BYTES_AT_ONCE, length - len(data))
            data += bytes(int(answer, 0) for answer in self._qtest.run(commands) if answer)
            commands = []
        return bytes(data)

    def _read_by_dma(self, key: int, length: int) -> bytes:
        control_at, data_at = self._place.scratch, self._place.scratch + 0x1000
        start = self._place.dma.format(address=f"{int.from_bytes(control_at.to_bytes(4, 'little'), 'big'):#x}")
        control = key << 16 | DMA_SELECT | DMA_READ
        data = bytearray()
        while len(data) < length:
            size = min(DMA_CHUNK, length - len(data))
            request = DMA_CONTROL.pack(control, size, data_at)
            *_, status, part = self._qtest.run(
                (memory_write(control_at, request), start, memory_read(control_at, 4), memory_read(data_at, size))
            )
            left = int.from_bytes(decode_memory(status), "big")
            if left:
                raise LiveError(f"fw_cfg DMA of key {key:#x}: control word {left:#x}")
            data += decode_memory(part)
            control = DMA_READ
        return bytes(data)
