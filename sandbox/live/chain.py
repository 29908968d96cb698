"""The walk of an operating system: from the RSDP to the RSDT or XSDT, and from there to every table.

It is the same whether the bytes come from guest memory or from what the loader script made of QEMU's files; the caller
says how to read.

Source: ACPI 6.5, 5.2.5.3 (RSDP), 5.2.6 (header), 5.2.7 (RSDT), 5.2.8 (XSDT), 5.2.9 (FADT). Numbers are
little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[int, int], bytes]
    """Gives ``size`` bytes at an address; raises DecodeError where there is nothing to be read."""

RSDP: Final = struct.Struct("<8sB6sBI")
"""Signature, checksum, OEM id, revision, address of the RSDT."""
RSDP_SIGNATURE: Final = b"RSD PTR "
RSDP_LENGTH: Final = 20
RSDP_LENGTH_AT: Final = 20
XSDT_AT: Final = 24
LONG_RSDP: Final = 36
"""The length of an RSDP of revision 2 or later; the first 20 bytes have a checksum of their own."""

TABLE_START: Final = struct.Struct("<4sI")
"""Signature, length: how every table begins."""
HEADER_LENGTH: Final = 36
LONGEST_TABLE: Final = 1 << 24
WITHOUT_CHECKSUM: Final = (b"FACS",)

DSDT_AT: Final = 40
X_DSDT_AT: Final = 140


@record
class Chain:
    """What an RSDP leads to.

    Attributes:
        root: the address of the RSDT or XSDT.
        tables: whole tables, in the order of the root table.
    """

    root: int
    tables: tuple[bytes, ...]


def read_chain(rsdp: bytes, read: Read) -> Chain:
    """Follow an RSDP.

    Args:
        rsdp: its bytes, 36 where it is of revision 2 or later.
        read: gives the bytes at an address.

    Raises:
        DecodeError: a pointer leads nowhere, or a table is cut off or has a wrong checksum; the offset counts from the
            place that was read.
    """
    if len(rsdp) < RSDP.size or not rsdp.startswith(RSDP_SIGNATURE):
        raise DecodeError("no RSDP")
    _, _, _, revision, address = RSDP.unpack_from(rsdp)
    width = 4
    if revision >= 2 and len(rsdp) >= XSDT_AT + 8:
        width = 8
        address = int.from_bytes(rsdp[XSDT_AT : XSDT_AT + 8], "little")
    root = read_table(address, read)
    if root[:4] != (b"XSDT" if width == 8 else b"RSDT"):
        raise DecodeError(f"the RSDP leads to a table {root[:4]!r}")
    pointers = root[HEADER_LENGTH:]
    addresses = (int.from_bytes(pointers[at : at + width], "little") for at in range(0, len(pointers), width))
    return Chain(address, tuple(read_table(table, read) for table in addresses))


def read_table(address: int, read: Read) -> bytes:
    """Return the table at an address, whole.

    Raises:
        DecodeError: there is none, or its length or checksum is wrong.
    """
    signature, length = TABLE_START.unpack(read(address, TABLE_START.size))
    if not TABLE_START.size <= length <= LONGEST_TABLE:
        raise DecodeError(f"table {signature!r} at {address:#x} says that it has {length} bytes")
    table = read(address, length)
    if signature not in WITHOUT_CHECKSUM and sum(table) & 0xFF:
        raise DecodeError(f"table {signature!r} at {address:#x} has a wrong checksum")
    return table


def dsdt_address(fadt: bytes) -> int:
    """Return where a FADT says that the DSDT lies; 0 where it does not."""
    wide = int.from_bytes(fadt[X_DSDT_AT : X_DSDT_AT + 8], "little")
    return wide or int.from_bytes(fadt[DSDT_AT : DSDT_AT + 4], "little")


def rsdp_in(data: bytes, at: int) -> bytes | None:
    """Return the RSDP at an offset in bytes, if there is one: 20 bytes, or 36 and more from revision 2 on.

    Source: ACPI 6.5, 5.2.5.3: both checksums must be right.
    """
    short = data[at : at + RSDP_LENGTH]
    if len(short) < RSDP_LENGTH or not short.startswith(RSDP_SIGNATURE) or sum(short) & 0xFF:
        return None
    _, _, _, revision, _ = RSDP.unpack(short)
    if revision < 2:
        return short
    length = int.from_bytes(data[at + RSDP_LENGTH_AT : at + RSDP_LENGTH_AT + 4], "little")
    whole = data[at : at + length]
    if length < LONG_RSDP or len(whole) < length or sum(whole) & 0xFF:
        return None
    return whole
