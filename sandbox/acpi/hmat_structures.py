"""The structures of HMAT revision 2; all integers are little-endian on the wire.

``reserved`` holds the reserved fields in the order in which they lie, the one behind the type first.
"""

from __future__ import annotations

from struct import Struct
from typing import ClassVar, TypeAlias

from sandbox.records import record

STRUCTURE_HEADER_LENGTH = 8

_ATTRIBUTES = Struct("<HHIHHIIIQQ")
_LOCALITY = Struct("<HHIBBBBIIIQ")
_CACHE = Struct("<HHIIIQIHH")
_UNKNOWN = Struct("<HHI")


@record
class MemoryProximityDomainAttributes:
    """Which initiator a memory proximity domain is attached to. 40 bytes.

    ``flags`` (u16) bit 0: ``initiator_pxm`` is valid.

    Source: ACPI 6.5, 5.2.28.3 "Memory Proximity Domain Attributes Structure".
    """

    flags: int
    initiator_pxm: int
    memory_pxm: int
    reserved: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    type: ClassVar[int] = 0

    def encode(self) -> bytes:
        """The 40 bytes of the structure."""
        first, second, third, fourth, fifth = self.reserved
        return _ATTRIBUTES.pack(
            0, first, 40, self.flags, second, self.initiator_pxm, self.memory_pxm, third, fourth, fifth
        )

    @classmethod
    def decode(cls, data: bytes) -> MemoryProximityDomainAttributes | None:
        """Reads a structure of type 0; None if its length is not the specified one."""
        if len(data) != _ATTRIBUTES.size:
            return None
        _, first, _, flags, second, initiator_pxm, memory_pxm, *rest = _ATTRIBUTES.unpack(data)
        return cls(flags, initiator_pxm, memory_pxm, (first, second, rest[0], rest[1], rest[2]))


@record
class LocalityLatencyBandwidth:
    """Latencies or bandwidths from initiators to targets. 32 + 4 S + 4 T + 2 S T bytes.

    ``initiators`` and ``targets`` are proximity domains (u32); ``entries`` has a row of T values (u16) for each of
    the S initiators. A value times ``entry_base_unit`` (u64) is a latency in picoseconds (``data_type`` 0 to 2)
    or a bandwidth in MB/s (3 to 5); 0xffff means unreachable. ``flags`` (u8) has the memory hierarchy in bits 3:0.

    Source: ACPI 6.5, 5.2.28.4 "System Locality Latency and Bandwidth Information Structure".
    """

    flags: int
    data_type: int
    initiators: tuple[int, ...]
    targets: tuple[int, ...]
    entry_base_unit: int
    entries: tuple[tuple[int, ...], ...]
    min_transfer_size: int = 0
    reserved: tuple[int, int, int] = (0, 0, 0)

    type: ClassVar[int] = 1

    def encode(self) -> bytes:
        """The structure's bytes."""
        sources, targets = len(self.initiators), len(self.targets)
        if len(self.entries) != sources or any(len(row) != targets for row in self.entries):
            raise ValueError(f"{sources} initiators and {targets} targets need {sources} rows of {targets} entries")
        first, second, third = self.reserved
        fixed = _LOCALITY.pack(
            1, first, _locality_length(sources, targets), self.flags, self.data_type, self.min_transfer_size,
            second, sources, targets, third, self.entry_base_unit,
        )  # fmt: skip
        lists = Struct(f"<{sources + targets}I").pack(*self.initiators, *self.targets)
        return fixed + lists + b"".join([Struct(f"<{targets}H").pack(*row) for row in self.entries])

    @classmethod
    def decode(cls, data: bytes) -> LocalityLatencyBandwidth | None:
        """Reads a structure of type 1; None if its length is not the one that follows from S and T."""
        if len(data) < _LOCALITY.size:
            return None
        _, first, _, flags, data_type, transfer, second, *rest = _LOCALITY.unpack_from(data)
        sources, targets, third, base = rest
        if len(data) != _locality_length(sources, targets):
            return None
        pxms = Struct(f"<{sources + targets}I").unpack_from(data, _LOCALITY.size)
        row = Struct(f"<{targets}H")
        start = _LOCALITY.size + 4 * len(pxms)
        entries = tuple([row.unpack_from(data, start + row.size * i) for i in range(sources)])
        reserved = (first, second, third)
        return cls(flags, data_type, pxms[:sources], pxms[sources:], base, entries, transfer, reserved)


@record
class MemorySideCache:
    """A cache in front of the memory of a proximity domain. 32 + 2 n bytes for n SMBIOS handles (u16).

    ``size`` (u64) in bytes. ``attributes`` (u32): bits 3:0 cache levels, 7:4 this level, 11:8 associativity,
    15:12 write policy, 31:16 line size in bytes.

    Source: ACPI 6.5, 5.2.28.5 "Memory Side Cache Information Structure".
    """

    memory_pxm: int
    size: int
    attributes: int
    smbios_handles: tuple[int, ...] = ()
    reserved: tuple[int, int, int] = (0, 0, 0)

    type: ClassVar[int] = 2

    def encode(self) -> bytes:
        """The structure's bytes."""
        first, second, third = self.reserved
        count = len(self.smbios_handles)
        length = _CACHE.size + 2 * count
        fixed = _CACHE.pack(2, first, length, self.memory_pxm, second, self.size, self.attributes, third, count)
        return fixed + Struct(f"<{count}H").pack(*self.smbios_handles)

    @classmethod
    def decode(cls, data: bytes) -> MemorySideCache | None:
        """Reads a structure of type 2; None if its length is not the one that follows from n."""
        if len(data) < _CACHE.size:
            return None
        _, first, _, memory_pxm, second, size, attributes, third, count = _CACHE.unpack_from(data)
        if len(data) != _CACHE.size + 2 * count:
            return None
        handles = Struct(f"<{count}H").unpack_from(data, _CACHE.size)
        return cls(memory_pxm, size, attributes, handles, (first, second, third))


@record
class UnknownHmatStructure:
    """A structure that no class stands for: a type (u16) not known here, or a length that its content contradicts.

    ``body`` is what follows type, reserved field and length; ``reserved`` is the u16 behind the type.
    """

    type: int
    body: bytes
    reserved: int = 0

    def encode(self) -> bytes:
        """The structure with its eight leading bytes."""
        data = _UNKNOWN.pack(self.type, self.reserved, STRUCTURE_HEADER_LENGTH + len(self.body)) + self.body
        if decode_structure(data) != self:
            raise ValueError(f"this structure of type {self.type} has a class of its own")
        return data


HmatStructure: TypeAlias = (
    MemoryProximityDomainAttributes | LocalityLatencyBandwidth | MemorySideCache | UnknownHmatStructure
)

_BY_TYPE = (MemoryProximityDomainAttributes, LocalityLatencyBandwidth, MemorySideCache)


def decode_structure(data: bytes) -> HmatStructure:
    """Reads one structure: at least 8 bytes, as many as its length field says. Every such value decodes."""
    structure_type, reserved, _ = _UNKNOWN.unpack_from(data)
    known = _BY_TYPE[structure_type].decode(data) if structure_type < len(_BY_TYPE) else None
    return known or UnknownHmatStructure(structure_type, data[STRUCTURE_HEADER_LENGTH:], reserved)


def _locality_length(sources: int, targets: int) -> int:
    return _LOCALITY.size + 4 * (sources + targets) + 2 * sources * targets
