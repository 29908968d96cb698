"""Comparing two sets of tables, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.difference import Kind, diff_tables
from sandbox.scenario.checks import Check, Difference
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.acpi.difference import Difference as TableDifference
    from sandbox.acpi.difference import Side
    from sandbox.scenario.tables import Tables

ABSENT = "absent"
UNREAD = "no tables: firmware has not read them"


def compare_tables(
    ours: Tables | None, theirs: Tables | None, names: Collection[str] = TABLE_NAMES
) -> tuple[Check, ...]:
    """Compare SRAT, SLIT and HMAT byte by byte; what differs is named field by field.

    Args:
        ours: one side; None where firmware has read no tables yet.
        theirs: the other side.
        names: which of ``srat``, ``slit`` and ``hmat`` to compare.

    Returns:
        A check for each table that at least one side has; one for all of them where only one side has read any.
    """
    if ours is None or theirs is None:
        if ours is theirs:
            return ()
        found = [UNREAD if side is None else _lengths(side) for side in (ours, theirs)]
        return (Check("tables", (Difference("tables", *found),)),)
    pairs = [(name, getattr(ours, name), getattr(theirs, name)) for name in TABLE_NAMES if name in names]
    return tuple(Check(name, _differences(name, a, b)) for name, a, b in pairs if (a, b) != (None, None))


def _lengths(tables: Tables) -> str:
    found = [(name, getattr(tables, name)) for name in TABLE_NAMES]
    return ", ".join(f"{name.upper()} {len(data)} bytes" for name, data in found if data is not None) or "no table"


def _differences(name: str, ours: bytes | None, theirs: bytes | None) -> tuple[Difference, ...]:
    if ours == theirs:
        return ()
    if ours is None or theirs is None:
        return (Difference(name, *(ABSENT if data is None else f"{len(data)} bytes" for data in (ours, theirs))),)
    found = diff_tables(ours, theirs)
    telling = [difference for difference in found if not difference.consequent]
    return tuple(_named(name, difference) for difference in telling or found)


def _named(name: str, found: TableDifference) -> Difference:
    side = found.a or found.b
    path = f"{name}.{side.path}" if side else name
    if found.kind is Kind.MOVED and found.a and found.b:
        return Difference(path, f"at {found.a.path}", f"at {found.b.path}: {found.b.meaning}".rstrip(": "))
    return Difference(path, _side(found.a), _side(found.b))


def _side(side: Side | None) -> str:
    if side is None:
        return ABSENT
    value = side.value.hex(" ") if isinstance(side.value, bytes) else str(side.value)
    return f"{value}  {side.meaning}".rstrip() if len(value) <= 64 else side.meaning or value
