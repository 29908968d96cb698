"""Devices and buses in the composition tree, so that paths find them and properties can be read.

Of a device's many properties only those are here that place it: ``addr``, ``busnr`` and ``multifunction``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.catalog import pci_type
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Link, Property
from sandbox.qom.types import TypeInfo

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.catalog import DeviceType, Target
    from sandbox.qom.tree import ObjectTree
    from sandbox.qom.types import TypeRegistry

BUS_PARENTS: Final = {
    "PCI": "bus",
    "PCIE": "PCI",
    "CXL": "PCIE",
    "pxb-bus": "PCI",
    "pxb-pcie-bus": "PCIE",
    "pxb-cxl-bus": "CXL",
}
"""The type from which each type of PCI bus descends."""

BUS_PROPERTIES: Final = (
    Property("hotplug-handler", "link<hotplug-handler>", "str", get=lambda _bus: ""),
    Property("realized", "bool", "bool", get=lambda _bus: True),
)
"""What each bus has by itself."""

SMMU: Final = "arm-smmuv3"
"""The IOMMU that stands before a root bus of its own; it is no PCI device."""

VIRTIO_MEMORY: Final = "virtio-md-pci"
"""The type from which the PCI devices that are memory devices, virtio-mem and virtio-pmem, descend."""

BARE_VIRTIO_MEMORY: Final = frozenset({"virtio-mem", "virtio-pmem"})
"""The devices inside of those; by themselves they are for a virtio bus, which virt has with virtio-mmio."""

MEMORY_MODULES: Final = {"pc-dimm": "device", "nvdimm": "pc-dimm"}


class PciDeviceObject(QomObject):
    """A PCI device.

    Attributes:
        device: what and where it is.
        bus_number: the number of its bus: 0 behind a bridge that firmware has not programmed.
    """

    __slots__ = ("bus_number", "device")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.device: PciDevice | None = None
        self.bus_number = 0


class PciBusObject(QomObject):
    """A PCI bus.

    Attributes:
        acpi_uid: an expander bus's number, else 0.
        next_child: the number of the next device's link.
    """

    __slots__ = ("acpi_uid", "next_child")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.acpi_uid = 0
        self.next_child = 0
        for declared in BUS_PROPERTIES:
            self.instance.insert(declared.name, declared)


def _devfn(obj: PciDeviceObject) -> int:
    return 0 if obj.device is None else obj.device.devfn


def _is_multifunction(obj: PciDeviceObject) -> bool:
    return obj.device is not None and obj.device.is_multifunction


PCI_DEVICE_PROPERTIES: Final = (
    Property("addr", "str", "str", get=_devfn),
    Property("multifunction", "bool", "bool", get=_is_multifunction),
    Property("busnr", "busnr", "uint8", get=lambda obj: obj.bus_number),
)

BASES: Final = (
    TypeInfo("device", abstract=True),
    TypeInfo("bus", abstract=True),
    TypeInfo("pci-device", "device", abstract=True, properties=PCI_DEVICE_PROPERTIES, instance_class=PciDeviceObject),
)


def add_pci_device(tree: ObjectTree, device: PciDevice, target: Target) -> PciDeviceObject:
    """Put a device into the tree at its path, with a link to it from its bus."""
    register_device_type(tree.registry, device.kind, target)
    found = tree.new(device.typename)
    if not isinstance(found, PciDeviceObject):
        raise TypeError(f"{device.typename} is no PCI device")
    found.device = device
    found.bus_number = device.bus.fixed_number or 0
    _place(tree, device.path, found)
    bus = tree.resolve(device.bus.path)
    if isinstance(bus, PciBusObject):
        bus.add_link(f"child[{bus.next_child}]", Link(device.typename, found))
        bus.next_child += 1
    return found


def remove_device(tree: ObjectTree, path: str, bus_path: str) -> None:
    """Take a device out of the tree, with the link from its bus."""
    found, bus = tree.resolve(path), tree.resolve(bus_path)
    if found is None or found.parent is None:
        return
    if bus is not None:
        for name in list(bus.instance):
            link = bus.instance[name]
            if isinstance(link, Link) and link.target is found:
                bus.remove_child(name, may_resize=True)
    found.parent.remove_child(found.name, may_resize=False)


def add_host(tree: ObjectTree, typename: str, bus: PciBus) -> None:
    """Put the host bridge of a root bus into the tree, if its place is its own."""
    path = bus.path.rpartition("/")[0]
    if tree.resolve(path) is None:
        add_other_device(tree, typename, path)


def add_pci_bus(tree: ObjectTree, bus: PciBus) -> None:
    """Put a bus into the tree at its path."""
    for name in _bus_ancestry(bus.typename):
        if name not in tree.registry:
            acpi_uid = Property("acpi_uid", "uint32", "uint32", get=lambda obj: obj.acpi_uid)
            own = (acpi_uid,) if name == "pxb-cxl-bus" else ()
            tree.registry.register(TypeInfo(name, BUS_PARENTS[name], properties=own, instance_class=PciBusObject))
    found = tree.new(bus.typename)
    if isinstance(found, PciBusObject):
        found.acpi_uid = bus.acpi_uid or 0
    _place(tree, bus.path, found)


def add_other_device(tree: ObjectTree, typename: str, path: str) -> QomObject:
    """Put a device that is not PCI into the tree."""
    parent = MEMORY_MODULES.get(typename, "device")
    for name, above in ((parent, "device"), (typename, parent)):
        if name not in tree.registry:
            tree.registry.register(TypeInfo(name, above))
    found = tree.new(typename)
    _place(tree, path, found)
    return found


def register_device_type(registry: TypeRegistry, kind: DeviceType, target: Target) -> None:
    """Make a device type and its ancestors known."""
    for name in (*reversed(kind.ancestors), kind.typename):
        if name not in registry:
            known = pci_type(name, target, kind.version)
            registry.register(TypeInfo(name, known.ancestors[0], abstract=known.is_abstract))


def _bus_ancestry(typename: str) -> list[str]:
    names = [typename]
    while BUS_PARENTS[names[-1]] in BUS_PARENTS:
        names.append(BUS_PARENTS[names[-1]])
    return names[::-1]


def _place(tree: ObjectTree, path: str, found: QomObject) -> None:
    parent, _, name = path.rpartition("/")
    tree.container(parent).add_child(name, found)
