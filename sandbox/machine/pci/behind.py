"""Which buses a device makes, and what they are called.

A bridge's bus is called like the bridge (``rp1``); without an id, like its type with a running number (``pcie.1``).
Other controllers' buses are called after the id with a number of their own (``usb1.0``), or have a fixed name.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.bus import Hotplug, PciBus
from sandbox.machine.pci.tree import OtherBus

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.pci.catalog import DeviceType

_NUMBERED: Final = "numbered"
_LIKE_DEVICE: Final = "like the device"

OTHER_BUSES: Final = (
    ("virtio-pci", "virtio-pci-bus", 1, "virtio-bus"),
    ("pci-ehci-usb", "usb-bus", 1, _NUMBERED),
    ("pci-uhci-usb", "usb-bus", 1, _NUMBERED),
    ("pci-xhci", "usb-bus", 1, _NUMBERED),
    ("pci-ohci", "usb-bus", 1, _NUMBERED),
    ("ich9-ahci", "IDE", 6, _NUMBERED),
    ("pci-ide", "IDE", 2, _NUMBERED),
    ("am53c974", "SCSI", 1, _NUMBERED),
    ("lsi53c895a", "SCSI", 1, _NUMBERED),
    ("megasas-base", "SCSI", 1, _NUMBERED),
    ("mptsas1068", "SCSI", 1, _NUMBERED),
    ("pvscsi", "SCSI", 1, _NUMBERED),
    ("intel-hda-generic", "HDA", 1, _NUMBERED),
    ("tpci200", "IndustryPack", 1, _NUMBERED),
    ("nvme", "nvme-bus", 1, _LIKE_DEVICE),
    ("ufs", "ufs-bus", 1, _LIKE_DEVICE),
    ("sdhci-pci", "sdhci-bus", 1, "sd-bus"),
    ("ati-vga", "i2c-bus", 1, "ati-vga.ddc"),
    ("ICH9-LPC", "ISA", 1, _NUMBERED),
    ("pci-piix", "ISA", 1, _NUMBERED),
    ("ICH9-SMB", "i2c-bus", 1, "i2c"),
    ("PIIX4_PM", "i2c-bus", 1, "i2c"),
)
"""Ancestor type, type of its buses, how many, and how they are named."""


class BusNames:
    """Names for buses whose device has no id: the bus type in lower case, a dot, and a number that counts per type."""

    __slots__ = ("_used",)

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def automatic(self, typename: str) -> str:
        """Return the next name for a bus of a type; it counts as used from then on."""
        number = self._used.get(typename, 0)
        self._used[typename] = number + 1
        return f"{typename.lower()}.{number}"

    def numbered(self, device_id: str | None, index: int, typename: str) -> str:
        """Return the name of a device's bus by its index among the device's buses."""
        return self.automatic(typename) if device_id is None else f"{device_id}.{index}"

    def like_device(self, device_id: str | None, typename: str) -> str:
        """Return the name of the only bus of a device that calls it like itself."""
        return device_id or self.numbered(device_id, 0, typename)


def secondary_type(kind: DeviceType) -> str:
    """Return the type of the bus behind a bridge."""
    if kind.typename == "cxl-rp":
        return "CXL"
    return "PCIE" if kind.is_a("pcie-port") else "PCI"


def expander_bus_type(kind: DeviceType) -> str:
    """Return the type of the root bus that an expander makes."""
    return {"pxb-pcie": "pxb-pcie-bus", "pxb-cxl": "pxb-cxl-bus"}.get(kind.typename, "pxb-bus")


def has_shpc(device: PciDevice) -> bool:
    """Whether a bridge has the standard hot-plug controller of conventional PCI."""
    if device.typename == "pcie-pci-bridge":
        return True
    return device.kind.is_a("pci-bridge") and device.switch("shpc", default=True)


def secondary_bus(device: PciDevice, name: str, *, acpi_bridges: bool) -> PciBus:
    """Return the bus behind a bridge.

    Args:
        device: the bridge.
        name: what the bus is called.
        acpi_bridges: whether the chipset's ACPI controller takes over the bridges that are there at the start.
    """
    has_slot = device.kind.is_a("pcie-slot")
    hotplug = Hotplug.NATIVE if has_slot else Hotplug.SHPC if has_shpc(device) else Hotplug.NONE
    if acpi_bridges and not device.hotplugged and device.bus.hotplug is Hotplug.ACPI:
        hotplug = Hotplug.ACPI
    hotpluggable = hotplug is not Hotplug.NONE and not (has_slot and not device.switch("hotplug", default=True))
    return PciBus(name, secondary_type(device.kind), f"{device.path}/{name}", device, hotplug, hotpluggable)


def other_buses(device: PciDevice, names: BusNames) -> tuple[OtherBus, ...]:
    """Return the buses of a device that are not PCI, the first made first.

    A USB controller that is another one's companion (``masterbus``) has none.
    """
    rows = (row for row in OTHER_BUSES if device.kind.is_a(row[0]) and "masterbus" not in device.properties)
    _, typename, count, naming = next(rows, ("", "", 0, _NUMBERED))
    if naming == _NUMBERED:
        return tuple(OtherBus(names.numbered(device.id, index, typename), typename) for index in range(count))
    if naming == _LIKE_DEVICE:
        return (OtherBus(names.like_device(device.id, typename), typename),)
    return (OtherBus(naming, typename),)
