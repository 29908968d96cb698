"""The ACPI tables of a live QEMU, as its guest would find them.

They come from fw_cfg and from the loader script, which is run here as firmware would run it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.live.chain import read_chain
from sandbox.live.loader import allocated_files, install, used_length
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.live.loader import Installed
    from sandbox.live.session import LiveSession

LOADER_FILE: Final = "etc/table-loader"
RSDP_FILE: Final = "etc/acpi/rsdp"


@record
class LiveTables:
    """What the guest finds: whole tables with header and checksum; None where QEMU makes no such table."""

    srat: bytes | None
    slit: bytes | None
    hmat: bytes | None

    @classmethod
    def among(cls, tables: Iterable[bytes]) -> LiveTables:
        """Return those three of whole tables."""
        found = {table[:4]: table for table in tables}
        return cls(found.get(b"SRAT"), found.get(b"SLIT"), found.get(b"HMAT"))


def read_tables(session: LiveSession) -> LiveTables:
    """Read SRAT, SLIT and HMAT as firmware would install them now.

    The first read after a start or a reset makes QEMU build its tables, from the objects that it has at that moment;
    later reads give the same tables again until the next reset.

    Raises:
        LiveExit: QEMU ended while it built the tables, as it does over an object with an invalid node.
        LiveTimeout: QEMU does not answer.
        LiveError: a machine whose fw_cfg device the sandbox cannot find.
        DecodeError: what QEMU gave is no set of tables.
    """
    return LiveTables.among(read_all_tables(session))


def read_all_tables(session: LiveSession) -> tuple[bytes, ...]:
    """Read every table that RSDT or XSDT lists, in its order; without ACPI (``-machine acpi=off``) there is none.

    Raises:
        LiveExit, LiveTimeout, LiveError, DecodeError: as :func:`read_tables`.
    """
    with session.watch("reading the tables"):
        device = session.fw_cfg()
        loader = device.key(LOADER_FILE)
        if loader is None:
            return ()
        device.select(loader)
        directory = device.directory()
        script = device.read(loader, directory[LOADER_FILE].size)
        wanted = [directory[name] for name in allocated_files(script) if name in directory]
        files = {}
        for file in wanted:
            used = min(used_length(script, file.name) or file.size, file.size)
            files[file.name] = device.read(file.key, used).ljust(file.size, b"\0")
    return split_tables(install(script, files))


def split_tables(installed: Installed) -> tuple[bytes, ...]:
    """Return the tables that the installed RSDP leads to, in the order of RSDT or XSDT.

    Raises:
        DecodeError: a pointer leads nowhere, or a table is cut off or has a wrong checksum.
    """
    rsdp = installed.files[RSDP_FILE].data if RSDP_FILE in installed.files else b""

    def read(address: int, size: int) -> bytes:
        for file in installed.files.values():
            start = address - file.address
            if 0 <= start < len(file.data):
                if start + size > len(file.data):
                    raise DecodeError(f"table at {address:#x} is cut off", start)
                return file.data[start : start + size]
        raise DecodeError(f"no table at address {address:#x}")

    return read_chain(rsdp, read).tables
