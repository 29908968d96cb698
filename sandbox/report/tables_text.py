"""A set of tables for people: what each holds, the devices of SRAT, the distances of SLIT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.report.style import columns, visible
from sandbox.report.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.report.style import Style
    from sandbox.report.summary import DeviceRow, TableSummary
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables

WIDEST_MATRIX = 32
"""The most localities whose distances are shown as a matrix."""


def render_tables(tables: Tables, style: Style, origins: Sequence[Origin] = ()) -> str:
    """Sum up a set of tables.

    Args:
        tables: what firmware reads.
        style: with or without colours.
        origins: where initiators and ports come from, if that is known.

    Returns:
        Lines, each with its line end.
    """
    summary = summarise(tables, origins)
    lines = columns([table_cells(table) for table in summary.tables], right={1})
    for heading, rows in (("Generic Initiators", summary.initiators), ("Generic Ports", summary.ports)):
        if rows:
            lines += ["", style.strong(heading), *_devices(rows, style)]
    if 0 < len(summary.distances) <= WIDEST_MATRIX:
        lines += ["", style.strong("Distances, from row to column"), *_matrix(summary.distances, style)]
    return "".join(f"{line}\n" for line in lines)


def table_cells(table: TableSummary) -> tuple[str, str, str]:
    """Return name, length and contents of a table as three cells."""
    if table.length is None:
        return table.name.upper(), "", "absent"
    contents = ", ".join(f"{count} {visible(name)}" for name, count in table.structures)
    problem = f"does not decode: {table.problem}" if table.problem else ""
    return table.name.upper(), f"{table.length} bytes", "; ".join(filter(None, (contents, problem)))


def _devices(rows: Sequence[DeviceRow], style: Style) -> list[str]:
    """Align the devices; columns in which no row says anything are left out."""
    head = ["#", "PXM", "device", "bytes swapped", "", "object", "type", "device id", "device type"]
    cells = [head]
    for index, row in enumerate(rows):
        origin = row.origin
        named = [origin.object_id, origin.typename, origin.device_id, origin.device_type] if origin else [""] * 4
        flag = "" if row.enabled else "disabled"
        cells.append([str(index), str(row.pxm), row.device, row.swapped, flag, *named])
    used = [column for column in range(len(head)) if any(line[column] for line in cells[1:])]
    lines = columns([[visible(line[column]) for column in used] for line in cells], right={0, 1}, indent=2)
    return [style.dim(lines[0]), *lines[1:]]


def _matrix(rows: Sequence[Sequence[int]], style: Style) -> list[str]:
    numbers = [str(index) for index in range(len(rows))]
    cells = [["", *numbers], *([name, *map(str, row)] for name, row in zip(numbers, rows, strict=True))]
    lines = columns(cells, right=range(len(rows) + 1), indent=2)
    return [style.dim(lines[0]), *lines[1:]]
