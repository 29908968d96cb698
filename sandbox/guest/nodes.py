"""The nodes of a guest one by one: what each has, how far it is from the others, what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.distances import Distances
from sandbox.guest.parts import fallback_parts, parts_of, size_text
from sandbox.guest.result import GuestNode, Part
from sandbox.records import record
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.guest.affinity import Affinity
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.memory import NodeMemory
    from sandbox.scenario.origins import Origin

KIB: Final = 1024
FOUR_GIB: Final = 4 << 30
PAGE_RECORDS: Final = 64
"""A 64th of all RAM holds the kernel's records of its pages, those of small nodes on another one."""

KERNEL_SHARE: Final = 56 << 20
"""The most that a kernel with its initial RAM disk took of a node in any boot that was looked at."""

BOUNCE_BUFFERS: Final = 64 << 20
"""What a kernel sets aside below 4 GiB if there is, or can be, memory above."""

SMALL_SHARE: Final = 100
"""A hundredth covers tables that grow with memory."""


@record
class NodeState:
    """What is settled when nodes are described.

    Attributes:
        affinity: what the kernel made of SRAT.
        memory: RAM by node.
        distances: what SLIT gives.
        rejected: why SRAT is not used; "" if it is.
        windows: the nodes of CXL windows.
        online: the nodes that are online.
        modules: the bytes that memory modules bring to each node.
    """

    affinity: Affinity
    memory: NodeMemory
    distances: Distances
    rejected: str
    windows: tuple[int, ...]
    online: frozenset[int]
    modules: Mapping[int, int]


class NodeMaker:
    """Describes nodes."""

    def __init__(self, state: NodeState, machine: GuestMachine, origins: Sequence[Origin]) -> None:
        self.state = state
        self.machine = machine
        self.origins = origins

    def node(self, number: int, cpus: Mapping[int, int]) -> GuestNode:
        """Return a node; ``cpus`` holds the node of each processor that is there."""
        state = self.state
        online = state.online
        own = [cpu for cpu, node in cpus.items() if node == number]
        memory = self.state.memory.bytes_on(number) - self.reserved_on(number)
        brought = state.modules.get(number, 0)
        if self.state.rejected:
            pxm, parts = None, fallback_parts(self.machine)
        else:
            pxm, parts = (
                self.state.affinity.pxm_of(number),
                parts_of(number, self.state.affinity, self.machine, self.origins),
            )
            if number in self.state.windows:
                parts = (Part("window", "a CXL fixed memory window"),)
        if brought:
            parts += (Part("module", f"{size_text(brought)} of memory modules"),)
        least, most = self.left_of(memory)
        return GuestNode(
            node=number,
            pxm=pxm,
            online=number in online,
            cpus=list_text(own),
            memory_kib=(memory + brought) // KIB,
            meminfo_kib=((least + brought) // KIB, (most + brought) // KIB),
            distances=tuple(self.distance(number, other) for other in sorted(online)) if number in online else (),
            parts=parts,
        )

    def reserved_on(self, number: int) -> int:
        """Return how many bytes that count as RAM of a node are none."""
        parts = [part for part in self.state.memory.parts if part.node == number]
        return sum(
            max(0, min(part.end, found.end) - max(part.start, found.start))
            for part in parts
            for found in self.machine.reserved
        )

    def distance(self, start: int, end: int) -> int:
        """Return the distance between two nodes."""
        given = Distances() if self.state.rejected else self.state.distances
        return given.between(start, end)

    def left_of(self, memory: int) -> tuple[int, int]:
        """Return how many bytes of a node's RAM the kernel has for use, at the least and at the most."""
        ends = [*(found.end for found in self.machine.ram), *(claim.end for claim in self.state.affinity.claims)]
        bounce = BOUNCE_BUFFERS if max(ends) > FOUR_GIB else 0
        shares = memory // PAGE_RECORDS + memory // SMALL_SHARE + KERNEL_SHARE + bounce
        return max(0, memory - shares), memory
