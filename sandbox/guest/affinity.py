"""What Linux keeps of SRAT after its two passes: nodes, claims on memory, what it said, what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import field, record

if TYPE_CHECKING:
    from sandbox.guest.srat_walk import Entry


@record
class Claim:
    """Memory that an entry puts on a node: addresses from ``start`` to before ``end``."""

    node: int
    start: int
    end: int


@record
class Source:
    """An entry that the kernel took for a node: the entry, the domain as the kernel reads it, the node."""

    entry: Entry
    pxm: int
    node: int


@record
class Lost:
    """Something in the tables that the guest does not get.

    Attributes:
        what: what it is, for people.
        why: the kernel's reason, one clause.
        entry: the entry of SRAT; None where it is more than one, or another table.
    """

    what: str
    why: str
    entry: Entry | None = None


@record(frozen=False)
class Affinity:
    """What the passes leave behind.

    Attributes:
        nodes: the node of each proximity domain, in the order of first sight.
        parsed: nodes that a processor, an initiator or memory is on.
        initiators: nodes with a Generic Initiator; they stay so even where the table is rejected.
        processors: on x86 the node of each APIC id.
        gicc: on arm64 the domain of each processor UID.
        claims: memory, in table order.
        sources: each entry that was taken, in the order of the passes.
        initiator_entries: the places of all Generic Initiator entries among all entries, with their number from 0.
        ports: the domains of Generic Port entries.
        port_entries: those entries, in table order.
        disabled: whether the kernel has switched SRAT off for good.
        rejected: why the table is not used; "" if it is.
        fails_to_read: whether it is rejected before its content is judged: no memory, or an entry of length 0.
        said: what the kernel writes, without time stamps.
        lost: what the guest does not get.
    """

    nodes: dict[int, int] = field(default_factory=dict)
    parsed: set[int] = field(default_factory=set)
    initiators: set[int] = field(default_factory=set)
    processors: dict[int, int] = field(default_factory=dict)
    gicc: dict[int, int] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    initiator_entries: dict[int, int] = field(default_factory=dict)
    ports: set[int] = field(default_factory=set)
    port_entries: list[Entry] = field(default_factory=list)
    disabled: bool = False
    rejected: str = ""
    fails_to_read: bool = False
    said: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    def pxm_of(self, node: int) -> int | None:
        """Return the proximity domain of a node; None if it has none."""
        return next((pxm for pxm, found in self.nodes.items() if found == node), None)
