"""HMAT, the Heterogeneous Memory Attributes Table: latencies, bandwidths and caches of memory."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from sandbox.acpi.header import TableHeader, decode_table, encode_table, require_signature, table_too_short
from sandbox.acpi.hmat_structures import (
    STRUCTURE_HEADER_LENGTH,
    HmatStructure,
    LocalityLatencyBandwidth,
    MemoryProximityDomainAttributes,
    MemorySideCache,
    UnknownHmatStructure,
    decode_structure,
)
from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "SIGNATURE",
    "STRUCTURES_OFFSET",
    "Hmat",
    "HmatStructure",
    "LocalityLatencyBandwidth",
    "MemoryProximityDomainAttributes",
    "MemorySideCache",
    "UnknownHmatStructure",
    "decode_hmat",
    "decode_structure",
    "encode_hmat",
    "structure_spans",
]

SIGNATURE = "HMAT"
STRUCTURES_OFFSET = 40
"""Where the first structure lies, counted from the table's start."""

_RESERVED = Struct("<I")
_STRUCTURE_HEADER = Struct("<HHI")


@record
class Hmat:
    """The whole table. ``reserved`` is the u32 in front of the structures.

    Source: ACPI 6.5, 5.2.28 "Heterogeneous Memory Attribute Table (HMAT)"; revision 2.
    """

    header: TableHeader
    structures: tuple[HmatStructure, ...]
    reserved: int = 0


def encode_hmat(hmat: Hmat) -> bytes:
    """The table's bytes with the right length and checksum.

    Raises:
        ValueError: the header is another table's, or lists and matrices do not fit together.
        struct.error: an integer is too large for its field.
    """
    if hmat.header.signature != SIGNATURE:
        raise ValueError(f"the header's signature is {hmat.header.signature!r}, not {SIGNATURE!r}")
    structures = b"".join([structure.encode() for structure in hmat.structures])
    return encode_table(hmat.header, _RESERVED.pack(hmat.reserved) + structures)


def decode_hmat(data: bytes) -> Hmat:
    """Reads a whole table. ``with_checksum(encode_hmat(decode_hmat(data)), data[9]) == data``.

    Raises:
        DecodeError: the header is not that of an HMAT of this length, or a structure's length is wrong.
    """
    header, body = decode_table(data)
    require_signature(header, SIGNATURE)
    if len(body) < _RESERVED.size:
        raise table_too_short(SIGNATURE, len(data), STRUCTURES_OFFSET)
    structures = tuple(
        [decode_structure(data[offset : offset + length]) for offset, _, length in structure_spans(data, len(data))]
    )
    return Hmat(header, structures, *_RESERVED.unpack_from(body))


def structure_spans(data: bytes, end: int) -> Iterator[tuple[int, int, int]]:
    """Walks over the structures from the first one up to ``end``: gives (offset, type, length) of each.

    Raises:
        DecodeError: at the first structure whose length is under 8 or past ``end``; the ones before it were given.
    """
    offset = STRUCTURES_OFFSET
    while offset < end:
        left = end - offset
        if left < STRUCTURE_HEADER_LENGTH:
            raise DecodeError(f"{left} bytes are left, a structure begins with {STRUCTURE_HEADER_LENGTH}", offset)
        structure_type, _, length = _STRUCTURE_HEADER.unpack_from(data, offset)
        if length < STRUCTURE_HEADER_LENGTH:
            raise DecodeError(f"the structure of type {structure_type} has the length {length}", offset)
        if length > left:
            raise DecodeError(
                f"the structure of type {structure_type} has the length {length}, but {left} bytes are left", offset
            )
        yield offset, structure_type, length
        offset += length
