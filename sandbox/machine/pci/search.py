"""Finding the bus that ``bus=`` names, or the one that a device goes to when nothing is named.

``bus=`` takes a bus name (``rp1``), or a path through devices and buses (``pcie.0/rp1``, ``/q35-pcihost/pcie.0``) in
which a device is named by its id, its type or its alias.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.pci.bus import PciBus, PciDevice
from sandbox.machine.pci.tree import AnyBus, HostBridge, OtherBus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.pci.tree import BusTree

SYSTEM_BUS: Final = OtherBus("main-system-bus", "System")
_LONGEST_NAME: Final = 127
_FULL: Final = "virtio-pci-bus"
"""The type of bus that has its one device from the start."""

_Device = PciDevice | HostBridge


def find_bus(tree: BusTree, path: str | None, typename: str) -> PciBus:
    """Return the bus for a device.

    Args:
        tree: the machine's buses.
        path: the value of ``bus=``; None where it was not given: then it is the root bus of the newest expander, or the
            machine's own.
        typename: the device's type, for messages.

    Raises:
        QemuError: there is no such bus, or it is not a PCI bus.
    """
    if path is None:
        return tree.hosts[-1].bus
    bus = _follow(tree, path)
    if not isinstance(bus, PciBus):
        if bus.typename == _FULL:
            raise QemuError(f"Bus '{path}' is full")
        raise QemuError(f"Device '{typename}' can't go on {bus.typename} bus")
    return bus


def _follow(tree: BusTree, path: str) -> AnyBus:
    first, _, rest = ("", "", path) if path.startswith("/") else path.partition("/")
    bus = SYSTEM_BUS if path.startswith("/") else _named(tree, first[:_LONGEST_NAME])
    elements = [element for element in rest.split("/") if element]
    while elements:
        name = elements.pop(0)
        device = _device_on(tree, bus, name)
        buses = _buses_behind(tree, device)
        if elements:
            bus = _bus_behind(device, buses, elements.pop(0))
        elif len(buses) == 1:
            bus = buses[0]
        elif buses:
            raise QemuError(f"Device '{name}' has multiple child buses", hint=_listed_buses(device, buses))
        else:
            raise QemuError(f"Device '{name}' has no child bus")
    return bus


def _named(tree: BusTree, name: str) -> AnyBus:
    bus = SYSTEM_BUS if name == SYSTEM_BUS.name else tree.named(name)
    if bus is None:
        raise QemuError(f"Bus '{name}' not found")
    return bus


def _device_on(tree: BusTree, bus: AnyBus, name: str) -> _Device:
    """Return the device of a name on a bus: by id, else by type, else by alias; of several the newest."""
    candidates: Sequence[_Device] = ()
    if bus is SYSTEM_BUS:
        candidates = tree.hosts[::-1]
    elif isinstance(bus, PciBus):
        candidates = tree.devices_on(bus)[::-1]
    for matches in (_has_id, _has_type, _has_alias):
        for device in candidates:
            if matches(device, name):
                return device
    listed = ", ".join(_quoted(device) for device in candidates)
    hint = f'devices at "{bus.name}": {listed}'.rstrip() if isinstance(bus, PciBus) else ""
    raise QemuError(f"Device '{name}' not found", "DeviceNotFound", hint)


def _has_id(device: _Device, name: str) -> bool:
    return isinstance(device, PciDevice) and device.id == name


def _has_type(device: _Device, name: str) -> bool:
    return device.typename == name


def _has_alias(device: _Device, name: str) -> bool:
    return isinstance(device, PciDevice) and device.kind.alias == name


def _quoted(device: _Device) -> str:
    device_id = device.id if isinstance(device, PciDevice) else None
    return f'"{device.typename}"/"{device_id}"' if device_id is not None else f'"{device.typename}"'


def _buses_behind(tree: BusTree, device: _Device) -> Sequence[AnyBus]:
    """Return the buses behind a device, the newest first."""
    return (device.bus,) if isinstance(device, HostBridge) else tree.buses_behind(device)[::-1]


def _bus_behind(device: _Device, buses: Sequence[AnyBus], name: str) -> AnyBus:
    for bus in buses:
        if bus.name == name:
            return bus
    raise QemuError(f"Bus '{name}' not found", hint=_listed_buses(device, buses))


def _listed_buses(device: _Device, buses: Sequence[AnyBus]) -> str:
    name = device.typename if isinstance(device, HostBridge) or device.id is None else device.id
    listed = ", ".join(f'"{bus.name}"' for bus in buses)
    return f'child buses at "{name}": {listed}'.rstrip()
