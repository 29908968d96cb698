"""The first file system of a guest that is booted to be looked at, and the tables that it is given on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.boot.cpio import archive, character_device, directory, file, symlink
from sandbox.resources import read_beside

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES_FOLDER: Final = "kernel/firmware/acpi"
"""Where Linux looks for tables that take the place of the firmware's."""

CONSOLE: Final = (5, 1)
"""Major and minor number of /dev/console, from which the first process has its output."""


def initramfs(busybox: bytes) -> bytes:
    """Return the archive with our /init and what runs it.

    Args:
        busybox: a statically linked busybox for the guest's architecture.
    """
    return archive(
        (
            *(directory(name) for name in ("bin", "dev", "proc", "sys", "tmp")),
            character_device("dev/console", *CONSOLE),
            file("bin/busybox", busybox, executable=True),
            symlink("bin/sh", "busybox"),
            file("init", read_beside(__file__, "init.sh").encode(), executable=True),
        )
    )


def table_archive(tables: Mapping[str, bytes]) -> bytes:
    """Return the archive with which Linux takes tables in place of the firmware's; it goes in front of the other one.

    Linux reads it before it can unpack anything, so it must not be compressed.

    Source: Linux, "Upgrading ACPI tables via initrd".

    Args:
        tables: tables with the right checksum, by signature; no tables, no archive.
    """
    if not tables:
        return b""
    parents = [TABLES_FOLDER[: TABLES_FOLDER.index(part) + len(part)] for part in TABLES_FOLDER.split("/")]
    files = [file(f"{TABLES_FOLDER}/{name.lower()}.aml", table) for name, table in tables.items()]
    return archive((*map(directory, parents), *files))
