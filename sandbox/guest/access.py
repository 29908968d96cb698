"""HMAT: through which initiators a guest says each memory node is reached best, and how fast (``nodeN/access*``).

Source: Linux 6.1, 6.12 and 7.3, drivers/acpi/numa/hmat.c and drivers/base/node.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.hmat_walk import Locality, read_hmat
from sandbox.guest.srat_walk import MEMORY, PORT, entries
from sandbox.records import field, record
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sandbox.guest.srat_walk import Entry

LOCAL: Final = 0
CPU: Final = 1
ENABLED: Final = 1
ACPI_HANDLE: Final = 0
KINDS: Final = ("write_latency", "read_latency", "write_bandwidth", "read_bandwidth")
"""In the order in which the kernel lets them decide."""


@record(frozen=False)
class Access:
    """The folder ``nodeN/accessM``.

    Attributes:
        initiators: nodes that reach this node's memory best.
        targets: nodes whose memory this node reaches best.
        performance: by :data:`KINDS`, in ns and MB/s; None on nodes whose memory HMAT does not know.
    """

    initiators: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    performance: dict[str, int] | None = None


@record
class Situation:
    """What the kernel knows when it reads HMAT.

    Attributes:
        nodes: the node of each proximity domain.
        online: the nodes that are online.
        with_cpu: those with a processor that is there.
        limit: the first domain that the kernel's bit maps do not hold.
        heeds_ports: whether a Generic Port makes a target of its domain.
    """

    nodes: Mapping[int, int]
    online: Collection[int]
    with_cpu: Collection[int]
    limit: int
    heeds_ports: bool


@record
class Reached:
    """How memory nodes are reached.

    Attributes:
        folders: by node and class: 0 counts Generic Initiators in, 1 processors only.
        overruled: a sentence for each memory node whose initiator HMAT names though others have better numbers.
    """

    folders: Mapping[int, Mapping[int, Access]] = field(default_factory=dict)
    overruled: tuple[str, ...] = ()


NOTHING: Final = Reached()
"""What comes of no HMAT, or of one that the kernel does not take."""


def read_access(srat: bytes, hmat: bytes, situation: Situation) -> Reached:
    """Return how memory nodes are reached.

    Args:
        srat: the SRAT that the kernel uses.
        hmat: HMAT.
        situation: what the kernel knows.
    """
    found = tuple(entries(srat))
    if found and not found[-1].length:
        return NOTHING
    targets, ports = _targets(found, situation)
    content = read_hmat(hmat, targets | ports, situation.nodes)
    if content is None:
        return NOTHING
    folders: dict[int, dict[int, Access]] = {}
    overruled: list[str] = []
    initiators = sorted({pxm for table in content.localities for pxm in table.initiators if pxm in situation.nodes})
    for pxm in targets:
        node = situation.nodes.get(pxm)
        if node is None or node not in situation.online or pxm in ports:
            continue
        target = _Target(pxm, content.processor_of.get(pxm), situation)
        for access in (LOCAL, CPU):
            folder = _folder(folders, node, access)
            folder.performance = target.first_performance(content.localities, access)
            for chosen in target.best(content.decisive, initiators, access, folder.performance):
                other = situation.nodes[chosen]
                if other in situation.online:
                    folder.initiators.append(other)
                    _folder(folders, other, access).targets.append(node)
        overruled += target.overruled(content.decisive, initiators)
    return Reached(folders, tuple(overruled))


def _folder(folders: dict[int, dict[int, Access]], node: int, access: int) -> Access:
    return folders.setdefault(node, {}).setdefault(access, Access())


def _targets(found: Iterable[Entry], situation: Situation) -> tuple[dict[int, None], dict[int, None]]:
    """Return the domains with memory, in table order, and those of ports with an ACPI handle."""
    memory: dict[int, None] = {}
    ports: dict[int, None] = {}
    for entry in found:
        if entry.type == MEMORY and entry.u32(28) & ENABLED:
            memory[entry.u32(2)] = None
        elif entry.type == PORT and situation.heeds_ports and entry.u32(24) & ENABLED and entry.byte(3) == ACPI_HANDLE:
            ports[entry.u32(4)] = None
    return memory, ports


class _Target:
    """A domain with memory."""

    def __init__(self, pxm: int, processor: int | None, situation: Situation) -> None:
        self.pxm = pxm
        self.processor = processor
        self.situation = situation

    def has_cpu(self, pxm: int) -> bool:
        return self.situation.nodes.get(pxm) in self.situation.with_cpu

    def first_performance(self, localities: Sequence[Locality], access: int) -> dict[str, int]:
        """Return what the tables say of the initiator that HMAT itself attaches to the memory."""
        values = dict.fromkeys(KINDS, 0)
        if self.processor is None or (access == CPU and not self.has_cpu(self.processor)):
            return values
        for table in localities:
            for _ in range(table.initiators.count(self.processor) * table.targets.count(self.pxm)):
                values |= dict.fromkeys(table.kinds, table.value(self.processor, self.pxm))
        return values

    def overruled(self, decisive: Mapping[str, Locality], initiators: Sequence[int]) -> Iterator[str]:
        """Give a sentence if HMAT names an initiator though others have better numbers."""
        if self.processor is None:
            return
        nodes = self.situation.nodes
        free = _Target(self.pxm, None, self.situation).best(decisive, initiators, LOCAL, dict.fromkeys(KINDS, 0))
        if free and self.processor not in free:
            yield (
                f"HMAT names node {nodes[self.processor]} as the initiator of node {nodes[self.pxm]}'s memory (-numa"
                f" node,initiator=), and Linux keeps to that, though node {list_text(nodes[other] for other in free)}"
                " has better numbers."
            )

    def best(
        self, decisive: Mapping[str, Locality], initiators: Sequence[int], access: int, values: dict[str, int]
    ) -> list[int]:
        """Return the domains of the best initiators, ascending, and note the best values.

        The tables are asked one after the other; each strikes out all but the best of those that are left.
        """
        if self.processor is not None and (access == LOCAL or self.has_cpu(self.processor)):
            return [self.processor]
        if not decisive:
            return []
        left = {pxm for pxm in initiators if pxm < self.situation.limit}
        for kind in KINDS:
            table = decisive.get(kind)
            if table is None:
                continue
            best = 0
            for pxm in initiators:
                if access == CPU and not self.has_cpu(pxm):
                    left.discard(pxm)
                if pxm not in left:
                    continue
                value = table.value(pxm, self.pxm)
                if value and (not best or (value < best if table.is_latency else value > best)):
                    best = value
                    left = {other for other in left if other >= pxm}
                if value != best:
                    left.discard(pxm)
            if best:
                values |= dict.fromkeys(table.kinds, best)
        return sorted(left)
