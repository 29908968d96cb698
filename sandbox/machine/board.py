"""A machine before it has devices: CPUs, memory, nodes and the tree of its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sandbox.machine.memory_map import VIRT_RAM_BASE
from sandbox.records import field, record

if TYPE_CHECKING:
    from qom_types.common.backends import MemoryBackend
    from sandbox.machine.cpu_models import CpuModel
    from sandbox.machine.cpus import CpuSlot
    from sandbox.machine.families import MachineType
    from sandbox.machine.machine_types import MachineObject
    from sandbox.machine.memory_config import MemoryConfig
    from sandbox.machine.memory_map import DeviceMemory
    from sandbox.machine.nodes import NumaConfig
    from sandbox.machine.pc_memory import PcMemory
    from sandbox.machine.smp import SmpConfig
    from sandbox.machine.virt_memory import VirtOptions
    from sandbox.qom.tree import ObjectTree


@record(frozen=False)
class Board:
    """A machine before it has devices.

    Attributes:
        type: the machine type.
        tree: the composition tree, with all command-line objects.
        machine: the object ``/machine``.
        smp: the CPU topology.
        slots: the possible CPUs.
        cpu: the CPU model.
        memory: sizes.
        numa: the nodes.
        pc: the memory layout of pc and q35; None on virt.
        device_memory: the room for memory devices, or None.
        high_ecam: whether there is room for 256 PCI bus numbers; on virt 16 else.
        gic_has_msi: whether virt's interrupt controller takes message signalled interrupts.
        notices: what QEMU has written to stderr so far.
    """

    type: MachineType
    tree: ObjectTree
    machine: MachineObject
    smp: SmpConfig
    slots: tuple[CpuSlot, ...]
    cpu: CpuModel
    memory: MemoryConfig
    numa: NumaConfig
    pc: PcMemory | None = None
    device_memory: DeviceMemory | None = None
    high_ecam: bool = True
    gic_has_msi: bool = True
    notices: list[str] = field(default_factory=list)

    @property
    def ram(self) -> tuple[tuple[int, int], ...]:
        """Where RAM lies: address and bytes of each range, memory devices left out."""
        if self.pc is None:
            return ((VIRT_RAM_BASE, self.memory.ram_size),)
        return ((0, self.pc.below_4g), (self.pc.above_4g_base, self.pc.above_4g))


def backend_size_of(tree: ObjectTree, name: str) -> int | None:
    """Return the size in bytes of the memory backend that an id or path names; None where there is none."""
    found = tree.resolve_quietly(name, "memory-backend")
    return None if found is None else cast("MemoryBackend", found).size


def cxl_windows(options: dict[str, Any]) -> tuple[int, ...]:
    """Return the sizes in bytes of the fixed memory windows of ``cxl-fmw``."""
    return tuple(window["size"] for window in options.get("cxl-fmw") or ())


def virt_options(options: dict[str, Any]) -> VirtOptions:
    """Return the properties of virt that lay out addresses."""
    from sandbox.machine.virt_memory import VirtOptions

    default = VirtOptions()
    return VirtOptions(
        highmem=options.get("highmem", default.highmem),
        compact=options.get("compact-highmem"),
        redistributors=options.get("highmem-redists", default.redistributors),
        ecam=options.get("highmem-ecam"),
        mmio=options.get("highmem-mmio", default.mmio),
        mmio_size=options.get("highmem-mmio-size", default.mmio_size),
    )
