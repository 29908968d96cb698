"""The properties of devices: which there are, their values, and why they cannot be set.

Source: QEMU 10.0 behaviour, recorded.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.device_objects import VIRTIO_MEMORY
from sandbox.machine.pci.bus import Hotplug
from sandbox.monitor.data import rows, rows_of, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.device_objects import PciBusObject, PciDeviceObject
    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.bus import PciDevice

FILE: Final = "properties.json"
UNTOLD: Final = "?"
"""Stands for a type of which QEMU lists no properties."""

NO_ROM: Final = 0xFFFF_FFFF

BY_PLACE: Final = frozenset({"mac", "vectors", "serial", "netdev", "drive", "memdev", "chardev"})
"""Properties that QEMU may settle when the device starts, by what else the machine has."""

CHIPSETS: Final = frozenset({"ICH9-LPC", "PIIX4_PM"})
"""The devices that have the ACPI hot-plug controller."""

NOT_WRITABLE: Final = frozenset({"type", "parent_bus", "hotplugged", "hotpluggable", "busnr"})


def properties_of(typename: str, target: str) -> tuple[dict[str, Any], ...] | None:
    """Return what qom-list-properties tells of a device's type; None where it is not recorded."""
    return _properties_of(typename, target)


@cache
def _properties_of(typename: str, target: str) -> tuple[dict[str, Any], ...] | None:
    known = rows(FILE)
    row = known.get(f"{target} {typename}", known.get(typename))
    if row is None or row == UNTOLD:
        return None
    parent, *numbers = row.split()
    above: tuple[dict[str, Any], ...] = ()
    if parent != "-":
        above = _properties_of(parent, target) or ()
    return (*above, *(json.loads(known[number]) for number in numbers))


@cache
def ancestry(typename: str, target: str) -> frozenset[str]:
    """Return the names of a type, of its parent, and so on."""
    known = rows_of("types.json", target)
    names = []
    while typename in known:
        names.append(typename)
        typename = known[typename].partition(" ")[0]
    return frozenset(names)


@cache
def _declared(typename: str, target: str) -> Mapping[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in _properties_of(typename, target) or ()}


def read_property(machine: Machine, found: PciDeviceObject, name: str) -> Any:
    """Return the value of a PCI device's property.

    Raises:
        QemuError: it has no such property.
        UnmodelledError: it has, but its value is not known here.
    """
    device = found.device
    if device is None:
        return found.read(name)
    if found.instance.get(name) is not None:
        return found.read(name)
    reader = READERS.get(name)
    if reader is not None:
        return reader(found, device)
    target = machine.board.type.architecture
    declared = _declared(device.typename, target)
    if declared and name not in declared:
        raise QemuError(f"Property '{device.typename}.{name}' not found")
    memory = _settled_memory(machine, device)
    if name in memory and (declared or name in device.kind.properties):
        return memory[name]
    if name in device.properties:
        return device.properties[name]
    if name == "disable-legacy":
        from sandbox.monitor.pci_headers import is_modern_only

        return "on" if is_modern_only(device) else "off"
    value = _usual_value(machine, device, name, declared.get(name, {}))
    if value is None:
        raise UnmodelledError(f"the value of {device.typename}.{name}, which nobody set, is not modelled")
    return value


def _settled_memory(machine: Machine, device: PciDevice) -> dict[str, Any]:
    """Return the values that the start of a virtio-mem or virtio-pmem device has settled; empty for others."""
    if not device.kind.is_a(VIRTIO_MEMORY):
        return {}
    from sandbox.monitor.virtio_memory import device_at, settled

    found = device_at(machine, device.path)
    return {} if found is None else settled(found)


def _usual_value(machine: Machine, device: PciDevice, name: str, declared: Mapping[str, Any]) -> Any:
    """Return the value that a property has where nobody sets it; None where it is not known."""
    if machine.board.type.version <= versions("changed").get(name, (0,)):
        return None
    recorded = json.loads(rows("pci_values.json").get(device.typename, "{}"))
    if name in recorded:
        value = recorded[name]
        return value.replace("PATH", device.path) if isinstance(value, str) else value
    if name == "netdev" and device.path.startswith("/machine/peripheral"):
        return ""
    if name in BY_PLACE or name.startswith("legacy-"):
        return None
    if "default-value" in declared:
        return declared["default-value"]
    return "" if declared.get("type", "").startswith(("str", "link<")) else None


def _romfile(_found: PciDeviceObject, device: PciDevice) -> Any:
    given = device.properties.get("romfile")
    return _recorded_value(device, "romfile", "") if given is None else given


def _romsize(_found: PciDeviceObject, device: PciDevice) -> Any:
    given = device.properties.get("romsize")
    has_rom = device.integer("rombar", -1) != 0 and device.properties.get("romfile") != ""
    usual = _recorded_value(device, "romsize", NO_ROM) if has_rom else NO_ROM
    return usual if given is None else given


def _recorded_value(device: PciDevice, name: str, default: object) -> Any:
    recorded: dict[str, Any] = json.loads(rows("pci_values.json").get(device.typename, "{}"))
    return recorded.get(name, default)


READERS: Final[Mapping[str, Callable[[PciDeviceObject, PciDevice], Any]]] = {
    "type": lambda _found, device: device.typename,
    "parent_bus": lambda _found, device: device.bus.path,
    "realized": lambda _found, _device: True,
    "hotplugged": lambda _found, device: device.hotplugged,
    "hotpluggable": lambda _found, device: device.kind.hotpluggable and device.bus.hotpluggable,
    "addr": lambda _found, device: device.devfn,
    "legacy-addr": lambda _found, device: f"{device.devfn >> 3:02x}.{device.devfn & 7:x}",
    "busnr": lambda found, _device: found.bus_number,
    "multifunction": lambda _found, device: device.is_multifunction,
    "romfile": _romfile,
    "romsize": _romsize,
}
"""Properties whose values follow from the device itself."""


def hotplug_handler(machine: Machine, found: PciBusObject) -> str:
    """Return the path of what handles hot-plug on a PCI bus; "" where nothing does."""
    topology = machine.bay.topology
    bus = next(bus for bus in topology.buses if bus.path == found.path)
    chipset = next((d.path for d in topology.devices if d.typename in CHIPSETS), "")
    if bus.parent is None:
        is_on = machine.board.type.is_x86 and bus.hotplug is not Hotplug.NONE
        return chipset if is_on or machine.board.type.family == "q35" else ""
    if bus.hotplug is Hotplug.ACPI:
        return chipset
    return "" if bus.hotplug is Hotplug.NONE else bus.parent.path


def write_property(machine: Machine, found: PciDeviceObject, name: str, value: object) -> None:
    """Set a property of a PCI device, which is too late for nearly all.

    Raises:
        QemuError: QEMU refuses.
        UnmodelledError: QEMU takes it, and the sandbox does not model what follows.
    """
    device = found.device
    declared = found.instance.get(name) is not None
    if device is None or declared:
        found.write(name, value)
        return
    if name not in READERS and name not in _declared(device.typename, machine.board.type.architecture):
        raise QemuError(f"Property '{device.typename}.{name}' not found")
    if name in NOT_WRITABLE or name.startswith("legacy-"):
        raise QemuError(f"Property '{device.typename}.{name}' is not writable")
    if device.kind.is_a(VIRTIO_MEMORY):
        from sandbox.monitor import virtio_memory

        memory = virtio_memory.device_at(machine, device.path)
        if memory is not None and name in virtio_memory.OWN:
            virtio_memory.write(machine, device, memory, name, value)
            return
    if name != "realized":
        called = f"device '{device.id}'" if device.id is not None else "anonymous device"
        raise QemuError(
            f"Attempt to set property '{name}' on {called} (type '{device.typename}') after it was realized"
        )
    if not isinstance(value, bool):
        raise QemuError("Invalid parameter type for 'realized', expected: boolean")
    if not value:
        raise UnmodelledError("qom-set of realized to false is not modelled")
