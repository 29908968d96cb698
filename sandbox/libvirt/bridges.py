"""From QEMU's bridges to libvirt's controllers: their indexes, addresses and chassis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.libvirt.domain import DRIVERS, Address, Controller
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.bus import PciBus, PciDevice

MODELS: Final = {driver: model for model, driver in DRIVERS.items()} | {"ioh3420": "pcie-root-port"}
USUAL: Final = frozenset(DRIVERS.values())
WITH_CHASSIS: Final = ("pcie-root-port", "pcie-switch-downstream-port", "pci-bridge")


class Bridges:
    """The bridges of a machine, each with its controller's index, those above ahead of those below.

    Args:
        machine: the machine.
        notes: gets a sentence about each that libvirt refuses.
    """

    def __init__(self, machine: Machine, notes: list[str]) -> None:
        names = [it.values["id"] for it in machine.config.devices if it.values.get("id") is not None]
        objects = [machine.device_of_id(name) for name in names]
        found = [it.device for it in objects if isinstance(it, PciDeviceObject)]
        bridges = [device for device in found if device is not None and device.typename in MODELS]
        self.indexes = {str(device.id): number for number, device in enumerate(sorted(bridges, key=_depth), 1)}
        self.notes = notes

    def controller(self, device: PciDevice) -> Controller:
        """Return the controller of a bridge."""
        values = device.properties
        chassis = values.get("chassis", values.get("chassis_nr"))
        hotplug = values.get("hotplug")
        model, address = MODELS[device.typename], self.address(device)
        if model == "pcie-to-pci-bridge" and address.bus == 0:
            self.notes.append(f"{device.id}: libvirt takes a {model} behind a root port only, and refuses this one")
        return Controller(
            index=self.indexes[str(device.id)],
            model=model,
            address=address,
            chassis=chassis if isinstance(chassis, int) else None,
            port=_integer(values.get("port")),
            bus_number=_integer(values.get("bus_nr")),
            node=_integer(values.get("numa_node")),
            hotplug=hotplug if isinstance(hotplug, bool) else None,
            name="" if device.typename in USUAL else device.typename,
        )

    def address(self, device: PciDevice) -> Address:
        """Return where a device sits."""
        bus = self.index_of(device.bus)
        return Address(bus, device.devfn >> 3, device.devfn & 7, multifunction=device.announces_functions)

    def index_of(self, bus: PciBus) -> int:
        """Return the index of the controller whose bus it is.

        Raises:
            InputError: the bridge has no id.
        """
        if bus.parent is None:
            return 0
        index = self.indexes.get(str(bus.parent.id))
        if index is None:
            raise InputError(f"the {bus.parent.typename} above bus '{bus.name}' has no id, which libvirt needs")
        return index


def with_free_chassis(controllers: Sequence[Controller]) -> list[Controller]:
    """Return controllers without their chassis numbers if one could be that of a controller that libvirt adds.

    libvirt takes a controller's index for its chassis, and refuses no number that is given twice: QEMU does. No table
    has these numbers.
    """
    given = [it.chassis for it in controllers if it.model in WITH_CHASSIS]
    last = controllers[-1].index
    if None not in given and len(set(given)) == len(given) and all(0 < (it or 0) <= last for it in given):
        return list(controllers)
    return [replace(it, chassis=None) for it in controllers]


def _depth(device: PciDevice) -> int:
    """Return how many bridges are above a device; libvirt wants them to have lower indexes."""
    depth, parent = 0, device.bus.parent
    while parent is not None:
        depth, parent = depth + 1, parent.bus.parent
    return depth


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
