"""The table loader: what firmware does with QEMU's ACPI files before a guest sees them.

QEMU hands out its tables with pointers relative to their files and with checksums still open, together with a script
that allocates the files, adds their addresses to the pointers and fills in the checksums. :func:`install` runs that
script on values.

Source: QEMU 10.0 behaviour (file ``etc/table-loader``). Numbers are little-endian, names are padded with zeros to 56
bytes; a command that is not known is skipped, as firmware does.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_LENGTH: Final = 128

ALLOCATE: Final = 1
ADD_POINTER: Final = 2
ADD_CHECKSUM: Final = 3
WRITE_POINTER: Final = 4

ZONE_FSEG: Final = 2

COMMAND: Final = struct.Struct("<I")
ALLOCATE_BODY: Final = struct.Struct("<56sIB")
"""File, alignment, zone."""
POINTER_BODY: Final = struct.Struct("<56s56sIB")
"""File that holds the pointer, file it points into, offset of the pointer, its size."""
CHECKSUM_BODY: Final = struct.Struct("<56sIII")
"""File, offset of the checksum, start and length of what it covers."""
WRITE_BODY: Final = struct.Struct("<56s56sIIB")
"""File to write to, file to point into, offset of the pointer, offset within the file pointed into, size."""

FSEG_BASE: Final = 0xF0000
HIGH_BASE: Final = 0x70000000
"""Where files are laid. Firmware chooses other addresses; no SRAT, SLIT or HMAT holds one."""


@record
class InstalledFile:
    """A file in guest memory: its guest physical address and its bytes, pointers and checksums filled in."""

    address: int
    data: bytes


@record
class PointerWrite:
    """An address that firmware writes back into a file of QEMU's: the file, the offset in it, the bytes."""

    file: str
    offset: int
    data: bytes


@record
class Installed:
    """What the script leaves: the files by name, and what firmware would write back."""

    files: Mapping[str, InstalledFile]
    writes: tuple[PointerWrite, ...]


def allocated_files(script: bytes) -> tuple[str, ...]:
    """Return the names of the files that a loader script allocates: those that :func:`install` wants."""
    records = (script[offset : offset + RECORD_LENGTH] for offset in range(0, len(script), RECORD_LENGTH))
    return tuple(
        _name(ALLOCATE_BODY.unpack_from(record, COMMAND.size)[0])
        for record in records
        if len(record) == RECORD_LENGTH and COMMAND.unpack_from(record) == (ALLOCATE,)
    )


def checksummed_lengths(script: bytes, file: str) -> list[int]:
    """Return the lengths of what a loader script checksums in one file: of its ACPI tables, in the script's order."""
    lengths = []
    for offset in range(0, len(script) - RECORD_LENGTH + 1, RECORD_LENGTH):
        if COMMAND.unpack_from(script, offset) == (ADD_CHECKSUM,):
            padded, _, _, length = CHECKSUM_BODY.unpack_from(script, offset + COMMAND.size)
            if _name(padded) == file:
                lengths.append(length)
    return lengths


def used_length(script: bytes, file: str) -> int:
    """Return how many bytes of a file a loader script checksums and points to; zeros stand behind a file's tables.

    0 for a file without checksums, whose use is not known.
    """
    end = 0
    for offset in range(0, len(script) - RECORD_LENGTH + 1, RECORD_LENGTH):
        if COMMAND.unpack_from(script, offset) == (ADD_CHECKSUM,):
            padded, at, start, length = CHECKSUM_BODY.unpack_from(script, offset + COMMAND.size)
            if _name(padded) == file:
                end = max(end, at + 1, start + length)
        elif COMMAND.unpack_from(script, offset) == (ADD_POINTER,):
            padded, _, at, size = POINTER_BODY.unpack_from(script, offset + COMMAND.size)
            if _name(padded) == file:
                end = max(end, at + size)
    return end if checksummed_lengths(script, file) else 0


def install(script: bytes, files: Mapping[str, bytes]) -> Installed:
    """Run a loader script.

    Args:
        script: the bytes of ``etc/table-loader``; zeros at the end are padding.
        files: the files that it names, as fw_cfg gives them.

    Raises:
        DecodeError: the script names a file that is not there or not allocated, or points beyond the end of one. The
            offset counts from the start of the script.
    """
    if len(script) % RECORD_LENGTH:
        raise DecodeError("the loader script is cut off", len(script) - len(script) % RECORD_LENGTH)
    memory = _Memory(files)
    for offset in range(0, len(script), RECORD_LENGTH):
        (command,) = COMMAND.unpack_from(script, offset)
        memory.offset = offset
        at = offset + COMMAND.size
        if command == ALLOCATE:
            memory.allocate(*ALLOCATE_BODY.unpack_from(script, at))
        elif command == ADD_POINTER:
            memory.add_pointer(*POINTER_BODY.unpack_from(script, at))
        elif command == ADD_CHECKSUM:
            memory.add_checksum(*CHECKSUM_BODY.unpack_from(script, at))
        elif command == WRITE_POINTER:
            memory.write_pointer(*WRITE_BODY.unpack_from(script, at))
    return memory.installed()


class _Memory:
    """The state of a running script: what is allocated, and the offset of the record that is being run."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.offset = 0
        self._files = files
        self._next = {True: FSEG_BASE, False: HIGH_BASE}
        self._placed: dict[str, tuple[int, bytearray]] = {}
        self._writes: list[PointerWrite] = []

    def allocate(self, padded: bytes, alignment: int, zone: int) -> None:
        name = _name(padded)
        if name not in self._files or name in self._placed:
            raise DecodeError(f"the loader allocates {name!r}, which is missing or allocated already", self.offset)
        if alignment.bit_count() != 1:
            raise DecodeError(f"the loader wants {name!r} aligned to {alignment}, no power of two", self.offset)
        in_fseg = zone == ZONE_FSEG
        address = -(-self._next[in_fseg] // alignment) * alignment
        self._next[in_fseg] = address + len(self._files[name])
        self._placed[name] = (address, bytearray(self._files[name]))

    def add_pointer(self, padded: bytes, padded_target: bytes, offset: int, size: int) -> None:
        data = self._file(padded)[1]
        field = self._span(data, offset, size)
        value = int.from_bytes(data[field], "little") + self._file(padded_target)[0]
        data[field] = self._pointer(value, size)

    def add_checksum(self, padded: bytes, offset: int, start: int, length: int) -> None:
        data = self._file(padded)[1]
        field = self._span(data, offset, 1)
        total = sum(data[self._span(data, start, length)])
        data[field] = bytes([(data[offset] - total) & 0xFF])

    def write_pointer(self, padded: bytes, padded_target: bytes, offset: int, target_offset: int, size: int) -> None:
        address = self._file(padded_target)[0] + target_offset
        self._writes.append(PointerWrite(_name(padded), offset, self._pointer(address, size)))

    def installed(self) -> Installed:
        files = {name: InstalledFile(address, bytes(data)) for name, (address, data) in self._placed.items()}
        return Installed(files, tuple(self._writes))

    def _file(self, padded: bytes) -> tuple[int, bytearray]:
        name = _name(padded)
        if name not in self._placed:
            raise DecodeError(f"the loader uses {name!r} before it is allocated", self.offset)
        return self._placed[name]

    def _span(self, data: bytearray, start: int, length: int) -> slice:
        if start + length > len(data):
            raise DecodeError(f"the loader reaches to {start + length} in a file of {len(data)} bytes", self.offset)
        return slice(start, start + length)

    def _pointer(self, value: int, size: int) -> bytes:
        if size not in {1, 2, 4, 8} or value >> (8 * size):
            raise DecodeError(f"the loader fits {value:#x} into {size} bytes", self.offset)
        return value.to_bytes(size, "little")


def _name(padded: bytes) -> str:
    return padded.partition(b"\0")[0].decode(errors="backslashreplace")
