"""A libvirt domain as values, as far as it decides on nodes; memory is in KiB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from sandbox.errors import Place

ROOTS: Final = {"pcie-root": "pcie.0", "pci-root": "pci.0"}
"""The controllers that a machine has by itself, and their buses."""

DRIVERS: Final = {
    "pcie-root-port": "pcie-root-port",
    "pcie-switch-upstream-port": "x3130-upstream",
    "pcie-switch-downstream-port": "xio3130-downstream",
    "pcie-expander-bus": "pxb-pcie",
    "pcie-to-pci-bridge": "pcie-pci-bridge",
    "dmi-to-pci-bridge": "i82801b11-bridge",
    "pci-bridge": "pci-bridge",
    "pci-expander-bus": "pxb",
}
"""QEMU's device for each model of controller."""


CHOSEN_FIRMWARE: Final = "edk2-aarch64-code.fd"
"""What QEMU itself calls the firmware of Arm machines; it stands for one that libvirt chooses."""


@record
class Address:
    """Where a device sits: the index of the controller whose bus it is on, slot and function."""

    bus: int
    slot: int
    function: int = 0
    multifunction: bool = False


@record
class Controller:
    """A PCI controller.

    Attributes:
        index: the number by which addresses name its bus.
        model: libvirt's name of the model.
        address: where it sits; None for a root, or where libvirt is to choose.
        chassis: of ports and bridges; None: libvirt chooses.
        port: of ports; None: libvirt chooses.
        bus_number: of expanders; None: libvirt chooses.
        node: the node of an expander, or None.
        hotplug: whether devices can come and go; None: as the model has it.
        alias: the id that the user gave, or "".
        name: QEMU's device, where it is not the usual one of the model.
    """

    index: int
    model: str
    address: Address | None = None
    chassis: int | None = None
    port: int | None = None
    bus_number: int | None = None
    node: int | None = None
    hotplug: bool | None = None
    alias: str = ""
    name: str = ""

    @property
    def bus(self) -> str:
        """QEMU's name of the bus."""
        return self.alias or ROOTS.get(self.model) or f"pci.{self.index}"


@record
class Hostdev:
    """A PCI device of the host that is passed through.

    Attributes:
        host: its address there: ``0009:01:00.0``.
        nodes: the nodes that its Generic Initiators are, ascending; none where it has no such thing.
        address: where it sits; None: libvirt chooses.
        alias: the id that the user gave, or "".
        managed: whether libvirt takes it from its driver and gives it back.
        rom_bar: False where the guest is not to see its ROM.
        iommufd: whether it uses iommufd.
        driver: what ``<driver>`` says of its name and model, as far as it does.
        number: that of its id, ``hostdev0``, which counts devices of the host of every kind; None: its place here.
        place: where it stands.
    """

    host: str
    nodes: tuple[int, ...] = ()
    address: Address | None = None
    alias: str = ""
    managed: bool = True
    rom_bar: bool = True
    iommufd: bool = False
    driver: tuple[tuple[str, str], ...] = ()
    number: int | None = field(default=None, compare=False)
    place: Place | None = None


@record
class Cell:
    """A node of the guest.

    Attributes:
        id: its number.
        memory: KiB.
        cpus: its CPUs.
        distances: to other nodes, by their numbers, as given.
    """

    id: int
    memory: int = 0
    cpus: tuple[int, ...] = ()
    distances: tuple[tuple[int, int], ...] = ()


@record
class MemoryModule:
    """A memory device.

    Attributes:
        model: ``dimm``, ``nvdimm``, ``virtio-mem`` or ``virtio-pmem``.
        size: KiB.
        node: its node; None: none is said.
        slot: of DIMMs and NVDIMMs; None: libvirt chooses.
        base: the guest physical address; None: QEMU chooses.
        address: where one of virtio's sits; None: libvirt chooses.
        block: the KiB in which virtio-mem's memory comes and goes.
        requested: the KiB that virtio-mem wants its guest to take.
        label: the KiB of an NVDIMM's labels; None: it has none.
        path: the file that it lies on, or "".
        align: the KiB at a multiple of which an NVDIMM lies; None: nothing is said.
        page: the KiB of the host's pages that it lies on; None: as the other memory.
        nodes: the nodes of the host that it lies on, as written, or "".
        access: ``shared``, ``private`` or "".
        flags: what else is said without a value: ``pmem``, ``readonly``, ``dynamicMemslots``.
        alias: the id that the user gave, or "".
    """

    model: str
    size: int
    node: int | None = None
    slot: int | None = None
    base: int | None = None
    address: Address | None = None
    block: int | None = None
    requested: int | None = None
    label: int | None = None
    path: str = ""
    align: int | None = None
    page: int | None = None
    nodes: str = ""
    access: str = ""
    flags: tuple[str, ...] = ()
    alias: str = ""

    @property
    def is_pci(self) -> bool:
        """Whether it is a PCI device."""
        return self.model.startswith("virtio")


@record
class Domain:
    """A domain.

    Attributes:
        name: its name.
        arch: ``x86_64`` or ``aarch64``.
        machine: the machine type.
        memory: KiB, without that of memory devices.
        vcpus: all that there can be.
        kvm: whether it runs under KVM.
        started_vcpus: those that it starts with; None: all.
        max_memory: KiB, or None.
        slots: for memory modules.
        topology: ``sockets``, ``dies``, ``clusters``, ``cores``, ``threads``, as far as given.
        cpu: what ``-cpu`` gets; "" where nothing is said.
        huge_pages: KiB of the huge pages that its memory lies on, 0 for the host's usual ones; None: on none.
        acpi: whether it has ACPI.
        firmware: the file of its firmware, :data:`CHOSEN_FIRMWARE` where libvirt chooses one, or "".
        gic: the version of the interrupt controller, or "".
        cells: the nodes.
        controllers: PCI controllers in order.
        hostdevs: PCI devices of the host, in order.
        iothreads: the ids of I/O threads.
        modules: memory devices, in order.
        rngs: the type of the object behind each random number device.
        arguments: QEMU arguments that the user added.
        is_complete: whether it says of each device that libvirt would add by itself what is to be.
    """

    name: str
    arch: str
    machine: str
    memory: int
    vcpus: int = 1
    kvm: bool = False
    started_vcpus: int | None = None
    max_memory: int | None = None
    slots: int = 0
    topology: tuple[tuple[str, int], ...] = ()
    cpu: str = ""
    huge_pages: int | None = None
    acpi: bool = True
    firmware: str = ""
    gic: str = ""
    cells: tuple[Cell, ...] = ()
    controllers: tuple[Controller, ...] = ()
    hostdevs: tuple[Hostdev, ...] = ()
    iothreads: tuple[int, ...] = ()
    modules: tuple[MemoryModule, ...] = ()
    rngs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    is_complete: bool = True

    @property
    def is_express(self) -> bool:
        """Whether its root bus is PCI Express."""
        return self.arch == "aarch64" or "q35" in self.machine

    def bus(self, index: int) -> str:
        """Return QEMU's name of the bus of that index; libvirt makes what is not declared."""
        for controller in self.controllers:
            if controller.index == index:
                return controller.bus
        return ("pcie.0" if self.is_express else "pci.0") if index == 0 else f"pci.{index}"
