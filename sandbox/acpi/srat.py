"""SRAT, the System Resource Affinity Table: which processors, memory and devices lie in which proximity domain."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, TypeAlias

from sandbox.acpi.header import (
    HEADER_LENGTH,
    TableHeader,
    decode_table,
    encode_table,
    require_signature,
    table_too_short,
)
from sandbox.acpi.srat_devices import GenericInitiatorAffinity, GenericPortAffinity
from sandbox.acpi.srat_memory import MemoryAffinity
from sandbox.acpi.srat_processors import (
    GiccAffinity,
    GicItsAffinity,
    ProcessorAffinity,
    RintcAffinity,
    X2ApicAffinity,
)
from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ENTRIES_OFFSET",
    "SIGNATURE",
    "GenericInitiatorAffinity",
    "GenericPortAffinity",
    "GicItsAffinity",
    "GiccAffinity",
    "MemoryAffinity",
    "ProcessorAffinity",
    "RintcAffinity",
    "Srat",
    "SratEntry",
    "UnknownStructure",
    "X2ApicAffinity",
    "decode_entry",
    "decode_srat",
    "encode_srat",
    "entry_spans",
    "specified_length",
]

SIGNATURE = "SRAT"
ENTRIES_OFFSET = 48
"""Where the first entry lies, counted from the table's start."""

_FIXED = Struct("<IQ")
_ENTRY_HEADER = Struct("<BB")


@record
class UnknownStructure:
    """A structure that no class stands for: a type (u8) not known here, or a known one with a length not specified.

    ``body`` is what follows the type and length bytes, 0 to 253 bytes.
    """

    type: int
    body: bytes

    def encode(self) -> bytes:
        """The structure with its two leading bytes."""
        length = 2 + len(self.body)
        if specified_length(self.type) == length:
            raise ValueError(f"a structure of type {self.type} and {length} bytes has a class of its own")
        return _ENTRY_HEADER.pack(self.type, length) + self.body


SratEntry: TypeAlias = (
    ProcessorAffinity
    | MemoryAffinity
    | X2ApicAffinity
    | GiccAffinity
    | GicItsAffinity
    | GenericInitiatorAffinity
    | GenericPortAffinity
    | RintcAffinity
    | UnknownStructure
)

_BY_TYPE = (
    ProcessorAffinity,
    MemoryAffinity,
    X2ApicAffinity,
    GiccAffinity,
    GicItsAffinity,
    GenericInitiatorAffinity,
    GenericPortAffinity,
    RintcAffinity,
)


@record
class Srat:
    """The whole table. ``reserved`` is the u32 that must be 1 and the u64 that must be 0, in front of the entries.

    Source: ACPI 6.5, 5.2.16 "System Resource Affinity Table (SRAT)".
    """

    header: TableHeader
    entries: tuple[SratEntry, ...]
    reserved: tuple[int, int] = (1, 0)


def specified_length(entry_type: int) -> int | None:
    """How many bytes a structure of this type has by the specification; None for a type not known here."""
    return _BY_TYPE[entry_type].LENGTH if 0 <= entry_type < len(_BY_TYPE) else None


def encode_srat(srat: Srat) -> bytes:
    """The table's bytes with the right length and checksum.

    Raises:
        ValueError: the header is another table's, or a bytes field has not its length.
        struct.error: an integer is too large for its field.
    """
    if srat.header.signature != SIGNATURE:
        raise ValueError(f"the header's signature is {srat.header.signature!r}, not {SIGNATURE!r}")
    entries = b"".join([entry.encode() for entry in srat.entries])
    return encode_table(srat.header, _FIXED.pack(*srat.reserved) + entries)


def decode_srat(data: bytes) -> Srat:
    """Reads a whole table. ``with_checksum(encode_srat(decode_srat(data)), data[9]) == data``.

    Raises:
        DecodeError: the header is not that of an SRAT of this length, or an entry's length is 0, 1 or past the end.
    """
    header, body = decode_table(data)
    require_signature(header, SIGNATURE)
    if len(body) < _FIXED.size:
        raise table_too_short(SIGNATURE, len(data), ENTRIES_OFFSET)
    entries = tuple([decode_entry(data, *span) for span in entry_spans(data, len(data))])
    return Srat(header, entries, _FIXED.unpack_from(data, HEADER_LENGTH))


def entry_spans(data: bytes, end: int) -> Iterator[tuple[int, int, int]]:
    """Walks over the entries from the first one up to ``end``: gives (offset, type, length) of each.

    Raises:
        DecodeError: at the first entry whose length is 0, 1, missing, or past ``end``; the ones before it were given.
    """
    offset = ENTRIES_OFFSET
    while offset < end:
        if end - offset < 2:
            raise DecodeError(f"structure type {data[offset]} stands at the end of the table, without a length", offset)
        entry_type = data[offset]
        length = data[offset + 1]
        if length < 2:
            raise DecodeError(f"the structure of type {entry_type} has the length {length}", offset)
        if offset + length > end:
            raise DecodeError(
                f"the structure of type {entry_type} has the length {length}, but {end - offset} bytes are left",
                offset,
            )
        yield offset, entry_type, length
        offset += length


def decode_entry(data: bytes, offset: int, entry_type: int, length: int) -> SratEntry:
    """Reads one entry whose extent :func:`entry_spans` gave; every such entry decodes."""
    if length == specified_length(entry_type):
        return _BY_TYPE[entry_type].decode(data, offset)
    return UnknownStructure(entry_type, data[offset + 2 : offset + length])
