"""HMAT's bytes from what the ``-numa hmat-`` options say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.hmat import Hmat, encode_hmat
from sandbox.acpi.hmat_structures import LocalityLatencyBandwidth, MemoryProximityDomainAttributes, MemorySideCache

if TYPE_CHECKING:
    from sandbox.acpi.header import TableHeader
    from sandbox.acpi.hmat import HmatStructure
    from sandbox.machine.hmat import HmatContent


def hmat_bytes(header: TableHeader, content: HmatContent) -> bytes:
    """Return the table: attributes of memory first, then latencies and bandwidths, then caches.

    Source: QEMU 10.0 behaviour.
    """
    structures: tuple[HmatStructure, ...] = (
        *(MemoryProximityDomainAttributes(known.flags, known.initiator, known.pxm) for known in content.attributes),
        *(
            LocalityLatencyBandwidth(
                flags=known.hierarchy,
                data_type=known.data_type,
                initiators=known.initiators,
                targets=known.targets,
                entry_base_unit=known.base_unit,
                entries=known.rows,
            )
            for known in content.localities
        ),
        *(MemorySideCache(known.pxm, known.size, known.attributes) for known in content.caches),
    )
    return encode_hmat(Hmat(header, structures))
