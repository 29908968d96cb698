"""Where the RAM of pc and q35 lies: below and above 4 GiB, and the room for memory devices behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import UnmodelledError
from sandbox.machine.families import GIB, MAX_MEMORY_SLOTS, MIB
from sandbox.machine.memory_map import DeviceMemory
from sandbox.machine.refusals import ConfigurationError, Notice
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.cpu_models import CpuModel
    from sandbox.machine.families import MachineType
    from sandbox.machine.memory_config import MemoryConfig

PAGE: Final = 4096
UINT64: Final = (1 << 64) - 1
FOUR_GIB: Final = 4 * GIB
PC_LOW_LIMIT: Final = 0xE0000000
PC_LOW_SPLIT: Final = 0xC0000000
Q35_LOW_LIMIT: Final = 0xB0000000
Q35_LOW_SPLIT: Final = 0x80000000
AMD_HOLE_START: Final = 0xFD_0000_0000
AMD_HOLE_END: Final = 1 << 40
PCI_WINDOW: Final = {"pc": 2 * GIB, "q35": 32 * GIB}
CXL_REGISTERS: Final = MIB
CXL_ALIGNMENT: Final = 256 * MIB


@record
class PcMemory:
    """Where RAM lies.

    Attributes:
        below_4g: bytes of RAM from address 0 on.
        above_4g: bytes of RAM from ``above_4g_base`` on.
        above_4g_base: 4 GiB, or 1 TiB where an AMD CPU's HyperTransport range would be in the way.
        device_memory: the room for memory devices, or None.
        notices: QEMU's warnings.
    """

    below_4g: int
    above_4g: int
    above_4g_base: int
    device_memory: DeviceMemory | None
    notices: tuple[Notice, ...] = ()


def check_max_ram_below_4g(value: int) -> tuple[Notice, ...]:
    """Check the value of ``-machine max-ram-below-4g``, in bytes; return QEMU's warnings.

    Raises:
        ConfigurationError: it is above 4 GiB.

    Source: QEMU 10.0 behaviour.
    """
    if value > FOUR_GIB:
        raise ConfigurationError(f"Machine option 'max-ram-below-4g={value}' expects size less than or equal to 4G")
    if value < MIB:
        words = f"Only {value} bytes of RAM below the 4GiB boundary,BIOS may not work with less than 1MiB"
        return (Notice(words),)
    return ()


def pc_memory(
    machine: MachineType,
    memory: MemoryConfig,
    cpu: CpuModel,
    *,
    max_ram_below_4g: int = 0,
    pci_window: int | None = None,
    cxl_windows: Sequence[int] | None = None,
) -> PcMemory:
    """Lay out the memory of pc or q35.

    Args:
        machine: the machine.
        memory: its sizes.
        cpu: its CPU model.
        max_ram_below_4g: the property's value in bytes; 0: the machine's own.
        pci_window: the host bridge's ``pci-hole64-size`` in bytes; None: the machine's own.
        cxl_windows: the sizes of the fixed memory windows under ``-machine cxl=on``; None with it off.

    Raises:
        ConfigurationError: the CPU cannot reach all of it, or there is no such room for memory devices.
        UnmodelledError: the layout depends on the host's CPU.

    Source: QEMU 10.0 behaviour.
    """
    low, notices = _low_limit(machine, memory.ram_size, max_ram_below_4g)
    below = min(low, memory.ram_size)
    window = PCI_WINDOW[machine.family] if pci_window is None else pci_window
    plan = _Plan(machine, memory, cpu, memory.ram_size - below, window, cxl_windows)
    try:
        base = _base_above_4g(plan)
        return PcMemory(below, plan.above_4g, base, plan.device_memory(base), notices)
    except ConfigurationError as error:
        raise ConfigurationError(error.desc, error.hint, notices) from None


def _base_above_4g(plan: _Plan) -> int:
    """Return where RAM above 4 GiB starts."""
    cpu = plan.cpu
    base = FOUR_GIB
    if plan.machine.avoids_amd_hole and cpu.is_amd is not False and plan.last_address(base) >= AMD_HOLE_START:
        if cpu.is_amd is None:
            raise UnmodelledError("where RAM above 4 GiB lies depends here on whether the host's CPU is AMD's")
        base = AMD_HOLE_END
    last = plan.last_address(base)
    if cpu.address_bits is not None and last >> cpu.address_bits:
        raise ConfigurationError(
            f"Address space limit {(1 << cpu.address_bits) - 1:#x} < {last:#x} phys-bits too low ({cpu.address_bits})"
        )
    return base


def _low_limit(machine: MachineType, ram_size: int, given: int) -> tuple[int, tuple[Notice, ...]]:
    """Return how much RAM may lie below 4 GiB, and the warnings."""
    if machine.family == "pc":
        limit = given or PC_LOW_LIMIT
        if ram_size < limit:
            return limit, ()
        low = min(limit, PC_LOW_SPLIT)
        words = f"Large machine and max_ram_below_4g ({limit}) not a multiple of 1G; possible bad performance."
        return low, (Notice(words),) if low % GIB else ()
    low = Q35_LOW_SPLIT if ram_size >= Q35_LOW_LIMIT else Q35_LOW_LIMIT
    limit = given or FOUR_GIB
    if low <= limit:
        return low, ()
    words = (
        f"There is possibly poor performance as the ram size  ({ram_size:#x}) is more then twice the size of "
        f"max-ram-below-4g ({limit}) and max-ram-below-4g is not a multiple of 1G."
    )
    return limit, (Notice(words),) if limit % GIB and (ram_size - limit) & UINT64 > limit else ()


class _Plan:
    """What lies above 4 GiB, for a base that is still to be found. QEMU computes modulo 2 ** 64."""

    def __init__(
        self,
        machine: MachineType,
        memory: MemoryConfig,
        cpu: CpuModel,
        above_4g: int,
        pci_window: int,
        cxl_windows: Sequence[int] | None,
    ) -> None:
        self.machine = machine
        self.memory = memory
        self.cpu = cpu
        self.above_4g = above_4g
        self.pci_window = pci_window
        self.cxl_windows = cxl_windows

    @property
    def has_room(self) -> bool:
        return self.machine.has_device_memory and self.memory.max_ram_size > self.memory.ram_size

    def room(self, base: int) -> DeviceMemory:
        """Return the room for memory devices."""
        capacity = self.memory.max_ram_size - self.memory.ram_size
        extra = self.memory.slots * GIB if self.machine.slots_widen_device_memory else 0
        return DeviceMemory(_round_up(base + self.above_4g, GIB), (capacity + extra) & UINT64, capacity)

    def window_start(self, base: int) -> int:
        """Return the address of the PCI window above 4 GiB."""
        end = base + self.above_4g
        room = self.room(base)
        if self.has_room and (self.machine.hole_spares_device_memory or self.cxl_windows is not None):
            end = room.base + room.size
        elif self.has_room:
            end = room.base
        if self.cxl_windows is not None:
            end += CXL_REGISTERS
            if self.cxl_windows:
                end = _round_up(end, CXL_ALIGNMENT) + sum(self.cxl_windows)
        return _round_up(end & UINT64, GIB)

    def last_address(self, base: int) -> int:
        """Return the last address that may be used; 0 where QEMU does not want to know."""
        if self.cpu.is_64bit:
            return self.window_start(base) + self.pci_window - 1 & UINT64
        if self.machine.trusts_32bit_cpus:
            return 0
        if self.has_room:
            room = self.room(base)
            return room.base + room.size - 1 & UINT64
        return base + self.above_4g - 1

    def device_memory(self, base: int) -> DeviceMemory | None:
        """Return the room for memory devices, or None.

        Raises:
            ConfigurationError: there cannot be such room.
        """
        asked = self.memory.slots or self.memory.max_ram_size > self.memory.ram_size
        if asked and not self.machine.has_device_memory:
            raise ConfigurationError(f"\"-memory 'slots|maxmem'\" is not supported by: {self.machine.name}")
        if not self.has_room:
            return None
        if self.memory.slots > MAX_MEMORY_SLOTS:
            raise ConfigurationError(f"unsupported amount of memory slots: {self.memory.slots}")
        if self.memory.max_ram_size % PAGE:
            raise ConfigurationError(f"maximum memory size must by aligned to multiple of {PAGE} bytes")
        room = self.room(base)
        if room.base + room.size > UINT64:
            raise ConfigurationError(f"unsupported amount of maximum memory: {self.memory.max_ram_size:x}")
        return room


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit & UINT64
