"""The nodes of a machine: what QEMU makes of the ``-numa`` options when it starts to make the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError
from sandbox.machine.cpu_nodes import settle_cpus
from sandbox.machine.distances import distance_rows
from sandbox.machine.numa import NumaNode, check_cpu_initiator
from sandbox.machine.refusals import ConfigurationError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sandbox.machine.cpus import CpuSlot
    from sandbox.machine.families import MachineType
    from sandbox.machine.hmat import HmatContent
    from sandbox.machine.hmat_options import HmatSettings
    from sandbox.machine.memory_config import MemoryConfig
    from sandbox.machine.numa import NumaOptions
    from sandbox.machine.refusals import Notice

UINT64 = (1 << 64) - 1


@record
class NumaConfig:
    """The nodes of a machine.

    Attributes:
        nodes: by number; none where QEMU builds no SRAT. A node's ``initiator`` is final here.
        cpu_nodes: the node of each possible CPU.
        distances: the rows of SLIT; None where no ``-numa dist`` was given and QEMU builds no SLIT.
        hmat: the ``hmat-`` options; None where QEMU builds no HMAT.
        notices: warnings, those of the options first; virt's warnings about split clusters are not among them.
    """

    nodes: tuple[NumaNode, ...]
    cpu_nodes: tuple[int, ...]
    distances: tuple[bytes, ...] | None
    hmat: HmatSettings | None
    notices: tuple[Notice, ...] = ()

    @property
    def memory(self) -> tuple[int, ...]:
        """Each node's RAM in bytes."""
        return tuple(node.memory for node in self.nodes)

    def hmat_table(self, generic_initiators: Collection[int] = ()) -> HmatContent | None:
        """Return what HMAT says; None where QEMU builds none.

        Args:
            generic_initiators: the nodes that Generic Initiator objects have marked so far, also those whose object is
                gone. Empty for QEMUs before 9.0.
        """
        if self.hmat is None or not self.nodes:
            return None
        from sandbox.machine.hmat import hmat_content

        attached = [node.initiator for node in self.nodes]
        return hmat_content(self.hmat, self.memory, attached, {*self.cpu_nodes, *generic_initiators})


def complete_numa(
    options: NumaOptions,
    machine: MachineType,
    memory: MemoryConfig,
    slots: Sequence[CpuSlot],
    *,
    ram_backend: str | None = None,
) -> NumaConfig:
    """Complete and check the nodes.

    Args:
        options: the ``-numa`` options.
        machine: the machine.
        memory: its RAM.
        slots: its possible CPUs.
        ram_backend: the value of ``-machine memory-backend``.

    Raises:
        ConfigurationError: nodes or distances are missing, memory does not add up, or an initiator is none.

    Source: QEMU 10.0 behaviour.
    """
    declared = _with_automatic_node(options.nodes, machine, memory)
    for pxm in range(max(declared, default=0), -1, -1):
        if declared and pxm not in declared:
            raise ConfigurationError(f"numa: Node ID missing: {pxm}")
    nodes = tuple(declared[pxm] for pxm in range(len(declared)))
    if not nodes:
        return NumaConfig((), (), None, options.hmat, options.notices)
    _check_memory(nodes, memory, ram_backend)
    distances = distance_rows(options.distances, len(nodes)) if options.distances else None
    cpu_nodes, notices = settle_cpus(slots, options.cpu_nodes, len(nodes))
    if options.hmat is not None:
        nodes = _settle_initiators(nodes, options.cpu_nodes, cpu_nodes)
    return NumaConfig(nodes, cpu_nodes, distances, options.hmat, (*options.notices, *notices))


def _with_automatic_node(
    nodes: Mapping[int, NumaNode], machine: MachineType, memory: MemoryConfig
) -> Mapping[int, NumaNode]:
    """Add the node that holds all RAM, which memory hotplug asks for where no option declares a node."""
    by_slots = machine.slots_enable_numa and memory.slots > 0
    by_room = machine.maxmem_enables_numa and memory.max_ram_size > memory.ram_size
    return nodes if nodes or not (by_slots or by_room) else {0: NumaNode(0, memory.ram_size)}


def _check_memory(nodes: Sequence[NumaNode], memory: MemoryConfig, ram_backend: str | None) -> None:
    total = sum(node.memory for node in nodes) & UINT64
    if total != memory.ram_size:
        raise ConfigurationError(
            f"total memory for NUMA nodes ({total:#x}) should equal RAM size ({memory.ram_size:#x})"
        )
    backends = [node.backend for node in nodes if node.backend is not None]
    if backends and ram_backend is not None:
        raise ConfigurationError("'-machine memory-backend' and '-numa memdev' properties are mutually exclusive")
    for place, backend in enumerate(backends):
        if backend in backends[:place]:
            raise ConfigurationError(f"memory backend {backend} can't be used multiple times.")


def _settle_initiators(
    nodes: Sequence[NumaNode], given: Sequence[int | None], cpu_nodes: Sequence[int]
) -> tuple[NumaNode, ...]:
    """Make nodes with CPUs their own initiators, and check those of the others."""
    for before, pxm in zip(given, cpu_nodes, strict=True):
        if before is None:
            try:
                check_cpu_initiator(pxm, nodes[pxm].initiator)
            except QemuError as error:
                raise ConfigurationError(error.desc) from None
    with_cpus = frozenset(cpu_nodes)
    for node in nodes:
        if node.initiator is None or node.pxm in with_cpus:
            continue
        if node.initiator >= len(nodes):
            raise ConfigurationError(
                f"NUMA node {node.initiator} is missing, use '-numa node' option to declare it first"
            )
        if node.initiator not in with_cpus:
            raise ConfigurationError(f"The initiator of NUMA node {node.pxm} is invalid")
    return tuple(
        NumaNode(node.pxm, node.memory, node.backend, node.pxm if node.pxm in with_cpus else node.initiator)
        for node in nodes
    )
