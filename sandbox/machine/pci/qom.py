"""What qom-get reads from PCI devices and buses.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError, UnmodelledError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.pci.bus import PciBus, PciDevice


def read_property(device: PciDevice, name: str, numbers: Mapping[PciBus, int]) -> object:
    """Return the value of a device's property.

    Args:
        device: the device.
        name: the property.
        numbers: the numbers that buses have now.

    Raises:
        QemuError: the device has no such property.
        UnmodelledError: it has, but its value is not known here.
    """
    if name not in device.kind.properties:
        raise QemuError(f"Property '{device.typename}.{name}' not found")
    known: Mapping[str, object] = {
        "type": device.typename,
        "addr": device.devfn,
        "busnr": numbers[device.bus],
        "multifunction": device.is_multifunction,
        "parent_bus": device.bus.path,
        "realized": True,
        "hotpluggable": device.kind.hotpluggable and device.bus.hotpluggable,
        "hotplugged": device.hotplugged,
        "rombar": device.integer("rombar", -1),
        "acpi-index": device.integer("acpi-index", 0),
    }
    if name in known:
        return known[name]
    if name in device.properties:
        return device.properties[name]
    raise UnmodelledError(f"the value of {device.typename}.{name}, which nobody set")


def read_bus_property(bus: PciBus, name: str) -> object:
    """Return the value of a bus's property: ``type``, ``realized``, and ``acpi_uid`` of an expander's root bus.

    Raises:
        QemuError: the bus has no such property.
    """
    known: dict[str, object] = {"type": bus.typename, "realized": True}
    if bus.acpi_uid is not None:
        known["acpi_uid"] = bus.acpi_uid
    if name not in known:
        raise QemuError(f"Property '{bus.typename}.{name}' not found")
    return known[name]
