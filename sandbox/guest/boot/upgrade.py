"""Giving Linux tables of our own in place of those that QEMU makes.

Linux takes a table from the initrd in place of the firmware's if signature, OEM id and OEM table id are the same and
its OEM revision is larger. So the OEM revision, of a table from elsewhere also the ids, and with them the checksum, are
all in which the table that such a guest sees differs from the one that was asked for.

Source: Linux, "Upgrading ACPI tables via initrd".
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from sandbox.acpi.header import HEADER_LENGTH, with_checksum
from sandbox.errors import InputError
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.scenario.tables import Tables

OEM_REVISION: Final = Struct("<I")
LENGTH: Final = Struct("<I")
LENGTH_AT: Final = 4
OEM_ID_AT: Final = 10
OEM_REVISION_AT: Final = 24

QEMU_REVISION: Final = 1
"""The OEM revision of the tables that QEMU makes."""


def upgradable(table: bytes) -> bytes:
    """Return a table with a larger OEM revision than QEMU's, unless its own is one, and with the right checksum.

    A table's length field is left as it is, and so is everything behind the header, however malformed.

    Raises:
        InputError: the bytes are too few for a table's header.
    """
    if len(table) < HEADER_LENGTH:
        raise InputError(f"a table of {len(table)} bytes has no header: it cannot be given to a guest")
    (own,) = OEM_REVISION.unpack_from(table, OEM_REVISION_AT)
    larger = OEM_REVISION.pack(max(own, QEMU_REVISION + 1))
    return with_checksum(table[:OEM_REVISION_AT] + larger + table[OEM_REVISION_AT + OEM_REVISION.size :])


def fitting(tables: Tables, own: Tables) -> Tables:
    """Return tables from elsewhere with the OEM ids of the machine's own, since Linux replaces only its equals."""
    from sandbox.machine.tables import Tables as MadeTables

    found = {}
    for name in TABLE_NAMES:
        table, made = getattr(tables, name), getattr(own, name)
        if table is not None and made is not None and len(table) >= HEADER_LENGTH:
            table = with_checksum(table[:OEM_ID_AT] + made[OEM_ID_AT:OEM_REVISION_AT] + table[OEM_REVISION_AT:])
        found[name] = table
    return MadeTables(**found)


def as_asked_for(seen: bytes, asked: bytes) -> bool:
    """Whether a table that a guest saw is the one that was asked for, but for OEM revision and checksum."""
    return seen in (asked, upgradable(asked))


def upgrades(tables: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Return the tables that there are, made such that Linux takes them; keys are signatures in either case.

    Raises:
        InputError: as :func:`upgradable`; or a table has another length than its header says, which Linux refuses.
    """
    found = {name.upper(): upgradable(table) for name, table in tables.items() if table is not None}
    for name, table in found.items():
        (told,) = LENGTH.unpack_from(table, LENGTH_AT)
        if told != len(table):
            raise InputError(
                f"{name} has {len(table)} bytes and its header says {told}: Linux takes no such table from an initrd,"
                " so no guest can be shown it; the forecast alone can be had without --boot"
            )
    return found
