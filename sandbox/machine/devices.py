"""The devices of a machine: those that it has by itself, then the user's, in QEMU's order.

PCI devices go to :mod:`sandbox.machine.pci`, memory devices to :mod:`sandbox.machine.memory_bay`; a device of another
kind moves no table and only takes its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.machine.builtin_options import builtin_options, drives
from sandbox.machine.device_objects import (
    BARE_VIRTIO_MEMORY,
    BASES,
    MEMORY_MODULES,
    SMMU,
    VIRTIO_MEMORY,
    PciDeviceObject,
    add_host,
    add_other_device,
    add_pci_bus,
    add_pci_device,
)
from sandbox.machine.pci.builtin import builtin_topology
from sandbox.machine.pci.bus import Hotplug, PciBus
from sandbox.machine.pci.catalog import DeviceType, find_type
from sandbox.machine.pci.defaults import startup_requests
from sandbox.machine.properties import FIRST_CXL_VIRT
from sandbox.qom.properties import Property

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import Given, MachineConfig
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.memory_bay import MemoryBay
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.pci.registers import BusRegisters
    from sandbox.machine.pci.topology import PciTopology
    from sandbox.machine.smmu import SmmuBay
    from sandbox.machine.virtio_memory_plug import VirtioMemoryPlug

IOMMUS: Final = frozenset({"intel-iommu", "amd-iommu"})
"""Devices that are not PCI; a machine has one at the most, and the latter brings a PCI device along."""


class DeviceBay:
    """Plugs devices into a board and shows them in its tree.

    Attributes:
        board: the board.
        config: what the command line asks for.
        tree: the board's tree.
        topology: PCI buses and devices.
        memory: the place for memory devices; None before the first.
        smmus: the place for SMMUs; None before the first.
        registers: what firmware has programmed into bridges; None before it has run.
        cpus: the ids that place each CPU of ``-device``, by its path.
    """

    def __init__(self, board: Board, config: MachineConfig) -> None:
        self.board = board
        self.config = config
        self.tree = board.tree
        for info in BASES:
            self.tree.registry.register(info)
        try:
            self.topology: PciTopology = builtin_topology(board.type.family, builtin_options(board, config))
        except QemuError as error:
            config.command_line.fail(error)
        self.topology.version = board.type.qemu
        self.memory: MemoryBay | None = None
        self.smmus: SmmuBay | None = None
        self.registers: BusRegisters | None = None
        self.cpus: dict[str, dict[str, int]] = {}
        self._has_hotplug_numbers = False
        self._shown: set[PciBus | PciDevice] = set()
        self.show_new()

    def plug_all(self) -> None:
        """Plug in the user's devices, in order.

        Raises:
            MachineExit: QEMU refuses one.
        """
        for given in self.config.devices:
            if not given.is_json:
                self.plug_or_fail(given)
        self.plug_drives()
        for given in self.config.devices:
            if given.is_json:
                self.plug_or_fail(given)
        self.check_host_bridges()
        for warning in self.topology.warnings:
            self.board.notices.append(f"{self.config.program}: warning: {warning}")

    def check_host_bridges(self) -> None:
        """End the machine if it has CXL host bridges but is no CXL machine."""
        kind = self.board.type
        can_be_cxl = kind.family == "q35" or (kind.family == "virt" and kind.qemu >= FIRST_CXL_VIRT)
        has_bridges = any(bus.typename == "pxb-cxl-bus" for bus in self.topology.buses)
        if can_be_cxl and has_bridges and not self.board.machine.options.get("cxl"):
            self.config.command_line.fail(QemuError("CXL host bridges present, but cxl=off"))

    def plug_or_fail(self, given: Given) -> None:
        """Plug in one device of the command line; the machine ends if QEMU refuses it."""
        try:
            self.plug(given)
        except QemuError as error:
            self.config.command_line.fail(error, given.option)

    def plug(self, given: Given) -> None:
        """Plug in one device.

        Raises:
            QemuError: QEMU refuses it.
        """
        options: dict[str, Any] = dict(given.values)
        driver, device_id = options.pop("driver"), options.pop("id", None)
        kind = find_type(driver, self.topology.target, self.topology.version)
        if isinstance(kind, DeviceType):
            steps = self.memory_steps(kind, device_id, f"{given.option.text}: ")
            self.topology.plug(driver, options, device_id, from_json=given.is_json, steps=steps)
            self.show_new()
            return
        if kind.typename in BARE_VIRTIO_MEMORY:
            from sandbox.machine.virtio_memory_plug import refuse_bare

            refuse_bare(kind.typename, options, self.board.type)
        if kind.typename in IOMMUS:
            path = self.topology.plug_iommu(kind.typename, device_id)
            self.show_new()
        else:
            path = self.topology.take_place(device_id)
        if kind.typename == SMMU:
            self.plug_smmu(given, options)
        if kind.typename in MEMORY_MODULES:
            self.memory_bay().plug(kind.typename, options, path, from_json=given.is_json)
        if kind.typename.endswith("-cpu"):
            self.cpus[path] = _cpu_ids(options)
        add_other_device(self.tree, kind.typename, path)

    def memory_bay(self) -> MemoryBay:
        """Return the place for memory devices."""
        if self.memory is None:
            from sandbox.machine.memory_bay import MemoryBay

            self.memory = MemoryBay(self.board, self.config)
        return self.memory

    def memory_steps(self, kind: DeviceType, device_id: str | None, where: str = "") -> VirtioMemoryPlug | None:
        """Return how a PCI device takes its part of the room for memory devices; None for one that takes none."""
        return self.memory_bay().virtio_plug(kind, device_id, where) if kind.is_a(VIRTIO_MEMORY) else None

    def plug_smmu(self, given: Given, options: Mapping[str, Any]) -> None:
        """Plug in an SMMU."""
        if self.smmus is None:
            from sandbox.machine.smmu import SmmuBay

            self.smmus = SmmuBay(self.board, self.config, self.topology)
        for warning in self.smmus.plug(options, from_json=given.is_json):
            self.board.notices.append(f"{self.config.program}: {given.option.text}: warning: {warning}")

    def plug_drives(self) -> None:
        """Plug in the devices that drives bring along; the machine ends if there is no place for one."""
        family = self.board.type.family
        try:
            for request in startup_requests(family, drives(family, self.config), ()):
                self.topology.plug(request.driver, request.options)
        except QemuError as error:
            self.config.command_line.fail(error)
        self.show_new()

    def show_new(self) -> None:
        """Put new buses and devices into the tree: a bus after its bridge, ahead of what is on it."""
        for host in self.topology.tree.hosts:
            if host.bus not in self._shown:
                add_host(self.tree, host.typename, host.bus)
        for bus in self.topology.buses:
            if bus not in self._shown:
                self._shown.add(bus)
                add_pci_bus(self.tree, bus)
            for device in self.topology.tree.devices_on(bus):
                if device not in self._shown:
                    self._shown.add(device)
                    add_pci_device(self.tree, device, self.topology.target)

    def number_hotplug_buses(self) -> None:
        """Give the buses of the chipset's hot-plug controller their numbers, as the machine's first reset does.

        Only QOM shows them, so that nobody needs them before.
        """
        if self._has_hotplug_numbers:
            return
        self._has_hotplug_numbers = True
        if self.topology.tree.root.hotplug is not Hotplug.ACPI:
            return
        number = 0
        pending = [self.topology.tree.root]
        while pending:
            bus = pending.pop()
            if self.topology.acpi_bridges:
                pending += self.topology.tree.children(bus)
            found = self.tree.resolve(bus.path)
            if bus.hotpluggable and found is not None:
                found.instance.insert("acpi-pcihp-bsel", _bus_selector(number))
                number += 1

    def forget(self, device: PciDevice) -> None:
        """Drop what is known of a device that has gone, and of the buses behind it."""
        self._shown = {
            known
            for known in self._shown
            if known is not device and not (isinstance(known, PciBus) and known.parent is device)
        }
        if self.memory is not None:
            self.memory.leave(device.path)

    def enumerate_buses(self) -> None:
        """Number the buses as the machine's firmware does; only those behind bridges get other numbers by that."""
        if all(bus.is_root for bus in self.topology.buses):
            return
        from sandbox.machine.pci.enumerate import USUAL_FIRMWARE, programmed_registers

        self.registers = programmed_registers(self.topology, USUAL_FIRMWARE[self.board.type.family])
        for found in self.tree.root.walk():
            if isinstance(found, PciDeviceObject) and found.device is not None:
                found.bus_number = self.registers.number(found.device.bus)

    def dimms(self) -> tuple[Dimm, ...]:
        """Return the memory modules in QEMU's walking order."""
        return () if self.memory is None else self.memory.in_walking_order(self.tree)


def _bus_selector(number: int) -> Property:
    """Return the property that tells a bus's number at the chipset's hot-plug controller."""
    return Property("acpi-pcihp-bsel", "uint32", "uint32", get=lambda _bus: number)


def _cpu_ids(options: Mapping[str, Any]) -> dict[str, int]:
    """Return the members that place a CPU."""
    return {name: int(value) for name, value in options.items() if name.endswith("-id") and str(value).isdecimal()}
