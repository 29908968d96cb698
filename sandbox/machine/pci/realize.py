"""Bringing one device to life on its bus: its place, the rules of its type, its buses, its virtual functions.

Either all of it happens or nothing; only names that QEMU counts through (``pcie.1``, ``device[7]``) stay used up.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci import rules
from sandbox.machine.pci.address import AUTOMATIC
from sandbox.machine.pci.behind import BusNames, expander_bus_type, other_buses, secondary_bus, secondary_type
from sandbox.machine.pci.bus import PciBus, PciDevice
from sandbox.machine.pci.catalog import pci_type
from sandbox.machine.pci.placing import (
    check_free,
    check_functions,
    check_not_exposed,
    choose_devfn,
    virtual_functions,
)
from sandbox.machine.pci.tree import AnyBus, BusTree, HostBridge
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.pci.catalog import DeviceType, Target
    from sandbox.machine.pci.steps import PlugSteps

_VIRTUAL_TYPES: Final = {"igb": "igbvf", "nvme": "nvme"}
_INNER_NAME: Final = "pxb-internal"


@record(frozen=False)
class Realizer:
    """What all devices of a machine share while they come to life.

    Attributes:
        tree: buses and devices.
        machine: ``pc``, ``q35`` or ``virt``.
        target: the architecture of its QEMU.
        acpi_bridges: whether the chipset's ACPI controller takes over the bridges that are there at the start.
        node_count: how many NUMA nodes there are.
        unattached: how many devices ``/machine/unattached`` has.
        has_msi: whether the interrupt controller takes message-signalled interrupts.
        has_iommu: whether the machine has an IOMMU, of which there can be one.
        names: names of buses without a name of their own.
        warnings: what QEMU has written to stderr, without ``PROGRAM: OPTION: warning:`` before it.
    """

    tree: BusTree
    machine: str
    target: Target
    acpi_bridges: bool = False
    node_count: int = 0
    unattached: int = 0
    has_msi: bool = True
    has_iommu: bool = False
    names: BusNames = field(default_factory=BusNames)
    warnings: list[str] = field(default_factory=list)
    _chassis_slots: set[tuple[int, int]] = field(default_factory=set)
    _acpi_indexes: set[int] = field(default_factory=set)

    def realize(
        self,
        kind: DeviceType,
        bus: PciBus,
        properties: Mapping[str, object],
        device_id: str | None,
        path: str,
        *,
        hotplug: bool = False,
        steps: PlugSteps | None = None,
    ) -> PciDevice:
        """Bring a device to life.

        Args:
            kind: its type.
            bus: its bus.
            properties: its properties' values; ``addr`` is its devfn or -1.
            device_id: the user's id.
            path: its QOM path.
            hotplug: whether the machine runs already.
            steps: what it does beside taking its place.

        Raises:
            QemuError: QEMU refuses.
            MachineExit: QEMU aborts.
        """
        is_iommu = kind.typename == "virtio-iommu-pci"
        if is_iommu:
            rules.check_single_iommu(self.machine, has_iommu=self.has_iommu)
        if steps is not None:
            steps.prepare(properties)
        rules.check_common(properties, self._acpi_indexes)
        given = properties.get("addr")
        requested = given if isinstance(given, int) else AUTOMATIC
        devfn = choose_devfn(self.tree, bus, kind, requested)
        if hotplug:
            check_not_exposed(self.tree, bus, kind.typename, requested)
        device = PciDevice(kind, device_id, bus, devfn, path, properties, hotplug)
        check_functions(self.tree, device)
        virtual = virtual_functions(device)
        if virtual:
            for place in virtual:
                check_free(self.tree, bus, _VIRTUAL_TYPES[kind.typename], place)
                rules.check_interrupts(_VIRTUAL_TYPES[kind.typename], has_msi=self.has_msi)
            device = PciDevice(kind, device_id, bus, devfn, path, properties, hotplug, virtual)
        below = self._check_and_name(device)
        if steps is not None:
            steps.check()
        rules.check_hotplug_slot(bus, devfn)
        self._add(device, below)
        self.has_iommu |= is_iommu
        return device

    def _check_and_name(self, device: PciDevice) -> tuple[AnyBus, ...]:
        """Check a device against the rules of its type; return the buses behind it."""
        rules.check_kind(self.tree, device)
        if device.kind.is_bridge:
            typename = secondary_type(device.kind)
            name = self.names.like_device(device.id, typename)
            rules.check_bus_name(name, device.kind)
            rules.check_interrupts(device.typename, has_msi=self.has_msi)
            rules.check_bridge(device, self._chassis_slots)
            return (secondary_bus(device, name, acpi_bridges=self.acpi_bridges),)
        if device.kind.is_expander:
            rules.check_expander(self.tree, device, self.node_count)
        rules.check_interrupts(device.typename, has_msi=self.has_msi)
        below = other_buses(device, self.names)
        for bus in below:
            rules.check_bus_name(bus.name, device.kind)
        return below

    def _add(self, device: PciDevice, below: tuple[AnyBus, ...]) -> None:
        if device.kind.is_expander:
            self._add_expander(device)
        else:
            self.tree.add_device(device, below)
        if device.kind.is_a("pcie-slot"):
            self._chassis_slots.add(rules.chassis_slot(device))
        self._acpi_indexes.add(device.integer("acpi-index", 0))
        self._acpi_indexes.discard(0)
        kind = pci_type(_VIRTUAL_TYPES[device.typename], self.target) if device.virtual_functions else device.kind
        for devfn in device.virtual_functions:
            self.tree.add_device(PciDevice(kind, None, device.bus, devfn, self.attach(), physical=device))
        if device.typename == "ati-vga" or (device.typename == "nvme" and "subsys" not in device.properties):
            self.attach()
        warning = rules.slot_warning(device)
        if warning:
            self.warnings.append(warning)

    def _add_expander(self, device: PciDevice) -> None:
        """Add an expander with its root bus, and for conventional PCI with the bridge that users' devices go behind."""
        typename = expander_bus_type(device.kind)
        number = device.integer("bus_nr", 0)
        is_conventional = device.typename == "pxb"
        name = _INNER_NAME if is_conventional else self.names.like_device(device.id or None, typename)
        host_type = "pxb-cxl-host" if device.typename == "pxb-cxl" else "pxb-host"
        rules.check_host_bus_name(name, host_type)
        bridge_properties = {"addr": AUTOMATIC, "chassis_nr": number, "shpc": False}
        if is_conventional:
            rules.check_chassis(number)
            rules.check_bus_name(device.id or "", pci_type("pci-bridge", self.target))
        root = PciBus(name, typename, f"{self.attach()}/{name}", device, fixed_number=number)
        self.tree.add_device(device)
        self.tree.add_host(HostBridge(host_type, root))
        if is_conventional:
            kind = pci_type("pci-bridge", self.target)
            self.realize(kind, root, bridge_properties, device.id or None, self.attach())

    def attach(self, count: int = 1) -> str:
        """Count devices into ``/machine/unattached``; return the path of the first of them."""
        self.unattached += count
        return f"/machine/unattached/device[{self.unattached - count}]"

    def forget(self, devices: Iterable[PciDevice]) -> None:
        """Make free again what devices that are gone had to themselves."""
        for device in devices:
            if device.kind.is_a("pcie-slot"):
                self._chassis_slots.discard(rules.chassis_slot(device))
            self._acpi_indexes.discard(device.integer("acpi-index", 0))
