"""Which devices are on which bus, and which buses are behind which device: the part of a topology that changes.

No rules here: what may be plugged where is the business of :mod:`sandbox.machine.pci.topology`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.machine.pci.bus import PciBus, PciDevice
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@record(eq=False)
class OtherBus:
    """A bus that is not PCI: it can be named with ``bus=``, but takes no PCI device.

    Attributes:
        name: its name for ``bus=``.
        typename: its QOM type: ``IDE``, ``usb-bus``, ``i2c-bus``...
    """

    name: str
    typename: str


AnyBus = PciBus | OtherBus


@record(eq=False)
class HostBridge:
    """A device of the system bus that carries a root bus.

    Attributes:
        typename: its QOM type: ``q35-pcihost``, ``pxb-host``...
        bus: the root bus.
    """

    typename: str
    bus: PciBus


class BusTree:
    """Buses and devices, each in the order in which it was added."""

    __slots__ = ("_below", "_children", "_devices", "_named", "hosts")

    def __init__(self) -> None:
        self.hosts: list[HostBridge] = []
        self._devices: dict[PciBus, dict[int, PciDevice]] = {}
        self._below: dict[PciDevice, tuple[AnyBus, ...]] = {}
        self._children: dict[PciBus, list[PciBus]] = {}
        self._named: dict[str, list[AnyBus]] = {}

    def add_host(self, host: HostBridge) -> None:
        """Add a host bridge with its root bus; an expander's becomes a child of the bus that the expander is on."""
        self.hosts.append(host)
        self._add_bus(host.bus)

    def add_device(self, device: PciDevice, below: Sequence[AnyBus] = ()) -> None:
        """Put a device into its slot.

        Args:
            device: the device.
            below: the buses on its far side, in the order in which it makes them.
        """
        self._devices[device.bus][device.devfn] = device
        self._below[device] = tuple(below)
        for bus in below:
            if isinstance(bus, PciBus):
                self._add_bus(bus)
            else:
                self._named.setdefault(bus.name, []).append(bus)

    def _add_bus(self, bus: PciBus) -> None:
        self._devices[bus] = {}
        self._children[bus] = []
        self._named.setdefault(bus.name, []).append(bus)
        if bus.parent is not None:
            self._children[bus.parent.bus].append(bus)

    def remove(self, device: PciDevice) -> tuple[PciDevice, ...]:
        """Take a device away, with what is behind it and its virtual functions; return what went, the device last."""
        gone: list[PciDevice] = []
        for bus in self._below.pop(device):
            if isinstance(bus, PciBus):
                gone += self.remove_all(self.devices_on(bus))
                del self._devices[bus], self._children[bus]
                self._children[device.bus].remove(bus)
            self._named[bus.name].remove(bus)
        on_bus = self._devices[device.bus]
        gone += self.remove_all([on_bus[devfn] for devfn in device.virtual_functions if devfn in on_bus])
        del on_bus[device.devfn]
        return (*gone, device)

    def remove_all(self, devices: Iterable[PciDevice]) -> tuple[PciDevice, ...]:
        """Take several devices away; return what went."""
        gone: list[PciDevice] = []
        for device in devices:
            if device in self._below:
                gone += self.remove(device)
        return tuple(gone)

    @property
    def root(self) -> PciBus:
        """The machine's own root bus."""
        return self.hosts[0].bus

    def at(self, bus: PciBus, devfn: int) -> PciDevice | None:
        """Return the device in a place, or None."""
        return self._devices[bus].get(devfn)

    def devices_on(self, bus: PciBus) -> tuple[PciDevice, ...]:
        """Return the devices on a bus, the first plugged first."""
        return tuple(self._devices[bus].values())

    def in_slot(self, bus: PciBus, slot: int) -> tuple[PciDevice, ...]:
        """Return the devices in a slot by function."""
        devices = self._devices[bus]
        return tuple(devices[devfn] for devfn in range(slot << 3, (slot << 3) + 8) if devfn in devices)

    def buses_behind(self, device: PciDevice) -> tuple[AnyBus, ...]:
        """Return the buses that a device makes, an expander's root bus excepted, the first made first."""
        return self._below[device]

    def secondary(self, device: PciDevice) -> PciBus | None:
        """Return the PCI bus on the far side of a bridge; None for other devices."""
        return next((bus for bus in self._below[device] if isinstance(bus, PciBus)), None)

    def children(self, bus: PciBus) -> tuple[PciBus, ...]:
        """Return the buses right behind a bus, expanders' root buses among them, the first made first."""
        return tuple(self._children[bus])

    def buses(self) -> Iterator[PciBus]:
        """Yield every PCI bus, depth first from each root bus, in the order in which they were made."""
        pending = [host.bus for host in reversed(self.hosts)]
        while pending:
            bus = pending.pop()
            yield bus
            pending += [child for child in reversed(self._children[bus]) if not child.is_root]

    def devices(self) -> Iterator[PciDevice]:
        """Yield every device, bus after bus, in the order in which they were plugged."""
        for bus in self.buses():
            yield from self._devices[bus].values()

    def newest_first(self) -> Iterator[AnyBus]:
        """Yield every bus in the order in which QEMU searches.

        The newest host bridge and the newest device first, and each bus before those behind it.
        """
        for host in reversed(self.hosts):
            yield from self._search(host.bus)

    def _search(self, bus: PciBus) -> Iterator[AnyBus]:
        yield bus
        for device in reversed(self._devices[bus].values()):
            for child in reversed(self._below[device]):
                if isinstance(child, PciBus):
                    yield from self._search(child)
                else:
                    yield child

    def named(self, name: str) -> AnyBus | None:
        """Return the bus of a name; of several the one that QEMU's search meets first."""
        found = self._named.get(name, ())
        if len(found) > 1:
            return next(bus for bus in self.newest_first() if bus.name == name)
        return found[0] if found else None
