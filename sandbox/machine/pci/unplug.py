"""Taking devices away from a running machine: what QEMU refuses, what goes at once, and what waits for the guest.

A guest has to agree before a device goes. Without one, devices leave at once, where the guest cannot have seen them
yet; at the next reset, where the chipset's ACPI controller was asked; or never.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError
from sandbox.machine.pci.address import slot_of
from sandbox.machine.pci.bus import Hotplug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.tree import BusTree


def check_hotplug(kind_name: str, bus: PciBus, *, hotpluggable: bool) -> None:
    """Check that a device of a type may come and go on a bus.

    Raises:
        QemuError: the type or the bus does not support it.
    """
    if not hotpluggable:
        raise QemuError(f"Device '{kind_name}' does not support hotplugging")
    if not bus.hotpluggable:
        raise QemuError(f"Bus '{bus.name}' does not support hotplugging")


class Departures:
    """Which devices have been asked to go, and which ones firmware and guest have seen since the last reset."""

    __slots__ = ("_pending", "_seen", "_tree")

    def __init__(self, tree: BusTree) -> None:
        self._tree = tree
        self._pending: dict[PciDevice, None] = {}
        self._seen: set[PciDevice] | None = None

    def start(self) -> None:
        """Take all devices that are there for seen: the machine has its first reset."""
        self._seen = set(self._tree.devices())

    def is_pending(self, device: PciDevice) -> bool:
        """Whether a device has been asked to go, and is still there."""
        return device in self._pending

    def request(
        self, device: PciDevice, *, running: bool, permit: Callable[[], None] | None = None
    ) -> tuple[PciDevice, ...]:
        """Ask for a device to go; return those that can go at once.

        Args:
            device: the device.
            running: whether the guest's clock runs; a request over ACPI may be repeated then.
            permit: asks whatever else the device belongs to, and may raise QemuError.

        Raises:
            QemuError: it cannot go, or was asked already.
        """
        hotplug = device.bus.hotplug
        if device in self._pending and not (hotplug is Hotplug.ACPI and running):
            raise QemuError(f"Device {device.id} is already in the process of unplug")
        check_hotplug(device.typename, device.bus, hotpluggable=device.kind.hotpluggable)
        if permit is not None:
            permit()
        slot = self._tree.in_slot(device.bus, slot_of(device.devfn))
        if hotplug is Hotplug.SHPC:
            return () if any(self._is_seen(other) for other in slot) else slot
        if hotplug is Hotplug.NATIVE:
            first = self._tree.at(device.bus, 0)
            if first is None:
                return (device,) if device.devfn else ()
            if device.bus.controls_power and not self._is_seen(first):
                return self._tree.devices_on(device.bus)
        self._pending[device] = None
        return ()

    def _is_seen(self, device: PciDevice) -> bool:
        return self._seen is not None and device in self._seen

    def at_reset(self) -> tuple[PciDevice, ...]:
        """Return the devices that go at a reset: whole slots of which the ACPI controller was asked for one."""
        going: dict[PciDevice, None] = {}
        for device in self._pending:
            if device.bus.hotplug is Hotplug.ACPI:
                slot = self._tree.in_slot(device.bus, slot_of(device.devfn))
                going.update(dict.fromkeys(other for other in slot if self._may_go(other)))
        return tuple(going)

    def _may_go(self, device: PciDevice) -> bool:
        return device.kind.hotpluggable and (device.hotplugged or not device.kind.is_bridge)

    def forget(self, devices: Iterable[PciDevice]) -> None:
        """Drop what is known of devices that are gone."""
        for device in devices:
            self._pending.pop(device, None)
            if self._seen is not None:
                self._seen.discard(device)
