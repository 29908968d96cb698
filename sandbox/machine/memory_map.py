"""SRAT's memory entries: where the RAM of each node lies, and the room for memory devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.machine.dimms import Dimm
    from sandbox.machine.pc_memory import PcMemory

ENABLED: Final = 1
HOTPLUGGABLE: Final = 2
NON_VOLATILE: Final = 4

ISA_HOLE_START: Final = 0xA0000
ISA_HOLE_END: Final = 0x100000
VIRT_RAM_BASE: Final = 0x40000000

SPARE_ENTRIES: Final = 2
"""How many memory entries more than nodes pc and q35 have at least."""


@record
class DeviceMemory:
    """The room for memory devices.

    Attributes:
        base: its first address; a multiple of 1 GiB.
        size: bytes of the address range.
        capacity: bytes that all devices together may take; less than ``size`` where slots add room for alignment.
    """

    base: int
    size: int
    capacity: int


@record
class MemoryEntry:
    """A memory affinity entry of SRAT (ACPI 6.5, 5.2.16.2).

    Attributes:
        pxm: proximity domain.
        base: address.
        length: bytes.
        flags: :data:`ENABLED`, :data:`HOTPLUGGABLE`, :data:`NON_VOLATILE`.
    """

    pxm: int
    base: int
    length: int
    flags: int = ENABLED


def pc_ram_entries(node_memory: Sequence[int], layout: PcMemory) -> tuple[MemoryEntry, ...]:
    """Return the RAM of pc's and q35's nodes, which lie one behind the other, around the two holes.

    Args:
        node_memory: each node's bytes.
        layout: where RAM is split.

    Source: QEMU 10.0 behaviour.
    """
    entries = []
    end = 0
    for pxm, size in enumerate(node_memory):
        start, end = end, end + size
        if start <= ISA_HOLE_START < end:
            entries.append(MemoryEntry(pxm, start, ISA_HOLE_START - start))
            if end <= ISA_HOLE_END:
                end = ISA_HOLE_END
                continue
            start = ISA_HOLE_END
        if start <= layout.below_4g < end:
            entries.append(MemoryEntry(pxm, start, layout.below_4g - start))
            start, end = layout.above_4g_base, layout.above_4g_base + end - layout.below_4g
        entries.append(MemoryEntry(pxm, start, end - start))
    return tuple(entry for entry in entries if entry.length)


def virt_ram_entries(node_memory: Sequence[int]) -> tuple[MemoryEntry, ...]:
    """Return the RAM of virt's nodes, which lie one behind the other from 1 GiB on.

    Source: QEMU 10.0 behaviour.
    """
    entries = []
    base = VIRT_RAM_BASE
    for pxm, size in enumerate(node_memory):
        if size:
            entries.append(MemoryEntry(pxm, base, size))
        base += size
    return tuple(entries)


def nvdimm_entries(dimms: Iterable[Dimm]) -> tuple[MemoryEntry, ...]:
    """Return the entries of the NVDIMMs among the memory modules.

    Args:
        dimms: in QEMU's walking order of ``/machine/peripheral``, then of ``/machine/peripheral-anon``.

    Source: QEMU 10.0 behaviour. There are none with ``-machine nvdimm=off``, which takes no NVDIMM anyway.
    """
    return tuple(
        MemoryEntry(dimm.node, dimm.address, dimm.size, ENABLED | NON_VOLATILE) for dimm in dimms if dimm.is_nvdimm
    )


def pc_padding(node_count: int, entry_count: int) -> tuple[MemoryEntry, ...]:
    """Return the disabled, all-zero entries that pc and q35 add behind RAM and NVDIMMs.

    Args:
        node_count: the number of nodes.
        entry_count: the number of memory entries so far.

    Source: QEMU 10.0 behaviour.
    """
    return (MemoryEntry(0, 0, 0, 0),) * max(0, node_count + SPARE_ENTRIES - entry_count)


def device_memory_entry(memory: DeviceMemory | None, node_count: int) -> tuple[MemoryEntry, ...]:
    """Return the entry of the room for memory devices, which belongs to the last node; none without such room.

    Source: QEMU 10.0 behaviour.
    """
    if memory is None:
        return ()
    return (MemoryEntry(node_count - 1, memory.base, memory.size, ENABLED | HOTPLUGGABLE),)
