"""Any of the tables that are known here, by its signature."""

from __future__ import annotations

from typing import TypeAlias

from sandbox.acpi.header import decode_table
from sandbox.acpi.hmat import Hmat, decode_hmat, encode_hmat
from sandbox.acpi.slit import Slit, decode_slit, encode_slit
from sandbox.acpi.srat import Srat, decode_srat, encode_srat
from sandbox.errors import DecodeError

Table: TypeAlias = Srat | Slit | Hmat


def decode_any(data: bytes) -> Table:
    """Reads an SRAT, SLIT or HMAT.

    Raises:
        DecodeError: it is none of them, or it is broken.
    """
    header, _ = decode_table(data)
    if header.signature == "SRAT":
        return decode_srat(data)
    if header.signature == "SLIT":
        return decode_slit(data)
    if header.signature == "HMAT":
        return decode_hmat(data)
    raise unknown_signature(header.signature)


def encode_any(table: Table) -> bytes:
    """The bytes of any table with the right length and checksum.

    Raises:
        ValueError: a value has no room in the layout.
        struct.error: an integer is too large for its field.
    """
    if isinstance(table, Srat):
        return encode_srat(table)
    if isinstance(table, Slit):
        return encode_slit(table)
    return encode_hmat(table)


def unknown_signature(signature: str) -> DecodeError:
    """The error of a table that is not known here."""
    return DecodeError(f"the signature is {signature!r}, which is none of SRAT, SLIT, HMAT", 0)
