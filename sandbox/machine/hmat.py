"""What HMAT says in the end, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.machine.families import MAX_NODES, MIB
from sandbox.machine.hmat_options import ASSOCIATIVITIES, CACHE_LEVELS, LATENCIES, POLICIES
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.machine.hmat_options import HmatSettings, Measurements


@record
class MemoryAttributes:
    """A Memory Proximity Domain Attributes structure.

    Attributes:
        pxm: the node of the memory.
        initiator: the node of the initiator that the memory belongs to; QEMU writes 128 where there is none.
        flags: 1 where the initiator is valid, else 0.
    """

    pxm: int
    initiator: int
    flags: int


@record
class Locality:
    """A System Locality Latency and Bandwidth Information structure.

    Attributes:
        hierarchy: 0 memory, 1 to 3 the levels of memory side cache.
        data_type: 0 to 2 access, read and write latency; 3 to 5 the bandwidths.
        base_unit: 64 bits: picoseconds, or MiB per second, of one step.
        initiators, targets: node numbers.
        rows: for each initiator 16-bit steps for each target.
    """

    hierarchy: int
    data_type: int
    base_unit: int
    initiators: tuple[int, ...]
    targets: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]


@record
class SideCache:
    """A Memory Side Cache Information structure.

    Attributes:
        pxm: the node of the memory.
        size: bytes.
        total_levels, level: how many caches the node has, and which this is, counted from 1.
        associativity: 0 none, 1 direct mapped, 2 complex.
        policy: 0 none, 1 write back, 2 write through.
        line: bytes of a cache line.
    """

    pxm: int
    size: int
    total_levels: int
    level: int
    associativity: int
    policy: int
    line: int

    @property
    def attributes(self) -> int:
        """The structure's 32-bit field Cache Attributes (ACPI 6.5, 5.2.28.5)."""
        return self.total_levels | self.level << 4 | self.associativity << 8 | self.policy << 12 | self.line << 16


@record
class HmatContent:
    """What HMAT holds, in its order."""

    attributes: tuple[MemoryAttributes, ...]
    localities: tuple[Locality, ...]
    caches: tuple[SideCache, ...]


def hmat_content(
    settings: HmatSettings, memory: Sequence[int], attached: Sequence[int | None], initiators: Collection[int]
) -> HmatContent:
    """Return what HMAT says.

    Args:
        settings: the ``hmat-`` options.
        memory: each node's bytes of RAM; nodes without RAM get no attributes.
        attached: each node's initiator, or None.
        initiators: the nodes with CPUs, or marked by Generic Initiator objects by the time the table is built. QEMU
            does not take a mark away when the object goes.

    Source: ACPI 6.5, 5.2.28; QEMU 10.0 behaviour.
    """
    attributes = tuple(
        MemoryAttributes(pxm, MAX_NODES if initiator is None else initiator, int(initiator is not None))
        for pxm, (size, initiator) in enumerate(zip(memory, attached, strict=True))
        if size
    )
    sources = tuple(pxm for pxm in range(len(memory)) if pxm in initiators)
    localities = tuple(
        _locality(key, known, sources, len(memory))
        for key, known in sorted(settings.measurements.items())
        if known.values
    )
    caches = []
    for pxm in range(len(memory)):
        levels = [level for level in range(1, CACHE_LEVELS + 1) if (pxm, level) in settings.caches]
        for level in levels:
            cache = settings.caches[pxm, level]
            caches.append(
                SideCache(
                    pxm=pxm,
                    size=cache["size"],
                    total_levels=len(levels),
                    level=level,
                    associativity=ASSOCIATIVITIES.index(cache["associativity"]),
                    policy=POLICIES.index(cache["policy"]),
                    line=cache["line"],
                )
            )
    return HmatContent(attributes, localities, tuple(caches))


def _locality(key: tuple[int, int], known: Measurements, sources: Sequence[int], node_count: int) -> Locality:
    hierarchy, data_type = key
    is_latency = data_type < len(LATENCIES)
    unit = known.base * 1000 if is_latency else known.base // MIB
    return Locality(
        hierarchy=hierarchy,
        data_type=data_type,
        base_unit=unit & 0xFFFFFFFF,
        initiators=tuple(sources),
        targets=tuple(range(node_count)),
        rows=tuple(
            tuple(known.values.get((source, target), 0) // known.base & 0xFFFF for target in range(node_count))
            for source in sources
        ),
    )
