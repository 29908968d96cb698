"""SRAT as Linux walks over it: entry by entry, without a check of what the lengths lead to.

The codec in :mod:`sandbox.acpi` refuses a broken table; a kernel reads on, behind the table's end too. What lies there
is the next table that it was given, and zeros behind that.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from sandbox.acpi.header import HEADER_LENGTH
from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRIES: Final = 48
PROCESSOR: Final = 0
MEMORY: Final = 1
X2APIC: Final = 2
GICC: Final = 3
INITIATOR: Final = 5
PORT: Final = 6

_U32: Final = Struct("<I")
_U64: Final = Struct("<Q")
_LEAST: Final = 3
_BEHIND: Final = bytes(256)

NAMES: Final = {
    PROCESSOR: "processor",
    MEMORY: "memory",
    X2APIC: "x2APIC processor",
    GICC: "GICC processor",
    INITIATOR: "Generic Initiator",
    PORT: "Generic Port",
}


@record
class Entry:
    """An entry where it lies.

    Attributes:
        index: its place among all entries, from 0.
        type: its type (u8).
        length: what it says of its length (u8); 0 ends the walk.
        data: the table, with what lies behind it.
        offset: where it lies in ``data``.
    """

    index: int
    type: int
    length: int
    data: bytes
    offset: int

    def byte(self, place: int) -> int:
        """The byte at a place of the entry, also behind its end."""
        return self.data[self.offset + place]

    def u32(self, place: int) -> int:
        """The 32-bit number at a place of the entry."""
        found: int = _U32.unpack_from(self.data, self.offset + place)[0]
        return found

    def u64(self, place: int) -> int:
        """The 64-bit number at a place of the entry."""
        found: int = _U64.unpack_from(self.data, self.offset + place)[0]
        return found

    @property
    def name(self) -> str:
        """What it is called."""
        return NAMES.get(self.type, f"type {self.type}")


def revision(table: bytes) -> int:
    """Return SRAT's revision."""
    return table[8]


def entries(table: bytes, behind: bytes = b"") -> Iterator[Entry]:
    """Walk over the entries as Linux does: while three bytes are left. One of length 0 is the last.

    Args:
        table: the table.
        behind: what lies behind it in memory; zeros follow.

    Raises:
        DecodeError: there is no whole header.
    """
    if len(table) < HEADER_LENGTH:
        raise DecodeError(f"the table ends after {len(table)} bytes, a header has {HEADER_LENGTH}", len(table))
    end = min(_U32.unpack_from(table, 4)[0], len(table) + len(_BEHIND) // 2)
    data = table + behind + _BEHIND + _BEHIND
    offset, index = ENTRIES, 0
    while offset + _LEAST <= end:
        entry = Entry(index, data[offset], data[offset + 1], data, offset)
        yield entry
        if not entry.length:
            return
        offset += entry.length
        index += 1
