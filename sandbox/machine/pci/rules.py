"""What single device types demand of their place and of their properties, beyond what every device must keep to.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.pci.address import make_devfn, slot_of
from sandbox.machine.pci.bus import Hotplug
from sandbox.machine.pci.catalog import DEVICE_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.catalog import DeviceType
    from sandbox.machine.pci.tree import BusTree

LAST_ACPI_INDEX: Final = 16383
MOST_AER_RECORDS: Final = 128
UNASSIGNED_NODE: Final = 128
"""The ``numa_node`` of an expander that is on no node."""

_4G: Final = 1 << 32
_ABSENT_32: Final = _4G - 1
_ABSENT_64: Final = (1 << 64) - 1
_HOST_PROPERTIES: Final = frozenset({*DEVICE_PROPERTIES, "bypass-iommu", "x-config-reg-migration-enabled"})
_SHPC_SLOTS: Final = range(1, 32)
_NEEDS_MSI: Final = frozenset(
    {"cxl-downstream", "cxl-rp", "cxl-upstream", "edu", "ioh3420", "x3130-upstream", "xio3130-downstream"}
)
_NEEDS_MSI_X: Final = frozenset({"cxl-type3", "igbvf", "pcie-root-port", "rocker"})
_BALLOON: Final = "virtio-balloon-pci-base"
_IGD_BRIDGE_DEVFN: Final = make_devfn(0x1F, 0)


def check_common(properties: Mapping[str, object], acpi_indexes: Collection[int]) -> None:
    """Check the properties that every PCI device has.

    Raises:
        QemuError: ``acpi-index`` is too large or in use, or ``romsize`` is no power of two.
    """
    index = properties.get("acpi-index")
    if isinstance(index, int):
        if index > LAST_ACPI_INDEX:
            raise QemuError(f"acpi-index should be less or equal to {LAST_ACPI_INDEX}")
        if index in acpi_indexes:
            raise QemuError(f"a PCI device with acpi-index = {index} already exist")
    size = properties.get("romsize")
    if isinstance(size, int) and size != _ABSENT_32 and size.bit_count() != 1:
        raise QemuError(f"ROM size {size} is not a power of two")


def check_interrupts(typename: str, *, has_msi: bool) -> None:
    """Check that a machine has the message-signalled interrupts that some types cannot do without.

    Raises:
        QemuError: it has not.
    """
    if not has_msi and typename in _NEEDS_MSI:
        raise QemuError("MSI is not supported by interrupt controller")
    if not has_msi and typename in _NEEDS_MSI_X:
        raise QemuError("MSI-X is not supported by interrupt controller")


def check_single_iommu(machine: str, *, has_iommu: bool) -> None:
    """Check that a machine has no IOMMU yet.

    Raises:
        QemuError: it has.
    """
    if has_iommu:
        many = "virt machine does not support multiple IOMMUs"
        raise QemuError(many if machine == "virt" else "QEMU does not support multiple vIOMMUs for x86 yet.")


def check_kind(tree: BusTree, device: PciDevice) -> None:
    """Check what only one type demands.

    Raises:
        QemuError: the type cannot be there.
    """
    name = device.typename
    if name == "xen-platform":
        raise QemuError("xen-platform device requires a Xen guest")
    if name == "vfio-pci-igd-lpc-bridge" and device.devfn != _IGD_BRIDGE_DEVFN:
        raise QemuError("VFIO dummy ISA/LPC bridge must have address 1f.0")
    if device.kind.is_a(_BALLOON) and any(other.kind.is_a(_BALLOON) for other in tree.devices()):
        raise QemuError("Only one balloon device is supported")
    if name == "virtio-iommu-pci" and not device.bus.is_root:
        raise QemuError("virtio-iommu-pci must be plugged on the root bus")
    if name == "vfio-user-pci":
        _check_socket(device.properties.get("socket"))


def _check_socket(address: object) -> None:
    """Check where the server of a device in another process is; that it answers is taken as given."""
    if not isinstance(address, dict):
        example = """{"driver":"vfio-user-pci", "socket": {"path": "/tmp/vfio-user.sock", "type": "unix"}'}"""
        raise QemuError("No socket specified", hint=f"e.g. -device '{example}'")
    if address.get("type") != "unix":
        raise QemuError(f"Unsupported socket type {address.get('type')}")


def check_bridge(device: PciDevice, slots: Collection[tuple[int, int]]) -> None:
    """Check a bridge's own properties.

    Args:
        device: the bridge.
        slots: chassis and slot of the ports that are there already.

    Raises:
        QemuError: a chassis is missing or in use, or the reserved resources contradict each other.
    """
    if device.kind.is_a("pci-bridge"):
        check_chassis(device.integer("chassis_nr", 0))
        _check_reserve(device)
    if device.kind.is_a("pcie-slot") and chassis_slot(device) in slots:
        raise QemuError("Can't add chassis slot, error -16")
    records = device.integer("aer_log_max", 0)
    if device.kind.is_a("pcie-port") and records > MOST_AER_RECORDS:
        raise QemuError(f"Invalid aer_log_max {records}. The max number of aer log is {MOST_AER_RECORDS}")
    if device.typename in ("pcie-root-port", "cxl-rp"):
        _check_reserve(device)


def check_chassis(number: int) -> None:
    """Check the chassis number of a conventional bridge.

    Raises:
        QemuError: it is 0.
    """
    if number == 0:
        raise QemuError("Bridge chassis not specified. Each bridge is required to be assigned a unique chassis id > 0.")


def chassis_slot(device: PciDevice) -> tuple[int, int]:
    """Return chassis and slot number of a port, which must differ from every other port's."""
    return device.integer("chassis", 0), device.integer("slot", 0)


def _check_reserve(device: PciDevice) -> None:
    prefetchable_32 = device.integer("pref32-reserve", _ABSENT_64)
    memory = device.integer("mem-reserve", _ABSENT_64)
    if prefetchable_32 != _ABSENT_64 and device.integer("pref64-reserve", _ABSENT_64) != _ABSENT_64:
        raise QemuError("PCI resource reserve cap: PREF32 and PREF64 conflict")
    if memory != _ABSENT_64 and memory >= _4G:
        raise QemuError("PCI resource reserve cap: mem-reserve must be less than 4G")
    if prefetchable_32 != _ABSENT_64 and prefetchable_32 >= _4G:
        raise QemuError("PCI resource reserve cap: pref32-reserve  must be less than 4G")


def check_expander(tree: BusTree, device: PciDevice, node_count: int) -> None:
    """Check a pxb, pxb-pcie or pxb-cxl.

    Raises:
        QemuError: it is on the wrong kind of bus, on a node that is not there, or its bus number is in use. Bridges use
            the number 0, which their buses have before firmware numbers them.
    """
    if device.typename == "pxb" and device.bus.is_express:
        raise QemuError("pxb devices cannot reside on a PCIe bus")
    if device.typename != "pxb" and not device.bus.is_express:
        raise QemuError(f"{device.typename} devices cannot reside on a PCI bus")
    node = device.integer("numa_node", UNASSIGNED_NODE)
    if node != UNASSIGNED_NODE and node >= node_count:
        raise QemuError(f"Illegal numa node {node}")
    if device.bus.parent is not None:
        raise QemuError("PXB devices can be attached only to root bus")
    number = device.integer("bus_nr", 0)
    if any((bus.fixed_number or 0) == number for bus in tree.children(device.bus)):
        raise QemuError(f"Bus {number} is already in use")


def check_bus_name(name: str, owner: DeviceType) -> None:
    """Check that a bus can be called ``name``: QEMU makes it a property of its device, next to those that are there.

    Raises:
        MachineExit: QEMU aborts.
    """
    _check_property_free(name, owner.properties, owner.typename)


def check_host_bus_name(name: str, host_typename: str) -> None:
    """Check that an expander's root bus can be called ``name``.

    Raises:
        MachineExit: QEMU aborts.
    """
    _check_property_free(name, _HOST_PROPERTIES, host_typename)


def _check_property_free(name: str, properties: Collection[str], typename: str) -> None:
    if name in properties:
        raise MachineExit(f"attempt to add duplicate property '{name}' to object (type '{typename}')", -6)


def check_hotplug_slot(bus: PciBus, devfn: int) -> None:
    """Check that a bus's hot-plug controller has the slot, be the device hot-plugged or not.

    Raises:
        QemuError: it has not.
    """
    if bus.hotplug is Hotplug.SHPC and slot_of(devfn) not in _SHPC_SLOTS:
        raise QemuError(
            f"Unsupported PCI slot {slot_of(devfn)} for standard hotplug controller."
            f" Valid slots are between {_SHPC_SLOTS.start} and {_SHPC_SLOTS.stop - 1}."
        )


def slot_warning(device: PciDevice) -> str | None:
    """Return what QEMU warns of when a PCI Express device is below a port in another slot than 0; igb has ARI."""
    if not device.bus.is_link or slot_of(device.devfn) == 0 or not device.is_express or device.typename == "igb":
        return None
    return (
        f"PCI: slot {slot_of(device.devfn)} is not valid for {device.typename},"
        " parent device only allows plugging into slot 0."
    )
