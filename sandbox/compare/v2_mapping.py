"""Holding v2's tables against those of the merged objects that stand for v2's.

Two differences are meant to be: the order of the Generic Initiators, which follows from the ids of the objects, and the
encoding of their handles. v2 writes devfn as a 16-bit little-endian number where the specification has the bus and then
devfn; QEMU 9.0.0 to 9.0.3 has the two bytes in each other's place. Anything else is a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity, decode_srat
from sandbox.acpi.srat_devices import ENABLED
from sandbox.compare.mapping import MappedEntry, Mapping
from sandbox.compare.rest_of_tables import compare_hmat, compare_rest_of_srat, compare_slit
from sandbox.errors import DecodeError
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from qom_types.dialects import Dialect
    from sandbox.scenario.tables import Tables
    from sandbox.translate.correspondence import Counterpart, Moment


def map_moment(moment: Moment, merged: Tables, dialect: Dialect) -> Mapping:
    """Map the tables that v2's firmware reads at a moment to those of the other side; see :func:`map_tables`."""
    mapped = map_tables(moment.tables, merged, moment.counterparts, dialect, moment.marked)
    return replace(mapped, title=moment.title)


def map_tables(
    v2: Tables,
    merged: Tables,
    counterparts: Sequence[Counterpart],
    dialect: Dialect,
    marked: Collection[int] = frozenset(),
) -> Mapping:
    """Map v2's tables to the merged ones.

    Args:
        v2: the tables of v2's machine.
        merged: those of the machine with the merged objects, a live QEMU's or the sandbox's own.
        counterparts: which v2 entry corresponds to which object, in the order of v2's table.
        dialect: the merged dialect, which says how it writes handles.
        marked: the nodes that merged objects have named by then.
    """
    v2_entries, v2_problem = _initiators(v2.srat, "v2's")
    merged_entries, merged_problem = _initiators(merged.srat, "the merged")
    problems = tuple(filter(None, (v2_problem, merged_problem)))
    rest, notes = compare_hmat(v2.hmat, merged.hmat, marked)
    differences = (*compare_slit(v2.slit, merged.slit), *rest)
    if problems:
        return Mapping((), (*problems, *differences), notes)
    pairing = _Pairing(v2_entries, merged_entries, dialect)
    entries = pairing.map_all(counterparts)
    if v2.srat is not None or merged.srat is not None:
        differences = (*compare_rest_of_srat(v2.srat, merged.srat), *differences)
    return Mapping(entries, (*pairing.surplus(len(counterparts)), *differences), notes)


def _initiators(srat: bytes | None, whose: str) -> tuple[tuple[GenericInitiatorAffinity, ...], str]:
    """Return the Generic Initiators of an SRAT, and why it does not decode."""
    if srat is None:
        return (), ""
    try:
        entries = decode_srat(srat).entries
    except DecodeError as error:
        return (), f"{whose} SRAT does not decode: {error}"
    return tuple([entry for entry in entries if isinstance(entry, GenericInitiatorAffinity)]), ""


class _Pairing:
    """Gives each v2 entry the merged entry that stands for it, and none of those twice."""

    def __init__(
        self,
        v2: Sequence[GenericInitiatorAffinity],
        merged: Sequence[GenericInitiatorAffinity],
        dialect: Dialect,
    ) -> None:
        self.v2 = v2
        self.merged = merged
        self.swaps = dialect.swaps_bus_and_devfn
        self.free = dict(enumerate(merged))

    def map_all(self, counterparts: Sequence[Counterpart]) -> tuple[MappedEntry, ...]:
        """Map every entry: first those that have what they must have, so that others cannot take it from them."""
        entries = [self.expected(index, it) for index, it in enumerate(counterparts)]
        for index, entry in enumerate(entries):
            if not entry.excused and not entry.problem:
                entries[index] = self.exact(entry)
        return tuple(self.closest(entry) if self.is_open(entry) else entry for entry in entries)

    @staticmethod
    def is_open(entry: MappedEntry) -> bool:
        return entry.merged_index is None and not entry.excused and not entry.problem

    def expected(self, index: int, it: Counterpart) -> MappedEntry:
        """Return an entry with what both sides must have, and what v2's side has otherwise as its problem."""
        must = PciDeviceHandle(0, it.devfn, 0)
        found = self.v2[index] if index < len(self.v2) else None
        handle = PciDeviceHandle(0, it.bus, it.devfn)
        problem = ""
        if found is None:
            problem = "v2's SRAT has no such entry"
        elif found.pxm != it.pxm:
            problem = f"v2's entry has PXM {found.pxm}, not {it.pxm}"
        elif found.handle != must:
            problem = f"v2's entry has the handle {_text(found)}, not {must.bdf}"
        elif found.flags != ENABLED or found.reserved != (0, 0):
            problem = f"v2's entry has the flags {found.flags:#x}, reserved fields {found.reserved}"
        return MappedEntry(
            pxm=it.pxm,
            object_id=it.object_id,
            device_id=it.device_id,
            v2_index=index,
            v2_handle=must.encode() if found is None else found.handle.encode(),
            merged_id=it.merged_id,
            merged_handle=b"" if it.excused else (handle.swapped() if self.swaps else handle).encode(),
            problem=problem,
            excused=it.excused,
        )

    def exact(self, entry: MappedEntry) -> MappedEntry:
        """Give an entry the first merged one that has PXM, flags and handle; leave it open if there is none."""
        for index, found in self.free.items():
            is_same = found.pxm == entry.pxm and found.handle.encode() == entry.merged_handle
            if is_same and found.flags == ENABLED and found.reserved == (0, 0) and found.handle.type == 1:
                return self.taken(entry, index, "")
        return entry

    def closest(self, entry: MappedEntry) -> MappedEntry:
        """Say how an entry has no counterpart: what comes closest to it, by its PXM or else by its device."""
        must = PciDeviceHandle(0, *entry.merged_handle[2:4])
        for index, found in self.free.items():
            if found.pxm == entry.pxm:
                if found.handle != must:
                    return self.taken(entry, index, f"the merged entry has the handle {_text(found)}, not {must.bdf}")
                fields = f"flags {found.flags:#x}, reserved fields {found.reserved}"
                return self.taken(entry, index, f"the merged entry has {fields}")
        for index, found in self.free.items():
            if found.handle == must:
                return self.taken(entry, index, f"the merged entry has PXM {found.pxm}, not {entry.pxm}")
        return replace(entry, problem=f"there is no merged entry with PXM {entry.pxm} and the handle {must.bdf}")

    def taken(self, entry: MappedEntry, index: int, problem: str) -> MappedEntry:
        handle = self.free.pop(index).handle.encode()
        return replace(entry, merged_index=index, found_handle=handle, problem=problem)

    def surplus(self, count: int) -> Iterable[str]:
        """Say which entries stand for nothing, of which v2 has or should have ``count``."""
        for index, found in enumerate(self.v2[count:], count):
            yield f"v2's Generic Initiator {index} (PXM {found.pxm}, {_text(found)}) comes from no object"
        for index, found in self.free.items():
            yield f"the merged Generic Initiator {index} (PXM {found.pxm}, {_text(found)}) stands for no entry of v2's"


def _text(entry: GenericInitiatorAffinity) -> str:
    handle = entry.handle
    return handle.bdf if isinstance(handle, PciDeviceHandle) else f"of type {handle.type}"
