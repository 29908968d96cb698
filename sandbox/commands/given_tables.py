"""Tables that stand in place of a machine's own: files and folders of them, in each form that ``compare`` takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sandbox.commands.sides import brought
from sandbox.compare.dump import brought_tables
from sandbox.errors import InputError, Place
from sandbox.files import TABLE_NAMES
from sandbox.records import record

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

    Raises:
        InputError: there is none of ours at all, a file cannot be read, or one named after a table holds another.
    """
    first = Place(names[0])
    named = [file for name in names for file in _named_after_tables(name)]
    others = [name for name in names if not _named_after_tables(name)]
    found, passed_over = brought([*named, *others])
    for file, inside in found:
        signature = os.path.basename(file)[:4].upper()
        if file in named and signature not in [table.name for table in inside]:
            raise InputError(f"this is no {signature}: it does not start with that signature", Place(file))
    try:
        tables = brought_tables(found)
    except InputError as error:
        raise InputError(error.what, error.place or first) from None
    missing = [name.upper() for name in TABLE_NAMES if getattr(tables, name) is None]
    if len(missing) == len(TABLE_NAMES):
        raise InputError("no SRAT, SLIT or HMAT among the tables that were given", first)
    own = (f"not among the tables given, so that the machine's own are taken: {', '.join(missing)}",)
    place = next((Place(file) for file, inside in found if "SRAT" in [table.name for table in inside]), first)
    return GivenTables(tables, place, (*passed_over, *(own if others and missing else ())))


def _named_after_tables(folder: str) -> list[str]:
    paths = [os.path.join(folder, f"{name}.dat") for name in TABLE_NAMES]
    return [path for path in paths if os.path.exists(path)] if os.path.isdir(folder) else []
