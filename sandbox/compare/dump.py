"""Tables that a person brought: which of ours they are, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place
from sandbox.records import record
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.acpi.dump import RawTable

WHOLE_SET: Final = frozenset({"FACP", "APIC"})
"""Tables that every machine has: where one is among what was brought, that is the whole set."""


@record
class BroughtTables:
    """SRAT, SLIT and HMAT among what was brought.

    Attributes:
        srat: the table's bytes; None if it was not among them.
        slit: likewise.
        hmat: likewise.
        found: each of the three that is among them, by its name in small letters: the file, and the table in it.
        names: those to compare: all where the whole set of a machine was brought, else those that there are.
        notes: what a reader should know, a sentence each.
    """

    srat: bytes | None
    slit: bytes | None
    hmat: bytes | None
    found: Mapping[str, tuple[str, RawTable]]
    names: tuple[str, ...]
    notes: tuple[str, ...]


def brought_tables(files: Iterable[tuple[str, Sequence[RawTable]]]) -> BroughtTables:
    """Return the tables among those of files.

    Args:
        files: the name of each file and the tables in it.

    Raises:
        InputError: a table is there twice with other bytes, or none of ours is there.
    """
    found: dict[str, tuple[str, RawTable]] = {}
    is_whole = False
    for file, tables in files:
        for table in tables:
            is_whole |= table.name.upper() in WHOLE_SET
            name = table.name.lower()
            if name in TABLE_NAMES:
                earlier, first = found.setdefault(name, (file, table))
                if first.data != table.data:
                    raise InputError(f"another {table.name} than in {earlier}: give one of them", Place(file))
    ours = {name: found[name][1].data if name in found else None for name in TABLE_NAMES}
    present = tuple(name for name in TABLE_NAMES if name in found)
    if not present and not is_whole:
        raise InputError("no SRAT, SLIT or HMAT among the tables that were given")
    missing = [name.upper() for name in TABLE_NAMES if name not in found]
    notes = () if is_whole or not missing else (f"not among the tables given, and not compared: {', '.join(missing)}",)
    return BroughtTables(**ours, found=found, names=TABLE_NAMES if is_whole else present, notes=notes)
