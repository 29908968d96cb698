"""Tables that stand in place of a machine's own: files and folders of them, in each form that ``compare`` takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sandbox.acpi.dump import RawTable
from sandbox.acpi.header import HEADER_LENGTH
from sandbox.commands.brought import brought
from sandbox.compare.dump import brought_tables
from sandbox.errors import InputError, Place
from sandbox.files import read_raw
from sandbox.records import record
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.scenario.tables import Tables


@record
class GivenTables:
    """Tables that a user gives to a guest.

    Attributes:
        tables: their bytes, whether they decode or not.
        place: where SRAT stands, or else what was given.
        notes: what a reader should know, a sentence each.
    """

    tables: Tables
    place: Place
    notes: tuple[str, ...] = ()


def given_tables(names: Sequence[str]) -> GivenTables:
    """Read tables from files, and from folders: of one with srat.dat, slit.dat or hmat.dat these alone.

    A file that is named after a table is that table from its first byte to its last, however malformed.

    Raises:
        InputError: there is none of ours at all, a file cannot be read, or one named after a table holds none.
    """
    first = Place(names[0])
    folders = {name: paths for name in names if (paths := _named_after_tables(name))}
    raw: list[tuple[str, Sequence[RawTable]]] = [
        (path, [_raw_table(path)]) for found in folders.values() for path in found
    ]
    others = [name for name in names if name not in folders]
    forms, passed_over = brought(others)
    try:
        tables = brought_tables([*raw, *forms])
    except InputError as error:
        raise InputError(error.what, error.place or first) from None
    missing = [name.upper() for name in TABLE_NAMES if getattr(tables, name) is None]
    if len(missing) == len(TABLE_NAMES):
        raise InputError("no SRAT, SLIT or HMAT among the tables that were given", first)
    own = (f"not among the tables given, so that the machine's own are taken: {', '.join(missing)}",)
    place = Place(tables.found["srat"][0]) if "srat" in tables.found else first
    return GivenTables(tables, place, (*passed_over, *(own if others and missing else ())))


def _named_after_tables(name: str) -> list[str]:
    """Return the files of a folder that are named after our tables; of a file itself, if it is."""
    files = [f"{table}.dat" for table in TABLE_NAMES]
    if not os.path.isdir(name):
        return [name] if os.path.basename(name) in files else []
    return [path for file in files if os.path.exists(path := os.path.join(name, file))]


def _raw_table(path: str) -> RawTable:
    signature = os.path.basename(path)[:4].upper()
    data = read_raw(path)
    if not data:
        raise InputError("the file is empty", Place(path))
    if data[:4] != signature.encode():
        raise InputError(f"this is no {signature}: it does not start with that signature", Place(path))
    if len(data) < HEADER_LENGTH:
        raise InputError(f"it ends after {len(data)} bytes, a table's header alone has {HEADER_LENGTH}", Place(path))
    return RawTable(signature, data)
