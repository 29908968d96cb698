"""SRAT, SLIT and HMAT of a machine, in the order in which QEMU lays out their entries.

The parts that no QMP command changes (processors, memory) are encoded once; each build adds what the objects
contribute.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from qom_types.contract import SratContributor
from sandbox.acpi.header import TableHeader, encode_table
from sandbox.acpi.srat import GiccAffinity, MemoryAffinity, ProcessorAffinity, X2ApicAffinity
from sandbox.errors import MachineExit
from sandbox.machine.cpus import FIRST_X2APIC_ID
from sandbox.machine.memory_map import (
    device_memory_entry,
    nvdimm_entries,
    pc_padding,
    pc_ram_entries,
    virt_ram_entries,
)
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qom_types.contract import NumaHost
    from qom_types.dialects import Dialect
    from sandbox.acpi.slit import Slit
    from sandbox.acpi.srat import Srat, SratEntry
    from sandbox.machine.board import Board
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.memory_map import MemoryEntry
    from sandbox.machine.pc_memory import PcMemory
    from sandbox.qom.objects import QomObject

BLOB_LIMIT: Final = 0x200000
"""Bytes that QEMU reserves for all ACPI tables together; it aborts beyond them."""

BLOB_STEP: Final = 0x20000
"""Bytes by which it grows what it takes of them."""

OTHER_TABLES: Final = 6287
"""Bytes of the tables that are not made here, as a plain virt machine of QEMU 10.0 has them; devices add to them."""

MOST_ENTRIES: Final = 1 << 18
ABORTED: Final = -6

SRAT_START = (1).to_bytes(4, "little") + bytes(8)
"""The reserved fields in front of SRAT's entries: a 32-bit 1 and a 64-bit 0."""


@record
class Tables:
    """What firmware reads: whole tables with the right checksum; None where QEMU makes none."""

    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None

    def decoded_srat(self) -> Srat:
        """Return SRAT as a value.

        Raises:
            LookupError: the machine has none.
        """
        if self.srat is None:
            raise LookupError("the machine has no SRAT: no NUMA node is declared, or ACPI is off")
        from sandbox.acpi.srat import decode_srat

        return decode_srat(self.srat)

    def decoded_slit(self) -> Slit:
        """Return SLIT as a value.

        Raises:
            LookupError: the machine has none.
        """
        if self.slit is None:
            raise LookupError("the machine has no SLIT: no distance is given with -numa dist")
        from sandbox.acpi.slit import decode_slit

        return decode_slit(self.slit)


@record
class SratParts:
    """An SRAT without what objects contribute.

    Attributes:
        header: the table's header.
        before: encoded entries that stand ahead of the contributions.
        after: encoded entries that stand behind them.
        takes_contributions: whether the machine asks the objects at all.
    """

    header: TableHeader
    before: bytes
    after: bytes
    takes_contributions: bool = True

    def build(self, root: QomObject, host: NumaHost) -> bytes:
        """Return the table of the machine ``host``, with what the objects below ``root`` contribute now.

        Raises:
            MachineExit: an object holds a value with which QEMU ends here.
        """
        contributions = b""
        if self.takes_contributions:
            contributions = contributed(root, host)
        return encode_table(self.header, b"".join((SRAT_START, self.before, contributions, self.after)))


@record
class TableParts:
    """Everything that the tables of a machine are made of, but for what objects contribute.

    Attributes:
        srat: SRAT without the contributions; None where QEMU makes none.
        slit: SLIT, which nothing changes; None where QEMU makes none.
        hmat_header: HMAT's header; None where QEMU makes none.
        board: the machine whose nodes HMAT describes.
        program: the name under which QEMU speaks.
    """

    srat: SratParts | None
    slit: bytes | None
    hmat_header: TableHeader | None
    board: Board
    program: str

    @classmethod
    def of(cls, board: Board, nvdimms: Iterable[Dimm], dialect: Dialect, program: str) -> TableParts:
        """Return the parts of a machine's tables.

        Args:
            board: the machine.
            nvdimms: its memory modules, in QEMU's walking order.
            dialect: the dialect, which says whether the machine asks objects for contributions.
            program: the name under which QEMU speaks.
        """
        options = board.machine.options
        if not board.numa.nodes or options.get("acpi") == "off":
            return cls(None, None, None, board, program)
        oem = (_oem(options.get("x-oem-id", "BOCHS "), 6), _oem(options.get("x-oem-table-id", "BXPC    "), 8))
        takes = board.type.family in dialect.initiator_machines
        layout = _pc_entries if board.type.is_x86 else _virt_entries
        before, after = layout(board, nvdimms)
        header = TableHeader("SRAT", 1 if board.type.is_x86 else 3, *oem)
        srat = SratParts(header, _encoded(before), _encoded(after), takes)
        slit = None
        if board.numa.distances is not None:
            from sandbox.acpi.slit import Slit, encode_slit

            slit = encode_slit(Slit(TableHeader("SLIT", 1, *oem), board.numa.distances))
        hmat_header = TableHeader("HMAT", 2, *oem) if board.numa.hmat is not None else None
        return cls(srat, slit, hmat_header, board, program)

    def build(self, root: QomObject) -> Tables:
        """Return the tables, with what the objects below ``root`` contribute now.

        Raises:
            MachineExit: an object holds a value with which QEMU ends here.
        """
        if self.srat is None:
            return Tables()
        srat = self.srat.build(root, self.board.machine)
        tables = Tables(srat, self.slit, None if self.hmat_header is None else self._hmat(self.hmat_header))
        self._check_blob(sum(len(table) for table in (tables.srat, tables.slit, tables.hmat) if table is not None))
        return tables

    def _check_blob(self, length: int) -> None:
        """End the machine if the tables do not fit where QEMU puts them; ``length`` is that of those made here."""
        blob = -(-(length + OTHER_TABLES) // BLOB_STEP) * BLOB_STEP
        if blob > BLOB_LIMIT:
            message = f"Size too large: /rom@etc/acpi/tables: {blob:#x} > {BLOB_LIMIT:#x}: Invalid argument"
            raise MachineExit(f"{self.program}: {message}", status=ABORTED)

    def _hmat(self, header: TableHeader) -> bytes | None:
        content = self.board.numa.hmat_table(self.board.machine.initiators)
        if content is None:
            return None
        from sandbox.machine.hmat_table import hmat_bytes

        return hmat_bytes(header, content)


def _oem(text: str, length: int) -> bytes:
    """Return an OEM field: the text, filled up with zero bytes."""
    return text.encode()[:length].ljust(length, b"\0")


def _encoded(entries: Iterable[SratEntry]) -> bytes:
    return b"".join([entry.encode() for entry in entries])


def _memory(entries: Iterable[MemoryEntry]) -> list[SratEntry]:
    return [MemoryAffinity(entry.pxm, entry.base, entry.length, entry.flags) for entry in entries]


def _pc_entries(board: Board, dimms: Iterable[Dimm]) -> tuple[list[SratEntry], list[SratEntry]]:
    """Return the entries of pc and q35 ahead of and behind the contributions."""
    processors: list[SratEntry] = []
    for slot, pxm in zip(board.slots, board.numa.cpu_nodes, strict=True):
        if slot.apic_id < FIRST_X2APIC_ID:
            processors.append(ProcessorAffinity(pxm, slot.apic_id))
        else:
            processors.append(X2ApicAffinity(pxm, slot.apic_id))
    node_count = len(board.numa.nodes)
    ram = pc_ram_entries(board.numa.memory, cast("PcMemory", board.pc))
    modules = nvdimm_entries(dimms)
    padding = pc_padding(node_count, len(ram) + len(modules))
    room = device_memory_entry(board.device_memory, node_count)
    return [*processors, *_memory((*ram, *modules, *padding))], _memory(room)


def _virt_entries(board: Board, dimms: Iterable[Dimm]) -> tuple[list[SratEntry], list[SratEntry]]:
    """Return the entries of virt ahead of and behind the contributions."""
    processors: list[SratEntry] = [
        GiccAffinity(pxm, slot.index) for slot, pxm in zip(board.slots, board.numa.cpu_nodes, strict=True)
    ]
    room = device_memory_entry(board.device_memory, len(board.numa.nodes))
    return [*processors, *_memory(virt_ram_entries(board.numa.memory))], _memory((*nvdimm_entries(dimms), *room))


def contributed(root: QomObject, host: NumaHost) -> bytes:
    """Return the encoded entries of all contributors below ``root``, pass by pass, in QEMU's walking order.

    Objects may ask for thousands of millions of entries; what is beyond any table that QEMU could take is not made.
    """
    contributors = [found for found in root.walk() if isinstance(found, SratContributor)]
    contributors.sort(key=lambda found: found.srat_pass)
    entries = (entry.encode() for found in contributors for entry in found.srat_entries(host))
    return b"".join(islice(entries, MOST_ENTRIES))
