"""Tables that a user brings: from files, and from those files of a folder that hold any."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place
from sandbox.files import list_folder, read_raw, read_raw_tables
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.acpi.dump import RawTable
    from sandbox.compare.dump import BroughtTables

SIGNATURES: Final = tuple(name.upper().encode() for name in TABLE_NAMES)
RAW_ENDINGS: Final = (".aml", ".bin", ".dat")


def brought(names: Sequence[str]) -> tuple[list[tuple[str, Sequence[RawTable]]], tuple[str, ...]]:
    """Read all tables of files and folders; return those of each file, and notes.

    Raises:
        InputError: a file that is named holds no table, or something cannot be read.
    """
    found: list[tuple[str, Sequence[RawTable]]] = []
    passed_over: list[str] = []
    for name in names:
        if not os.path.isdir(name):
            found.append((name, read_raw_tables(name)))
            continue
        for file in filter(os.path.isfile, list_folder(name)):
            try:
                found.append((file, read_raw_tables(file)))
            except InputError:
                passed_over.append(os.path.basename(file))
    notes = (f"passed over, since they hold no tables: {', '.join(passed_over)}",) if passed_over else ()
    return found, notes


def ours_among(names: Sequence[str]) -> BroughtTables:
    """Read SRAT, SLIT and HMAT from files and folders; of a folder only files that may hold one are looked into.

    Raises:
        InputError: there is none of ours at all, a file cannot be read, or one that is named after a table has none.
    """
    from sandbox.compare.dump import brought_tables

    found: list[tuple[str, Sequence[RawTable]]] = []
    has_ours = False
    for name in names:
        is_folder = os.path.isdir(name)
        for file in filter(_may_be_ours, filter(os.path.isfile, list_folder(name))) if is_folder else (name,):
            tables = read_raw_tables(file)
            is_ours = any(table.name.encode() in SIGNATURES for table in tables)
            if not is_ours and _is_called_ours(file):
                raise InputError(f"no SRAT, SLIT or HMAT in here, but {tables[0].name}", Place(file))
            found.append((file, tables))
            has_ours |= is_ours
    if not has_ours:
        raise InputError("no SRAT, SLIT or HMAT among what was given", Place(names[0]))
    return brought_tables(found)


def _may_be_ours(file: str) -> bool:
    """Whether a file is one of our tables by its name, or starts as one, raw or in acpidump's text form."""
    if _is_called_ours(file):
        return True
    data = read_raw(file)
    return data.startswith(SIGNATURES) or any(signature + b" @ 0x" in data for signature in SIGNATURES)


def _is_called_ours(file: str) -> bool:
    """Whether a file's name says that it is one of our tables."""
    stem, ending = os.path.splitext(os.path.basename(file).lower())
    return any(stem == name if not ending else name in stem and ending in RAW_ENDINGS for name in TABLE_NAMES)
