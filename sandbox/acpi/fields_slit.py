"""The fields of a SLIT: a structure for each row of the matrix.

Source: ACPI 6.5, 5.2.17.
"""

from __future__ import annotations

from sandbox.acpi.description import Field, Structure
from sandbox.acpi.layout import Body, FieldSpec, TableKind, loose_bytes
from sandbox.acpi.slit import MATRIX_OFFSET, locality_count, matrix_too_large

_LOCAL = 10
_UNREACHABLE = 255


def _describe_body(data: bytes, end: int) -> Body:
    count = locality_count(data, end)
    available = end - MATRIX_OFFSET
    whole = count * count <= available
    rows = count if whole else available // count
    structures = [_row(data, count, row) for row in range(rows)]
    stop = MATRIX_OFFSET + rows * count
    if not whole:
        return Body(tuple(structures), stop, matrix_too_large(count, available))
    if stop < end:
        summary = f"{end - stop} bytes behind the matrix, which readers ignore"
        structures.append(loose_bytes(data, stop, end, "Trailing Bytes", summary))
    return Body(tuple(structures), end)


def _row(data: bytes, count: int, row: int) -> Structure:
    path = f"Entry[{row}]"
    start = MATRIX_OFFSET + row * count
    raw = data[start : start + count]
    fields = []
    for column in range(count):
        name = f"{path}[{column}]"
        cell = raw[column : column + 1]
        meaning = _meaning(row, column, raw[column])
        fields.append(Field(name, name, start + column, 1, cell, raw[column], meaning))
    distances = " ".join(map(str, raw))
    return Structure(path, row, None, path, start, count, tuple(fields), f"from PXM {row}: {distances}")


def _meaning(row: int, column: int, distance: int) -> str:
    words = f"PXM {row} to PXM {column}"
    if distance < _LOCAL:
        return f"{words}, reserved value"
    if row == column:
        return words if distance == _LOCAL else f"{words}, not {_LOCAL} as a locality to itself"
    if distance == _LOCAL:
        return f"{words}, {_LOCAL} as for one locality"
    return f"{words}, unreachable" if distance == _UNREACHABLE else words


SLIT = TableKind(
    "System Locality Information Table",
    (FieldSpec("localities", "Number of System Localities", 8),),
    _describe_body,
)
