"""The ACPI tables of a live QEMU, as its guest would find them.

The walk is that of an operating system: from the RSDP to the RSDT or XSDT, and from there to every table.

Source: ACPI 6.5, 5.2.5.3 (RSDP), 5.2.6 (header), 5.2.7 (RSDT), 5.2.8 (XSDT). All fields are little-endian.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from sandbox.errors import DecodeError
from sandbox.live.loader import allocated_files, install
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.live.loader import Installed
    from sandbox.live.session import LiveSession

LOADER_FILE: Final = "etc/table-loader"
RSDP_FILE: Final = "etc/acpi/rsdp"

RSDP: Final = struct.Struct("<8sB6sBI")
"""Signature, checksum, OEM id, revision, address of the RSDT."""
RSDP_SIGNATURE: Final = b"RSD PTR "
XSDT_AT: Final = 24
TABLE_START: Final = struct.Struct("<4sI")
"""Signature, length: how every table begins."""
HEADER_LENGTH: Final = 36
WITHOUT_CHECKSUM: Final = (b"FACS",)


@record
class LiveTables:
    """What the guest finds: whole tables with header and checksum; None where QEMU makes no such table."""

    srat: bytes | None
    slit: bytes | None
    hmat: bytes | None


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
    found = {table[:4]: table for table in read_all_tables(session)}
    return LiveTables(found.get(b"SRAT"), found.get(b"SLIT"), found.get(b"HMAT"))


def read_all_tables(session: LiveSession) -> tuple[bytes, ...]:
    """Read every table that RSDT or XSDT lists, in its order; without ACPI (``-machine acpi=off``) there is none.

    Raises:
        LiveExit, LiveTimeout, LiveError, DecodeError: as :func:`read_tables`.
    """
    with session.watch("reading the tables"):
        device = session.fw_cfg()
        loader = device.directory().get(LOADER_FILE)
        if loader is None:
            return ()
        device.select(loader.key)
        directory = device.directory()
        script = device.read(loader.key, directory[LOADER_FILE].size)
        wanted = [directory[name] for name in allocated_files(script) if name in directory]
        files = {file.name: device.read(file.key, file.size) for file in wanted}
    return split_tables(install(script, files))


def split_tables(installed: Installed) -> tuple[bytes, ...]:
    """Return the tables that the installed RSDP leads to, in the order of RSDT or XSDT.

    Raises:
        DecodeError: a pointer leads nowhere, or a table is cut off or has a wrong checksum.
    """
    rsdp = installed.files[RSDP_FILE].data if RSDP_FILE in installed.files else b""
    if len(rsdp) < RSDP.size or not rsdp.startswith(RSDP_SIGNATURE):
        raise DecodeError("no RSDP")
    _, _, _, revision, address = RSDP.unpack_from(rsdp)
    width = 4
    if revision >= 2 and len(rsdp) >= XSDT_AT + 8:
        width = 8
        address = int.from_bytes(rsdp[XSDT_AT : XSDT_AT + 8], "little")
    pointers = _table_at(installed, address)[HEADER_LENGTH:]
    addresses = (int.from_bytes(pointers[at : at + width], "little") for at in range(0, len(pointers), width))
    return tuple(_table_at(installed, table) for table in addresses)


def _table_at(installed: Installed, address: int) -> bytes:
    for file in installed.files.values():
        start = address - file.address
        if not 0 <= start <= len(file.data) - TABLE_START.size:
            continue
        signature, length = TABLE_START.unpack_from(file.data, start)
        table = file.data[start : start + length]
        if length < TABLE_START.size or len(table) < length:
            raise DecodeError(f"table {signature!r} of {length} bytes is cut off", start)
        if signature not in WITHOUT_CHECKSUM and sum(table) & 0xFF:
            raise DecodeError(f"table {signature!r} has a wrong checksum", start)
        return table
    raise DecodeError(f"no table at address {address:#x}")
