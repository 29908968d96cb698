"""HMAT as Linux walks over it: what is attached to what, and the tables of latencies and bandwidths.

Source: Linux 6.1, 6.12 and 7.3, drivers/acpi/numa/hmat.c.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

STRUCTURES: Final = 40
HEADER: Final = 8
ATTRIBUTES: Final = 0
LOCALITIES: Final = 1
CACHE: Final = 2
ATTRIBUTES_LENGTH: Final = 40
CACHE_LENGTH: Final = 32
ATTACHED: Final = 1
KNOWN_REVISIONS: Final = (1, 2)
UNREACHABLE: Final = 0xFFFF
MOST: Final = 0xFFFFFFFF
HIERARCHY: Final = 0xF
LEAST_TENTHS: Final = 10
PICOSECONDS: Final = 1000
LAST_LATENCY: Final = 2

_HEAD: Final = Struct("<HHI")
_ATTRIBUTES: Final = Struct("<H2xII")
_LOCALITY: Final = Struct("<BBxxIIxxxxQ")
_LENGTH: Final = Struct("<I")

_KINDS: Final = {
    0: ("read_latency", "write_latency"),
    1: ("read_latency",),
    2: ("write_latency",),
    3: ("read_bandwidth", "write_bandwidth"),
    4: ("read_bandwidth",),
    5: ("write_bandwidth",),
}


@record
class Locality:
    """A table of latencies (ns) or bandwidths (MB/s), by initiator and target domain."""

    data_type: int
    initiators: tuple[int, ...]
    targets: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]

    @property
    def is_latency(self) -> bool:
        """Whether less is better."""
        return self.data_type <= LAST_LATENCY

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it is about, as sysfs names it."""
        return _KINDS.get(self.data_type, ())

    def value(self, initiator: int, target: int) -> int:
        """Return a value; 0 where there is none."""
        if initiator not in self.initiators or target not in self.targets:
            return 0
        return self.values[self.initiators.index(initiator)][self.targets.index(target)]


@record
class HmatContent:
    """What the kernel keeps.

    Attributes:
        processor_of: the initiator's domain that HMAT itself attaches to a memory domain.
        localities: the tables about memory, in order.
        decisive: the last one of each kind.
    """

    processor_of: dict[int, int] = field(default_factory=dict)
    localities: list[Locality] = field(default_factory=list)
    decisive: dict[str, Locality] = field(default_factory=dict)


def read_hmat(hmat: bytes, targets: Collection[int], nodes: Mapping[int, int]) -> HmatContent | None:
    """Read HMAT; None where the kernel drops it.

    Args:
        hmat: the table.
        targets: the domains that SRAT knows as targets.
        nodes: the node of each domain.
    """
    if len(hmat) < STRUCTURES or hmat[8] not in KNOWN_REVISIONS:
        return None
    structures = list(_structures(hmat))
    if any(not len(body) for _, body in structures):
        return None
    content = HmatContent()
    for kind, body in structures:
        if kind == ATTRIBUTES and not _attach(body, hmat[8], content, targets, nodes):
            return None
    for kind, body in structures:
        if kind == LOCALITIES and not _add_locality(body, hmat[8], content):
            return None
    if any(kind == CACHE and len(body) < CACHE_LENGTH for kind, body in structures):
        return None
    return content


def _structures(hmat: bytes) -> Iterator[tuple[int, bytes]]:
    """Give type and bytes of each structure; no bytes for one of length 0, which is the last."""
    end = min(_LENGTH.unpack_from(hmat, 4)[0], len(hmat))
    offset = STRUCTURES
    while offset + HEADER < end:
        kind, _, length = _HEAD.unpack_from(hmat, offset)
        yield kind, hmat[offset : offset + length]
        if not length:
            return
        offset += length


def _attach(
    body: bytes, revision: int, content: HmatContent, targets: Collection[int], nodes: Mapping[int, int]
) -> bool:
    if len(body) != ATTRIBUTES_LENGTH:
        return False
    flags, processor, memory = _ATTRIBUTES.unpack_from(body, HEADER)
    if revision == 1 and not flags & 2:
        return True
    if memory not in targets:
        return False
    if flags & ATTACHED:
        if processor not in nodes:
            return False
        content.processor_of[memory] = processor
    return True


def _add_locality(body: bytes, revision: int, content: HmatContent) -> bool:
    fixed = HEADER + _LOCALITY.size
    if len(body) < fixed:
        return False
    flags, data_type, sources, targets, base = _LOCALITY.unpack_from(body, HEADER)
    if len(body) < fixed + 4 * (sources + targets) + 2 * sources * targets:
        return False
    if flags & HIERARCHY:
        return True
    pxms = Struct(f"<{sources + targets}I").unpack_from(body, fixed)
    row = Struct(f"<{targets}H")
    start = fixed + 4 * len(pxms)
    values = tuple(
        tuple(_normal(raw, base, data_type, revision) for raw in row.unpack_from(body, start + row.size * index))
        for index in range(sources)
    )
    table = Locality(data_type, pxms[:sources], pxms[sources:], values)
    content.localities.append(table)
    content.decisive.update(dict.fromkeys(table.kinds, table))
    return True


def _normal(raw: int, base: int, data_type: int, revision: int) -> int:
    """Return a value in ns or MB/s; 0 for one that says nothing or is too large."""
    if raw in (0, UNREACHABLE) or base > MOST // raw:
        return 0
    value = raw * base
    if revision == 1:
        return 0 if value < LEAST_TENTHS else -(-value // LEAST_TENTHS)
    return -(-value // PICOSECONDS) if data_type <= LAST_LATENCY else value
