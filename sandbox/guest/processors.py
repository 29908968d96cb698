"""Which node each processor comes onto.

Source: Linux 6.1, 6.12 and 7.3: arch/x86/mm/numa.c, arch/x86/kernel/cpu/amd.c and intel.c, arch/arm64/kernel/smp.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.facts import AMD

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sandbox.guest.facts import GuestCpu, GuestMachine


def arm64_nodes(machine: GuestMachine, domains: Mapping[int, int], nodes: Mapping[int, int]) -> dict[int, int]:
    """Return the node of each processor number.

    Entries are read once more after both passes, so that one that pass 1 did not reach counts if memory has made its
    domain known. A processor without a node is on node 0.

    Args:
        machine: the machine.
        domains: the domain of each processor UID; none where SRAT is rejected.
        nodes: the node of each domain.
    """
    return {cpu.number: nodes.get(domains.get(cpu.id, -1), 0) for cpu in machine.cpus}


def x86_nodes(
    machine: GuestMachine, known: Mapping[int, int], with_memory: Sequence[int], initiators: Collection[int] = ()
) -> dict[int, int]:
    """Return the node of each processor number.

    Args:
        machine: the machine.
        known: the node of each APIC id that SRAT names; none where it is rejected.
        with_memory: the nodes with memory, ascending: processors without a node are dealt out to them in turn, but
            those of AMD go to the node that has the number of their package, or to that of a neighbour.
        initiators: the nodes with Generic Initiators.
    """
    dealt = _dealt(machine.cpus, with_memory)
    online = {*with_memory, *initiators, *(known[cpu.id] for cpu in machine.cpus if cpu.id in known)}
    nodes = {}
    for cpu in machine.cpus:
        if cpu.id in known:
            nodes[cpu.number] = known[cpu.id]
        elif machine.vendor == AMD:
            nodes[cpu.number] = cpu.package if cpu.package in online else _nearby(cpu.id, known, online)
        else:
            nodes[cpu.number] = dealt[cpu.number]
    return nodes


def _dealt(cpus: Sequence[GuestCpu], nodes: Sequence[int]) -> dict[int, int]:
    return {cpu.number: nodes[place % len(nodes)] for place, cpu in enumerate(cpus)}


def _nearby(apic_id: int, known: Mapping[int, int], online: set[int]) -> int:
    """Return the node of the nearest APIC id that has one: those below first, from the next one down."""
    order = sorted(known, key=lambda other: (other > apic_id, abs(other - apic_id)))
    return next((known[other] for other in order if known[other] in online), min(online))
