"""The SRAT structure for a range of memory: type 1."""

from __future__ import annotations

from struct import Struct
from typing import ClassVar

from sandbox.records import record

_MEMORY = Struct("<BBIHQQIIQ")

ENABLED = 1
HOT_PLUGGABLE = 2
NON_VOLATILE = 4


@record
class MemoryAffinity:
    """A range of physical memory: base and length in bytes (u64), little-endian as everything else. 40 bytes.

    ``flags`` has the bits ENABLED, HOT_PLUGGABLE and NON_VOLATILE; ``reserved`` holds the reserved u16, u32 and u64.

    Source: ACPI 6.5, 5.2.16.2 "Memory Affinity Structure".
    """

    pxm: int
    base: int
    length: int
    flags: int = ENABLED
    reserved: tuple[int, int, int] = (0, 0, 0)

    type: ClassVar[int] = 1
    LENGTH: ClassVar[int] = 40

    def encode(self) -> bytes:
        """The 40 bytes of the structure."""
        first, second, third = self.reserved
        return _MEMORY.pack(1, 40, self.pxm, first, self.base, self.length, second, self.flags, third)

    @classmethod
    def decode(cls, data: bytes, offset: int) -> MemoryAffinity:
        """Reads the 40 bytes at ``offset``."""
        _, _, pxm, first, base, length, second, flags, third = _MEMORY.unpack_from(data, offset)
        return cls(pxm, base, length, flags, (first, second, third))
