"""Why a guest's nodes are not what the command line seems to say: what is lost, and what surprises people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.parts import origin_of
from sandbox.guest.result import Loss
from sandbox.guest.srat_walk import INITIATOR, MEMORY
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sandbox.guest.affinity import Affinity, Source
    from sandbox.guest.distances import Distances
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.result import GuestNode
    from sandbox.scenario.origins import Origin


def losses(affinity: Affinity, distances: Distances, origins: Sequence[Origin], rejected: str) -> Iterator[Loss]:
    """Give what the guest does not get of its tables.

    Args:
        affinity: what the kernel made of SRAT.
        distances: what it made of SLIT.
        origins: where initiators come from.
        rejected: why SRAT is not used; "" if it is.
    """
    if rejected:
        yield Loss("all nodes", f"SRAT is not used: {rejected}")
    for lost in affinity.lost:
        origin = origin_of(lost.entry, affinity, origins) if lost.entry is not None else None
        yield Loss(f"{lost.what} (object {origin.object_id})" if origin else lost.what, lost.why)
    if distances.invalid:
        yield Loss("all distances of SLIT", f"{distances.invalid}; the guest has 10 and 20 instead")
    elif distances.localities and rejected:
        yield Loss("all distances of SLIT", "they went with SRAT")
    elif distances.localities:
        short = [pxm for pxm in affinity.nodes if pxm >= distances.localities]
        if short:
            yield Loss(
                f"distances of PXM {list_text(short)}",
                f"SLIT has {distances.localities} rows only; the guest has 10 and 20 instead",
            )


def losses_of_nodes(
    nodes: Sequence[GuestNode], affinity: Affinity, declared: int, with_modules: Collection[int] = ()
) -> Iterator[Loss]:
    """Give the domains of which the guest has no node, or only an offline one.

    Args:
        nodes: all possible nodes.
        affinity: what the kernel made of SRAT.
        declared: how many nodes the command line declares.
        with_modules: the domains of memory modules, of which more is said elsewhere.
    """
    for node in nodes:
        if not node.online:
            made = "; ".join(part.text for part in node.parts) or "nothing in it"
            yield Loss(f"node {node.node} (PXM {node.pxm})", f"it is possible but offline: {made}")
    ports = {pxm for pxm in affinity.ports if pxm not in affinity.nodes}
    if ports:
        yield Loss(f"PXM {list_text(ports)}", "a Generic Port makes no node")
    empty = {pxm for pxm in range(declared) if pxm not in affinity.nodes} - ports - _lost_domains(affinity)
    empty -= set(with_modules)
    if empty:
        yield Loss(f"PXM {list_text(empty)}", "there is no processor, memory or initiator in it, so it makes no node")


def hidden_devices(machine: GuestMachine) -> Iterator[Loss]:
    """Give the PCI devices of which the guest sees nothing."""
    for place in machine.hidden:
        why = "virt's configuration space below 4 GiB (highmem-ecam=off) has room for 16 buses only"
        yield Loss(f"PCI device {place.id} ({place.address})", why)


def surprises(nodes: Sequence[GuestNode], affinity: Affinity, origins: Sequence[Origin]) -> tuple[str, ...]:
    """Return why node numbers are not those of the proximity domains; () where they are the same.

    Args:
        nodes: all possible nodes.
        affinity: what the kernel made of SRAT.
        origins: where initiators come from.
    """
    moved = [node for node in nodes if node.pxm is not None and node.pxm != node.node]
    if not moved:
        return ()
    pairs = ", ".join(f"node {node.node} is PXM {node.pxm}" for node in moved)
    found = [f"Node numbers are not PXMs: {pairs}. Linux numbers domains in the order in which SRAT first names them."]
    found += _reasons(affinity, origins, {node.node for node in moved})
    return tuple(found)


def _reasons(affinity: Affinity, origins: Sequence[Origin], moved: set[int]) -> Iterator[str]:
    first: dict[int, Source] = {}
    for source in affinity.sources:
        first.setdefault(source.node, source)
    initiators = [source for node, source in sorted(first.items()) if source.entry.type == INITIATOR]
    pxms = [source.pxm for source in initiators]
    if pxms != sorted(pxms):
        order = " ".join(map(str, pxms))
        known = [origin_of(source.entry, affinity, origins) for source in initiators]
        if all(known):
            names = " ".join(dict.fromkeys(origin.object_id for origin in known if origin))
            yield (
                f"The initiators come in the order of the hash table in which QEMU keeps its objects ({names}), not in"
                f" that of the command line: PXM {order}."
            )
        else:
            yield f"The initiators stand in SRAT in the order PXM {order}."
    if initiators and any(
        source.entry.type not in (INITIATOR, MEMORY) and node > initiators[0].node for node, source in first.items()
    ):
        yield "Initiators that stand ahead of the processors in SRAT take the first numbers."
    late = [node for node, source in first.items() if source.entry.type == MEMORY and node in moved]
    if late and len(late) < len(first):
        yield (
            "Domains that only have memory get their numbers last, after all processors and initiators:"
            f" node {list_text(late)}."
        )
    gaps = {pxm for pxm in range(max(affinity.nodes)) if pxm not in affinity.nodes}
    lost = gaps & _lost_domains(affinity)
    if gaps - lost:
        yield f"There is nothing in PXM {list_text(gaps - lost)} that makes a node, so that later ones move up."
    if lost:
        yield f"PXM {list_text(lost)} got lost, as is told below."


def _lost_domains(affinity: Affinity) -> set[int]:
    """Return the domains of initiators that the kernel has lost."""
    return {lost.entry.u32(4) for lost in affinity.lost if lost.entry is not None and lost.entry.type == INITIATOR}
