"""Which CPU belongs to which NUMA node: what ``-numa node,cpus=`` and ``-numa cpu`` say, and QEMU's own choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.cpus import ID_PROPERTIES
from sandbox.machine.refusals import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.machine.cpus import CpuSlot
    from sandbox.machine.families import MachineType

CHECK_ORDER: Final = ("thread-id", "core-id", "module-id", "cluster-id", "socket-id", "die-id")
"""The order in which QEMU looks for ids that a machine's CPUs lack."""


def select_cpus(slots: Sequence[CpuSlot], option: Mapping[str, object]) -> tuple[int, ...]:
    """Return the indexes of the CPUs that a ``-numa cpu`` names: those that agree in every id that it gives.

    Ids that no modelled machine has, such as ``drawer-id``, are not looked at, as in QEMU.

    Args:
        slots: the possible CPUs.
        option: the option's members.

    Raises:
        QemuError: this machine's CPUs lack an id, or none agrees.

    Source: QEMU 10.0 behaviour.
    """
    for name in CHECK_ORDER:
        if name in option and slots[0].ids[ID_PROPERTIES.index(name)] is None:
            raise QemuError(f"{name} is not supported")
    wanted = [(place, option[name]) for place, name in enumerate(ID_PROPERTIES) if name in option]
    chosen = tuple(slot.index for slot in slots if all(slot.ids[place] == value for place, value in wanted))
    if not chosen:
        raise QemuError("no match found")
    return chosen


def assign_cpu(nodes: list[int | None], index: int, pxm: int) -> None:
    """Put a CPU into a node.

    Raises:
        QemuError: it is in another node already.

    Source: QEMU 10.0 behaviour.
    """
    present = nodes[index]
    if present not in (None, pxm):
        raise QemuError(f"CPU is already assigned to node-id: {present}")
    nodes[index] = pxm


def settle_cpus(
    slots: Sequence[CpuSlot], given: Sequence[int | None], node_count: int
) -> tuple[tuple[int, ...], tuple[Notice, ...]]:
    """Give a node to every CPU that no option put into one.

    If no option named any CPU, sockets are dealt out to the nodes in turn; if some are named, the others go to node 0,
    and QEMU warns.

    Args:
        slots: the possible CPUs.
        given: the nodes given by options, by CPU index.
        node_count: the number of nodes, at least 1.

    Returns:
        The node of each CPU, and QEMU's warnings.

    Source: QEMU 10.0 behaviour.
    """
    if all(pxm is None for pxm in given):
        return tuple(slot.socket % node_count for slot in slots), ()
    left_out = [slot.describe() for slot, pxm in zip(slots, given, strict=True) if pxm is None]
    notices: tuple[Notice, ...] = ()
    if left_out:
        notices = (
            Notice(f"CPU(s) not present in any NUMA nodes: {', '.join(left_out)}"),
            Notice(
                "All CPU(s) up to maxcpus should be described in NUMA config, ability to start up with partial "
                "NUMA mappings is obsoleted and will be removed in future"
            ),
        )
    return tuple(pxm or 0 for pxm in given), notices


def split_cluster_notices(
    machine: MachineType, slots: Sequence[CpuSlot], nodes: Sequence[int], node_count: int
) -> tuple[Notice, ...]:
    """Return virt's warnings about clusters whose CPUs are in several nodes, one for each pair of such CPUs.

    Source: QEMU 10.0 behaviour (since 8.1).
    """
    if machine.is_x86 or machine.qemu < (8, 1) or node_count <= 1:
        return ()
    clusters: dict[tuple[int | None, ...], list[CpuSlot]] = {}
    for slot in slots:
        clusters.setdefault((slot.ids[0], slot.ids[2]), []).append(slot)
    pairs = [
        (first, second)
        for members in clusters.values()
        for place, first in enumerate(members)
        for second in members[place + 1 :]
        if nodes[first.index] != nodes[second.index]
    ]
    pairs.sort(key=lambda pair: (pair[0].index, pair[1].index))
    return tuple(
        Notice(
            f"CPU-{first.index} and CPU-{second.index} in socket-{first.ids[0]}-cluster-{first.ids[2]} have been "
            f"associated with node-{nodes[first.index]} and node-{nodes[second.index]} respectively. "
            "It can cause OSes like Linux to misbehave"
        )
        for first, second in pairs
    )
