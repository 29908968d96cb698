"""The header that every ACPI table starts with, and the checksum over the whole table."""

from __future__ import annotations

from enum import Enum
from struct import Struct

from sandbox.errors import DecodeError
from sandbox.records import record

HEADER_LENGTH = 36
_HEADER = Struct("<4sIBB6s8sI4sI")
_CHECKSUM_OFFSET = 9


@record
class TableHeader:
    """What a table says of itself; length and checksum are no part of it, since they follow from the rest.

    The identifiers are kept as bytes of exactly 6, 8 and 4; the defaults are QEMU's.

    Source: ACPI 6.5, 5.2.6 "System Description Table Header".
    """

    signature: str
    revision: int
    oem_id: bytes = b"BOCHS "
    oem_table_id: bytes = b"BXPC    "
    oem_revision: int = 1
    creator_id: bytes = b"BXPC"
    creator_revision: int = 1


class ChecksumState(Enum):
    """What a table's own checksum byte is worth."""

    VALID = "valid"
    ZERO = "zero"
    """Zero, and not right: as the table lies in fw_cfg, before the firmware has filled it in."""
    WRONG = "wrong"


def checksum(data: bytes) -> int:
    """The checksum byte (0 to 255) that is right for a table, whatever its byte 9 holds now.

    Source: ACPI 6.5, 5.2.6: all bytes of a table add up to 0 modulo 256.
    """
    return (sum(data[_CHECKSUM_OFFSET : _CHECKSUM_OFFSET + 1]) - sum(data)) & 0xFF


def checksum_state(data: bytes) -> ChecksumState:
    """Judges the checksum byte that a table carries; a table too short to carry one counts as wrong."""
    if len(data) <= _CHECKSUM_OFFSET:
        return ChecksumState.WRONG
    if sum(data) & 0xFF == 0:
        return ChecksumState.VALID
    return ChecksumState.WRONG if data[_CHECKSUM_OFFSET] else ChecksumState.ZERO


def with_checksum(data: bytes, value: int | None = None) -> bytes:
    """The same table with another checksum byte: the right one, or ``value`` (0 gives the form that lies in fw_cfg).

    Raises:
        ValueError: the table has no byte 9, or ``value`` is no byte.
    """
    if len(data) <= _CHECKSUM_OFFSET:
        raise ValueError(f"{len(data)} bytes hold no checksum")
    byte = checksum(data) if value is None else value
    return data[:_CHECKSUM_OFFSET] + bytes((byte,)) + data[_CHECKSUM_OFFSET + 1 :]


def encode_table(header: TableHeader, body: bytes) -> bytes:
    """Puts the header in front of a body, with the right length and checksum.

    Raises:
        ValueError: the signature is not 4 characters of 8 bits, or an identifier has not exactly its length.
        struct.error: a revision is too large for its field.
    """
    signature = header.signature.encode("latin-1")
    if (len(signature), len(header.oem_id), len(header.oem_table_id), len(header.creator_id)) != (4, 6, 8, 4):
        raise ValueError("signature, OEM ID, OEM table ID and creator ID have 4, 6, 8 and 4 bytes")
    data = (
        _HEADER.pack(
            signature,
            HEADER_LENGTH + len(body),
            header.revision,
            0,
            header.oem_id,
            header.oem_table_id,
            header.oem_revision,
            header.creator_id,
            header.creator_revision,
        )
        + body
    )
    return data[:_CHECKSUM_OFFSET] + bytes((-sum(data) & 0xFF,)) + data[_CHECKSUM_OFFSET + 1 :]


def decode_table(data: bytes) -> tuple[TableHeader, bytes]:
    """Splits a table into header and body. Its checksum is not looked at; see :func:`checksum_state`.

    Raises:
        DecodeError: fewer than 36 bytes, or the header's length is not that of ``data``.
    """
    if len(data) < HEADER_LENGTH:
        raise table_too_short("table", len(data), HEADER_LENGTH)
    signature, length, revision, _, *identity = _HEADER.unpack_from(data)
    if length != len(data):
        raise DecodeError(f"the header's length is {length}, but there are {len(data)} bytes", 4)
    return TableHeader(signature.decode("latin-1"), revision, *identity), data[HEADER_LENGTH:]


def require_signature(header: TableHeader, signature: str) -> None:
    """Makes sure that a decoded header belongs to the table that the caller is about to read.

    Raises:
        DecodeError: it belongs to another.
    """
    if header.signature != signature:
        raise DecodeError(f"the signature is {header.signature!r}, not {signature!r}", 0)


def table_too_short(what: str, length: int, needed: int) -> DecodeError:
    """The error of a table that ends before its fixed fields do."""
    return DecodeError(f"the table ends after {length} bytes, an empty {what} has {needed}", length)
