"""A table field by field, with offsets and meanings, whether it decodes or not.

describe(data).fields       # every byte of data, in order, each field with its value in words
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.description import Field, Problem, Structure, TableDescription, Value
from sandbox.acpi.fields_hmat import HMAT
from sandbox.acpi.fields_slit import SLIT
from sandbox.acpi.fields_srat import SRAT
from sandbox.acpi.header import (
    HEADER_LENGTH,
    ChecksumState,
    checksum,
    checksum_state,
    decode_table,
    table_too_short,
)
from sandbox.acpi.layout import FieldSpec, loose_bytes, number, read_fields, text
from sandbox.acpi.table import unknown_signature
from sandbox.errors import DecodeError

if TYPE_CHECKING:
    from sandbox.acpi.layout import TableKind, Values

__all__ = ["Field", "Problem", "Structure", "TableDescription", "Value", "describe"]

_KINDS = {"SRAT": SRAT, "SLIT": SLIT, "HMAT": HMAT}


def describe(data: bytes) -> TableDescription:
    """Describes a table as far as it can be read; :attr:`TableDescription.problems` says where that ends and why.

    Never raises. A table that decodes has no problems; the first problem of another is what decoding raises.
    """
    signature = _signature(data)
    kind = _KINDS.get(signature)
    path = signature if kind else "Table"
    fixed = read_fields(data, 0, path, (*_header_specs(data), *(kind.fixed if kind else ())))
    stop = sum(field.length for field in fixed)
    end = _content_end(data, kind)
    name = kind.name if kind else "Unknown Table"
    structures = [Structure(path, None, None, name, 0, stop, fixed, _summary(data))]
    problems: list[DecodeError] = []
    try:
        decode_table(data)
    except DecodeError as error:
        problems.append(error)
    if len(data) >= HEADER_LENGTH:
        if kind is None:
            problems.append(unknown_signature(data[:4].decode("latin-1")))
        elif stop < _fixed_length(kind):
            problems.append(table_too_short(signature, len(data), _fixed_length(kind)))
        else:
            body = kind.describe_body(data, end)
            structures += body.structures
            stop = body.stop
            problems += [body.problem] if body.problem else []
    if stop < end:
        structures.append(loose_bytes(data, stop, end, "Undecoded Bytes", f"{end - stop} bytes not decoded"))
    if end < len(data):
        summary = f"{len(data) - end} bytes past the length that the header gives"
        structures.append(loose_bytes(data, end, len(data), "Bytes Past The End", summary))
    found = tuple([Problem(problem.what, problem.offset) for problem in problems])
    return TableDescription(signature, name, tuple(structures), found)


def _signature(data: bytes) -> str:
    letters = data[:4]
    readable = text(letters)
    return readable if isinstance(readable, str) else letters.hex()


def _fixed_length(kind: TableKind) -> int:
    return HEADER_LENGTH + sum(spec.length for spec in kind.fixed)


def _content_end(data: bytes, kind: TableKind | None) -> int:
    declared = int.from_bytes(data[4:8], "little")
    least = _fixed_length(kind) if kind else HEADER_LENGTH
    return min(declared, len(data)) if declared >= least else len(data)


def _summary(data: bytes) -> str:
    if len(data) < HEADER_LENGTH:
        return f"{len(data)} bytes, cut off in the header"
    return f"revision {data[8]}, {len(data)} bytes, checksum {checksum_state(data).value}"


def _header_specs(data: bytes) -> tuple[FieldSpec, ...]:
    """The header's fields; two of them are judged by the whole table."""

    def length(values: Values) -> str:
        return "" if number(values, "length") == len(data) else f"but there are {len(data)} bytes"

    def own_checksum(_: Values) -> str:
        state = checksum_state(data)
        if state is ChecksumState.VALID:
            return "valid"
        as_in = " as in fw_cfg" if state is ChecksumState.ZERO else ""
        return f"{state.value}{as_in}, {checksum(data):#04x} would be right"

    return (
        FieldSpec("signature", "Signature", 4, None, text),
        FieldSpec("length", "Length", 4, length),
        FieldSpec("revision", "Revision", 1),
        FieldSpec("checksum", "Checksum", 1, own_checksum),
        FieldSpec("oem_id", "OEMID", 6, None, text),
        FieldSpec("oem_table_id", "OEM Table ID", 8, None, text),
        FieldSpec("oem_revision", "OEM Revision", 4),
        FieldSpec("creator_id", "Creator ID", 4, None, text),
        FieldSpec("creator_revision", "Creator Revision", 4),
    )
