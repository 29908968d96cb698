"""What a guest's kernel finds of its machine beside the NUMA tables: RAM, processors, memory modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.errors import UnmodelledError
from sandbox.guest.kernels import ARM64, X86
from sandbox.guest.memory import Range
from sandbox.machine.cpus import gic_version
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.machine.pci.rules import UNASSIGNED_NODE
from sandbox.machine.startup import FIRST_TCG_ITS
from sandbox.monitor.query_cpus import present_cpus
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.machine.board import Board
    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.virtio_memory import VirtioMemory
    from sandbox.qom.tree import ObjectTree

AMD: Final = "AMD"
OTHER: Final = "other"
HYGON: Final = "Dhyana"
"""Starts of the names of models whose kernel driver, Hygon's, guesses nodes as AMD's does."""

FIRST_USED: Final = 0x1000
LOW_END: Final = 0x9F000
HIGH_START: Final = 0x100000
FIRMWARE_TABLES: Final = 0x20000
"""Bytes at the top of the RAM below 4 GiB in which SeaBIOS keeps its tables."""

VIRT_RAM: Final = 1 << 30
FLASH: Final = Range(0x4000000, 0x8000000)
"""The second flash of virt, which edk2 2022.11 reports as RAM, if reserved."""

EDK2_VERSIONS: Final = ("2022.11", "2025.02")
"""The versions of Debian 12 and 13."""

OLD_GIC: Final = 2
SMALL_GROUP: Final = 8
LARGE_GROUP: Final = 16

OLD_FLASH_IMAGE: Final = "AAVMF_CODE.fd"
OLD_FLASH_NOTE: Final = (
    f"{OLD_FLASH_IMAGE} is taken for edk2 2022.11 (Debian 12), which reports flash as RAM that no entry of SRAT covers;"
    " --edk2 2025.02 says that it is not"
)

ALL_BUSES: Final = 256
LOW_ECAM_BUSES: Final = 16
"""How many PCI buses virt's configuration space has room for where it lies below 4 GiB: 1 MiB each."""

ABSENT_ITS: Final = (
    "its=off takes the interrupt translation service away, but QEMU's MADT still names it, and the kernel dies as it"
    " looks for it: use gic-version=2, or QEMU 11.1"
)
FIRST_WITH_TRUE_MADT: Final = (11, 0, 0)
"""QEMU 11.1 names no absent ITS, 10.0 does; where in between that ends is not known."""


@record
class GuestCpu:
    """A processor that is there when the guest starts.

    Attributes:
        number: the kernel's number for it.
        id: APIC id on x86; ACPI processor UID on arm64.
        package: the number of its socket.
        core: the number of its core, counted through the machine.
        mpidr: on arm64 its MPIDR.
    """

    number: int
    id: int
    package: int = 0
    core: int = 0
    mpidr: int = 0


@record
class Module:
    """A memory module (a DIMM) that is there when the guest starts; the kernel adds it after it has booted.

    Attributes:
        size: bytes.
        pxm: the proximity domain that its ACPI device names.
        start: its guest physical address.
        id: its name on the command line; "" if it has none.
    """

    size: int
    pxm: int
    start: int
    id: str = ""


@record
class PciPlace:
    """A PCI device.

    Attributes:
        address: ``ssss:bb:dd.f``, after firmware has numbered the buses.
        id: its name in QEMU's tree: the user's id, or one that QEMU made up.
        pxm: the proximity domain of the expander that it is behind; None if that has none, or there is none.
        is_reached: whether firmware has found its bus, and given it a number.
    """

    address: str
    id: str
    pxm: int | None = None
    is_reached: bool = True

    @property
    def bus(self) -> int:
        """The number of its bus."""
        return int(self.address.split(":")[1], 16)


@record
class GuestMachine:
    """A machine as its guest finds it.

    Attributes:
        arch: ``x86`` or ``arm64``.
        ram: the RAM that firmware reports, in ascending order.
        reserved: what of it is no RAM that anyone can use.
        cpus: the processors that are there, by number.
        vendor: on x86 :data:`AMD` or :data:`OTHER`: AMD's kernel driver guesses nodes in its own way.
        modules: memory modules.
        windows: how many CXL fixed memory windows the tables name.
        devices: PCI devices.
        hidden: PCI devices of which it does not see anything.
        fatal: why any kernel dies on it, whatever its tables say; "" if none does.
        notes: what was assumed, for people.
        virtio: virtio-mem and virtio-pmem devices, none of which has memory when the guest starts.
    """

    arch: str
    ram: tuple[Range, ...]
    cpus: tuple[GuestCpu, ...]
    vendor: str = AMD
    reserved: tuple[Range, ...] = ()
    modules: tuple[Module, ...] = ()
    windows: int = 0
    devices: tuple[PciPlace, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: tuple[PciPlace, ...] = ()
    fatal: str = ""
    virtio: tuple[VirtioMemory, ...] = ()

    @property
    def is_x86(self) -> bool:
        """Whether it is one of x86."""
        return self.arch == X86


def facts_of(machine: Machine, edk2: str | None = None) -> GuestMachine:
    """Return what the guest of a machine of the sandbox's finds.

    Args:
        machine: the machine.
        edk2: on virt, one of :data:`EDK2_VERSIONS`; None: the old one if the flash image is called as Debian 12 does.

    Raises:
        UnmodelledError: the machine hands its nodes to the guest by other means than ACPI.

    Source: the memory maps that SeaBIOS (QEMU 10.0) and edk2 (2025.02, and 2022.11) give to Linux.
    """
    board = machine.board
    slots = [slot for slot, _ in present_cpus(machine)]
    known: dict[tuple[int | None, ...], int] = {}
    cores = [known.setdefault(slot.ids[:-1], len(known)) for slot in slots]
    dimms = (dimm for dimm in machine.dimms() if not dimm.is_nvdimm)
    modules = tuple(Module(dimm.size, dimm.node, dimm.address, dimm.id or "") for dimm in dimms)
    virtio = tuple(machine.bay.memory.virtio().values()) if machine.bay.memory is not None else ()
    if board.pc is not None:
        options = board.machine.options
        windows = len(options.get("cxl-fmw") or ()) if options.get("cxl") else 0
        ram = _pc_ram(board.pc.below_4g, board.pc.above_4g_base, board.pc.above_4g)
        is_amd = board.cpu.is_amd is not False or board.cpu.name.startswith(HYGON)
        cpus = tuple(
            GuestCpu(number, slot.apic_id, slot.socket, core)
            for number, (slot, core) in enumerate(zip(slots, cores, strict=True))
        )
        vendor, places = AMD if is_amd else OTHER, pci_places(machine.tree)
        return GuestMachine(X86, ram, cpus, vendor, modules=modules, windows=windows, devices=places, virtio=virtio)
    if board.numa.nodes and board.machine.options.get("acpi") == "off":
        raise UnmodelledError("acpi=off: the guest takes its nodes from the device tree, of which there is no forecast")
    ram = (Range(VIRT_RAM, VIRT_RAM + board.memory.ram_size),)
    looks_old = _has_old_flash(machine)
    reserved = (FLASH,) if edk2 == EDK2_VERSIONS[0] or (edk2 is None and looks_old) else ()
    notes = (OLD_FLASH_NOTE,) if edk2 is None and looks_old else ()
    group = _cpus_per_group(board)
    cpus = tuple(
        GuestCpu(slot.index, slot.index, slot.socket, core, _mpidr(slot.index, group))
        for slot, core in zip(slots, cores, strict=True)
    )
    buses = ALL_BUSES if board.high_ecam else LOW_ECAM_BUSES
    places = pci_places(machine.tree)
    seen = tuple(place for place in places if place.is_reached and place.bus < buses)
    hidden = tuple(place for place in places if place not in seen)
    return GuestMachine(
        ARM64,
        (*reserved, *ram),
        cpus,
        OTHER,
        reserved,
        modules,
        devices=seen,
        notes=notes,
        hidden=hidden,
        fatal=ABSENT_ITS if _names_absent_its(machine) else "",
        virtio=virtio,
    )


def pci_places(tree: ObjectTree) -> tuple[PciPlace, ...]:
    """Return the PCI devices of a machine whose buses are numbered, by address."""
    places = []
    for each in tree.root.walk():
        if isinstance(each, PciDeviceObject) and each.device is not None:
            address = PciDeviceHandle(0, each.bus_number, each.device.devfn).bdf
            is_reached = each.device.bus.is_root or each.bus_number != 0
            places.append(PciPlace(address, each.name, _expander_pxm(each.device), is_reached))
    return tuple(sorted(places, key=lambda place: place.address))


def _expander_pxm(device: PciDevice) -> int | None:
    bus = device.bus
    while not bus.is_root and bus.parent is not None:
        bus = bus.parent.bus
    if bus.parent is None:
        return None
    pxm = bus.parent.integer("numa_node", UNASSIGNED_NODE)
    return None if pxm == UNASSIGNED_NODE else pxm


def _pc_ram(below: int, above_base: int, above: int) -> tuple[Range, ...]:
    ranges = [Range(FIRST_USED, min(LOW_END, below)), Range(HIGH_START, below - FIRMWARE_TABLES)]
    if above:
        ranges.append(Range(above_base, above_base + above))
    return tuple(found for found in ranges if found.start < found.end)


def _names_absent_its(machine: Machine) -> bool:
    board = machine.board
    is_old = machine.config.dialect.qemu_version < FIRST_WITH_TRUE_MADT
    return is_old and not board.gic_has_msi and board.type.version >= FIRST_TCG_ITS


def _has_old_flash(machine: Machine) -> bool:
    drives = [option.text for option in machine.config.command_line.options if option.name == "drive"]
    return any("if=pflash" in text and text.rstrip().endswith(OLD_FLASH_IMAGE) for text in drives)


def _cpus_per_group(board: Board) -> int:
    """Return how many processors share the higher affinity levels, which their interrupt controller decides."""
    options = board.machine.options
    virtualization = bool(options.get("virtualization"))
    version = gic_version(options.get("gic-version"), board.smp.max_cpus, virtualization=virtualization)
    return SMALL_GROUP if version == OLD_GIC else LARGE_GROUP


def _mpidr(index: int, group: int) -> int:
    return index // group << 8 | index % group
