"""Where virt's memory lies: RAM from 1 GiB on, the room for memory devices behind it, then regions that float."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.families import GIB, MAX_MEMORY_SLOTS, MIB
from sandbox.machine.memory_map import VIRT_RAM_BASE, DeviceMemory
from sandbox.machine.refusals import ConfigurationError
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.machine.cpu_models import CpuModel
    from sandbox.machine.families import MachineType
    from sandbox.machine.memory_config import MemoryConfig

UINT64: Final = (1 << 64) - 1
HIGH_BASE: Final = 256 * GIB
"""The least address of the floating regions."""

REDISTRIBUTORS: Final = 64 * MIB
ECAM: Final = 256 * MIB
PCI_WINDOW: Final = 512 * GIB


@record
class VirtOptions:
    """The properties of ``-machine virt`` that lay out addresses.

    Attributes:
        highmem: whether addresses above 4 GiB may be used.
        compact: ``compact-highmem``; None: the machine's own.
        redistributors: ``highmem-redists``.
        ecam: ``highmem-ecam``; None: the machine's own.
        mmio: ``highmem-mmio``.
        mmio_size: ``highmem-mmio-size`` in bytes.
    """

    highmem: bool = True
    compact: bool | None = None
    redistributors: bool = True
    ecam: bool | None = None
    mmio: bool = True
    mmio_size: int = PCI_WINDOW


@record
class VirtMemory:
    """Where memory lies.

    Attributes:
        device_memory: the room for memory devices, or None.
        high_redistributors: whether the interrupt controller has its second region.
        high_ecam: whether PCI configuration space lies above RAM, with room for 256 buses.
    """

    device_memory: DeviceMemory | None
    high_redistributors: bool
    high_ecam: bool


def check_mmio_size(value: int) -> None:
    """Check the value of ``-machine highmem-mmio-size``, in bytes, as QEMU does when it sets the property.

    Raises:
        ConfigurationError: it is no power of two, or less than the default.

    Source: QEMU 10.0 behaviour.
    """
    if value & (value - 1) or not value:
        raise ConfigurationError("highmem-mmio-size is not a power of 2")
    if value < PCI_WINDOW:
        raise ConfigurationError("highmem-mmio-size cannot be set to a lower value than the default (512 GiB)")


def virt_memory(
    machine: MachineType, memory: MemoryConfig, cpu: CpuModel, options: VirtOptions | None = None
) -> VirtMemory:
    """Lay out the memory of virt.

    Raises:
        ConfigurationError: the CPU cannot reach all of it, or the sizes are beyond 64 bits.

    Source: QEMU 10.0 behaviour; sums are modulo 2 ** 64.
    """
    asked = options or VirtOptions()
    if memory.slots > MAX_MEMORY_SLOTS:
        raise ConfigurationError(f"unsupported number of memory slots: {memory.slots}")
    bits = cpu.address_bits if asked.highmem else 32
    base = _round_up(VIRT_RAM_BASE + memory.ram_size, GIB)
    size = memory.max_ram_size - memory.ram_size + memory.slots * GIB & UINT64
    top = base + _round_up(size, GIB) & UINT64
    if bits is not None and top > 1 << bits:
        raise ConfigurationError(
            f"Addressing limited to {bits} bits, but memory exceeds it by {top - (1 << bits)} bytes"
        )
    if top < base:
        raise ConfigurationError("maxmem/slots too huge")
    redistributors, ecam = _high_regions(machine, asked, max(top, HIGH_BASE), bits)
    capacity = memory.max_ram_size - memory.ram_size & UINT64
    return VirtMemory(DeviceMemory(base, size, capacity) if size else None, redistributors, ecam)


def _high_regions(machine: MachineType, asked: VirtOptions, base: int, bits: int | None) -> tuple[bool, bool]:
    """Return which of the redistributor and ECAM regions fit behind ``base``."""
    compact = machine.compact_highmem if asked.compact is None else asked.compact
    ecam = machine.high_ecam if asked.ecam is None else asked.ecam
    present = []
    for wanted, size in ((asked.redistributors, REDISTRIBUTORS), (ecam, ECAM), (asked.mmio, asked.mmio_size)):
        end = _round_up(base, size) + size
        enabled = wanted and (bits is None or end <= 1 << bits)
        present.append(enabled)
        if enabled or not compact:
            base = end
    return present[0], present[1]


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit & UINT64
