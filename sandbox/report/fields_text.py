"""One table field by field, and how two differ, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.fields import describe
from sandbox.report.style import columns, visible

if TYPE_CHECKING:
    from sandbox.acpi.description import Structure, Value
    from sandbox.acpi.difference import Difference, Side
    from sandbox.report.style import Style

_MOST_BYTES = 16


def render_table(data: bytes, style: Style) -> str:
    """Show a table field by field: offset, bytes, name, value and meaning; what does not decode, as bytes.

    Returns:
        Lines, each with its line end.
    """
    described = describe(data)
    heads = {structure.offset: _heading(structure, style) for structure in described.structures}
    rows = [
        (f"{at.offset:#06x}", _bytes(at.raw), visible(at.name), value_text(at.value), visible(at.meaning))
        for at in described.fields
    ]
    lines: list[str] = []
    aligned = iter(columns(rows, indent=2) if rows else ())
    for structure in described.structures:
        lines += ["", heads[structure.offset]] if lines else [heads[structure.offset]]
        lines += [next(aligned) for _ in structure.fields]
    for problem in described.problems:
        lines += ["", style.bad(f"does not decode: {visible(str(problem))}")]
    return "".join(f"{line}\n" for line in lines)


def _heading(structure: Structure, style: Style) -> str:
    is_known = structure.index is not None or structure.path == structure.name
    name = structure.path if is_known else f"{structure.path}, {structure.name}"
    return f"{style.strong(visible(name))}  {visible(structure.summary)}".rstrip()


def _bytes(raw: bytes) -> str:
    if len(raw) <= _MOST_BYTES:
        return raw.hex(" ")
    return f"{raw[:_MOST_BYTES].hex(' ')} ..."


def value_text(value: Value) -> str:
    """Return a value for people: integers in decimal, larger ones also in hexadecimal, bytes by their length."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes" if any(value) else f"{len(value)} zero bytes"
    if isinstance(value, int):
        return f"{value} ({value:#x})" if value > 0xFF else str(value)
    return repr(value) if value != value.strip() else visible(value)


def render_diff(a: bytes, b: bytes, style: Style) -> str:
    """Name the fields and structures in which two tables differ.

    Returns:
        Lines, each with its line end; none if the tables are the same bytes.
    """
    from sandbox.acpi.difference import diff_tables

    lines: list[str] = []
    for found in diff_tables(a, b):
        lines += _difference(found, style)
    return "".join(f"{line}\n" for line in lines)


def _difference(found: Difference, style: Style) -> list[str]:
    side = found.b or found.a
    path = visible(side.path) if side else ""
    if found.kind.value == "changed" and found.a and found.b:
        lines = [
            f"{path}  offset {found.b.offset:#x}",
            f"  - {_side(found.a)}",
            f"  + {_side(found.b)}",
        ]
        return [style.dim(line) for line in lines] if found.consequent else _coloured(lines, style)
    if found.kind.value == "moved" and found.a and found.b:
        where = f"{visible(found.a.path)} to {path}, offset {found.a.offset:#x} to {found.b.offset:#x}"
        return [style.changed(f"moved    {where}"), f"    {visible(found.b.meaning)}"]
    mark = style.good if found.kind.value == "added" else style.bad
    if side is None:
        return []
    inside = visible(side.meaning) or _side(side)
    return [mark(f"{found.kind.value:<8} {path}  offset {side.offset:#x}"), f"    {inside}"]


def _coloured(lines: list[str], style: Style) -> list[str]:
    return [style.strong(lines[0]), style.bad(lines[1]), style.good(lines[2])]


def _side(side: Side) -> str:
    value = side.value.hex(" ") if isinstance(side.value, bytes) else value_text(side.value)
    return f"{value}  {visible(side.meaning)}".rstrip()
