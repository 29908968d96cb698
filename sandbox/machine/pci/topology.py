"""The PCI buses of a machine and what is plugged into them, with QEMU's rules and words.

    >>> from sandbox.machine.pci.builtin import builtin_topology
    >>> topology = builtin_topology("q35")
    >>> port = topology.plug("pcie-root-port", {"addr": "4"}, "rp1")
    >>> topology.plug("e1000e", {"bus": "rp1"}).path
    '/machine/peripheral-anon/device[0]'

:func:`sandbox.machine.pci.builtin.builtin_topology` makes one with the devices that a machine has by itself.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.pci.address import AUTOMATIC
from sandbox.machine.pci.catalog import RECORDED, DeviceType, Target, Version, find_type, pci_type
from sandbox.machine.pci.realize import Realizer
from sandbox.machine.pci.rules import check_single_iommu
from sandbox.machine.pci.search import find_bus
from sandbox.machine.pci.tree import BusTree, HostBridge
from sandbox.machine.pci.unplug import Departures, check_hotplug
from sandbox.machine.pci.values import read_properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.steps import PlugSteps

TARGETS: Final[Mapping[str, Target]] = {"pc": "x86_64", "q35": "x86_64", "virt": "aarch64"}
"""The machines that are known here, and the architecture of each one's QEMU."""


class PciTopology:
    """The PCI side of one machine.

    Attributes:
        machine: ``pc``, ``q35`` or ``virt``.
        target: the architecture of its QEMU.
        tree: buses and devices, to look at.
        bus_count: how many bus numbers the root bus has room for: 256, or fewer where its configuration space is
            smaller.
        version: the version of its QEMU, which decides on the types that users can plug.
        departures: which devices have been asked to go.
        last_tried: the bus that the last device to be plugged got as far as; None if it was refused before that.
    """

    def __init__(
        self,
        machine: str,
        root: PciBus,
        host_typename: str,
        *,
        acpi_bridges: bool = False,
        node_count: int = 0,
        bus_count: int = 256,
        has_msi: bool = True,
        has_iommu: bool = False,
    ) -> None:
        self.machine = machine
        self.target: Target = TARGETS[machine]
        self.tree = BusTree()
        self.tree.add_host(HostBridge(host_typename, root))
        self.bus_count = bus_count
        self._realizer = Realizer(
            self.tree, machine, self.target, acpi_bridges, node_count, has_msi=has_msi, has_iommu=has_iommu
        )
        self.version: Version = RECORDED
        self.last_tried: PciBus | None = None
        self._anonymous = 0
        self._ids: dict[str, PciDevice | None] = {}
        self.departures = Departures(self.tree)

    @property
    def devices(self) -> tuple[PciDevice, ...]:
        """All devices, bus after bus; on a bus, the first plugged first."""
        return tuple(self.tree.devices())

    @property
    def buses(self) -> tuple[PciBus, ...]:
        """All buses, depth first, an expander's after all that are behind the machine's own root bus."""
        return tuple(self.tree.buses())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What QEMU has warned of so far, each without ``PROGRAM: OPTION: warning:`` before it."""
        return tuple(self._realizer.warnings)

    @property
    def acpi_bridges(self) -> bool:
        """Whether the chipset's ACPI controller takes over the bridges that are there at the start."""
        return self._realizer.acpi_bridges

    @property
    def has_msi(self) -> bool:
        """Whether the interrupt controller takes message-signalled interrupts."""
        return self._realizer.has_msi

    @property
    def unattached(self) -> int:
        """How many devices ``/machine/unattached`` has, PCI or not."""
        return self._realizer.unattached

    def device(self, device_id: str) -> PciDevice | None:
        """Return the PCI device that a user gave an id, or None."""
        return self._ids.get(device_id)

    def take_place(self, device_id: str | None) -> str:
        """Give a user's device its place in the composition tree; return its QOM path.

        For devices that are not PCI; :meth:`plug` does it for those that are.

        Raises:
            QemuError: the id is in use.
        """
        if device_id is None:
            self._anonymous += 1
            return f"/machine/peripheral-anon/device[{self._anonymous - 1}]"
        if device_id in self._ids or device_id == "type":
            raise QemuError(f"Duplicate device ID '{device_id}'")
        self._ids[device_id] = None
        return f"/machine/peripheral/{device_id}"

    def leave_place(self, device_id: str) -> None:
        """Make an id available again after its device has gone."""
        self._ids.pop(device_id, None)

    def plug(
        self,
        typename: str,
        options: Mapping[str, object] | None = None,
        device_id: str | None = None,
        *,
        from_json: bool = False,
        hotplug: bool = False,
        steps: PlugSteps | None = None,
    ) -> PciDevice:
        """Plug a device as ``-device`` or device_add does.

        Args:
            typename: its type or alias.
            options: what else was given: ``bus`` and properties.
            device_id: the user's id.
            from_json: whether options have their JSON types; else all are text.
            hotplug: whether the machine runs already.
            steps: what the device does beside taking its place.

        Raises:
            QemuError: QEMU refuses; no bus, device or id is different then.
            MachineExit: QEMU aborts.
            UnmodelledError: the type is not a PCI device.
        """
        self.last_tried = None
        kind = find_type(typename, self.target, self.version)
        if not isinstance(kind, DeviceType):
            raise UnmodelledError(f"{typename} is not a PCI device")
        given = dict(options or {})
        bus_path = given.pop("bus", None)
        bus = find_bus(self.tree, bus_path if isinstance(bus_path, str) else None, kind.typename)
        if hotplug:
            check_hotplug(kind.typename, bus, hotpluggable=kind.hotpluggable)
        path = self.take_place(device_id)
        try:
            accept = None if steps is None else steps.accept
            properties = read_properties(kind, given, from_json=from_json, accept=accept)
            if properties.get("sriov-pf"):
                raise UnmodelledError(f"{typename} sriov-pf: virtual functions made by hand are not modelled")
            self.last_tried = bus
            device = self._realizer.realize(kind, bus, properties, device_id, path, hotplug=hotplug, steps=steps)
        except BaseException:
            if device_id is not None:
                self.leave_place(device_id)
            raise
        if device_id is not None:
            self._ids[device_id] = device
        if steps is not None:
            steps.settle(device)
        return device

    def plug_iommu(self, typename: str, device_id: str | None = None) -> str:
        """Plug ``intel-iommu`` or ``amd-iommu``, which are no PCI devices; return the QOM path.

        The latter brings a PCI device with it that takes a slot.

        Raises:
            QemuError: the machine has an IOMMU already, or the id is in use.
        """
        path = self.take_place(device_id)
        try:
            check_single_iommu(self.machine, has_iommu=self._realizer.has_iommu)
            if typename == "amd-iommu":
                self.place("AMDVI-PCI")
        except QemuError:
            self.leave_place(device_id or "")
            raise
        self._realizer.has_iommu = True
        return path

    def place(
        self, typename: str, devfn: int = AUTOMATIC, *, path: str = "", properties: Mapping[str, object] | None = None
    ) -> PciDevice:
        """Put a device of the machine's own on the root bus, whether or not users can create its type.

        Args:
            typename: its type.
            devfn: its place.
            path: its QOM path; by default the next one in ``/machine/unattached``.
            properties: values of its properties, as their QOM types have them.

        Raises:
            QemuError: the place is taken.
        """
        kind = pci_type(typename, self.target)
        values = {**(properties or {}), "addr": devfn}
        return self._realizer.realize(kind, self.tree.root, values, None, path or self.attach())

    def attach(self, count: int = 1) -> str:
        """Count devices into ``/machine/unattached``; return the QOM path of the first of them."""
        return self._realizer.attach(count)

    def claim_bus_name(self, typename: str) -> None:
        """Use up the first automatic name of a type of bus: the machine's own bus has it."""
        self._realizer.names.automatic(typename)

    def start(self) -> None:
        """Have the first reset, after which devices are hot-plugged."""
        self.departures.start()

    def request_unplug(self, device_id: str, *, running: bool = False) -> tuple[PciDevice, ...]:
        """Ask for a device to go, as device_del does; return the devices that are gone already.

        What is not gone waits for the guest (:meth:`remove`) or for a reset (:meth:`reset`).

        Args:
            device_id: its id.
            running: whether the guest's clock runs.

        Raises:
            QemuError: there is no such PCI device, or it cannot go, or was asked before.
        """
        device = self._ids.get(device_id)
        if device is None:
            raise QemuError(f"Device '{device_id}' not found", "DeviceNotFound")
        return self.request_removal(device, running=running)

    def request_removal(
        self, device: PciDevice, *, running: bool, permit: Callable[[], None] | None = None
    ) -> tuple[PciDevice, ...]:
        """Do the same for a device that need not have an id.

        Args:
            device: the device.
            running: whether the guest's clock runs.
            permit: asks whatever else the device belongs to, and may raise QemuError.

        Raises:
            QemuError: it cannot go, or was asked before.
        """
        return self._remove_all(self.departures.request(device, running=running, permit=permit))

    def remove(self, device_id: str) -> tuple[PciDevice, ...]:
        """Take a device away with all that is behind it, as when the guest lets it go; return what went.

        Raises:
            KeyError: there is no such PCI device.
        """
        device = self._ids[device_id]
        if device is None:
            raise KeyError(device_id)
        return self._remove_all((device,))

    def reset(self) -> tuple[PciDevice, ...]:
        """Reset the machine; return the devices that went because the chipset was asked for them."""
        gone = self._remove_all(self.departures.at_reset())
        self.departures.start()
        return gone

    def _remove_all(self, devices: tuple[PciDevice, ...]) -> tuple[PciDevice, ...]:
        gone = self.tree.remove_all(devices)
        for device in gone:
            if device.id is not None and self._ids.get(device.id) is device:
                self.leave_place(device.id)
        self._realizer.forget(gone)
        self.departures.forget(gone)
        return gone
