"""SLIT, the System Locality Information Table: how far each proximity domain is from each other."""

from __future__ import annotations

from struct import Struct

from sandbox.acpi.header import (
    HEADER_LENGTH,
    TableHeader,
    decode_table,
    encode_table,
    require_signature,
    table_too_short,
)
from sandbox.errors import DecodeError
from sandbox.records import record

SIGNATURE = "SLIT"
MATRIX_OFFSET = 44
"""Where the first distance lies, counted from the table's start."""

_COUNT = Struct("<Q")


@record
class Slit:
    """The whole table: N rows of N distances.

    ``distances[i][j]`` is the distance (u8, 10 is local, 255 unreachable) from proximity domain i to j; the
    number of localities on the wire (u64) is the number of rows. ``trailing`` are bytes behind the matrix that
    the header's length covers; readers ignore them.

    Source: ACPI 6.5, 5.2.17 "System Locality Information Table (SLIT)".
    """

    header: TableHeader
    distances: tuple[bytes, ...]
    trailing: bytes = b""


def encode_slit(slit: Slit) -> bytes:
    """The table's bytes with the right length and checksum.

    Raises:
        ValueError: the header is another table's, or the matrix is not square.
    """
    if slit.header.signature != SIGNATURE:
        raise ValueError(f"the header's signature is {slit.header.signature!r}, not {SIGNATURE!r}")
    count = len(slit.distances)
    if any(len(row) != count for row in slit.distances):
        raise ValueError(f"each of {count} rows needs {count} distances")
    return encode_table(slit.header, _COUNT.pack(count) + b"".join(slit.distances) + slit.trailing)


def decode_slit(data: bytes) -> Slit:
    """Reads a whole table. ``with_checksum(encode_slit(decode_slit(data)), data[9]) == data``.

    Raises:
        DecodeError: the header is not that of a SLIT of this length, or the matrix goes past the end.
    """
    header, body = decode_table(data)
    require_signature(header, SIGNATURE)
    count = locality_count(data, len(data))
    matrix = body[_COUNT.size :]
    if count * count > len(matrix):
        raise matrix_too_large(count, len(matrix))
    rows = tuple([matrix[start : start + count] for start in range(0, count * count, count or 1)])
    return Slit(header, rows, matrix[count * count :])


def locality_count(data: bytes, end: int) -> int:
    """The number of localities (u64) of a table whose content ends at ``end``.

    Raises:
        DecodeError: the table ends before it.
    """
    if end < MATRIX_OFFSET:
        raise table_too_short(SIGNATURE, end, MATRIX_OFFSET)
    return int.from_bytes(data[HEADER_LENGTH:MATRIX_OFFSET], "little")


def matrix_too_large(count: int, available: int) -> DecodeError:
    """The error of a table whose number of localities asks for more distances than there are bytes."""
    what = f"{count} localities need {count * count} distances, but {available} bytes are left"
    return DecodeError(what, HEADER_LENGTH)
