"""Devices that come and go after the machine has started.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.machine.device_objects import (
    MEMORY_MODULES,
    SMMU,
    PciBusObject,
    PciDeviceObject,
    add_other_device,
    remove_device,
)
from sandbox.machine.pci.catalog import DeviceType, find_type
from sandbox.machine.pci.search import SYSTEM_BUS, find_bus
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.devices import DeviceBay
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.qom.objects import QomObject

HOST_BRIDGES: Final = frozenset({"q35-pcihost", "i440FX-pcihost", "gpex-pcihost", "pxb-host", "pxb-cxl-host"})
"""Devices on the system bus, from which nothing can be taken."""

WITH_INNER_DEVICE: Final = {"virtio-pci": "virtio-backend"}
"""PCI types that consist of two devices, and the name of the inner one, which goes first."""

FIRST_RESET_CONTAINER: Final = (9, 0)
"""The first QEMU that goes through a list at a reset from which no device may strike itself off meanwhile."""

RESET_FAILURE: Final = (
    "hw/core/resetcontainer.c:56: resettable_container_child_foreach: Assertion `len == rc->children->len' failed."
)
ABORTED: Final = -6


@record
class Departure:
    """A device that has gone: its id, None where it had none, and the path that it had."""

    id: str | None
    path: str


class Hotplug:
    """Plugs and unplugs the devices of a running machine; made when the first one comes or goes."""

    def __init__(self, bay: DeviceBay) -> None:
        self._bay = bay
        self._topology = bay.topology
        self._topology.start()
        bay.number_hotplug_buses()

    def add(self, arguments: Mapping[str, Any], *, from_json: bool) -> bool:
        """Make a device and plug it in; return whether a memory module came.

        Args:
            arguments: what ``device_add`` was given.
            from_json: whether values have their JSON types; else all are text.

        Raises:
            QemuError: QEMU refuses it.
            UnmodelledError: QEMU may take it, and the sandbox does not model it.
        """
        given = dict(arguments)
        driver, device_id = _text(given.pop("driver", None)), _text(given.pop("id", None))
        bus = given.pop("bus", None)
        if driver is None:
            raise QemuError("Parameter 'driver' is missing")
        kind = find_type(driver, self._topology.target, self._topology.version)
        if isinstance(kind, DeviceType):
            options = given if _text(bus) is None else {**given, "bus": bus}
            steps = self._bay.memory_steps(kind, device_id)
            try:
                self._topology.plug(driver, options, device_id, from_json=from_json, hotplug=True, steps=steps)
            except QemuError:
                self._skip_child()
                raise
            self._bay.show_new()
            return False
        if kind.typename == SMMU:
            raise QemuError(f"Device '{SMMU}' does not support hotplugging")
        if kind.typename not in MEMORY_MODULES:
            raise UnmodelledError(f"device_add {kind.typename}: only PCI devices and memory modules can come")
        if isinstance(bus, str):
            typename = find_bus(self._topology.tree, bus, kind.typename).typename
            raise QemuError(f"Device '{kind.typename}' can't go on {typename} bus")
        path = self._topology.take_place(device_id)
        try:
            self._bay.memory_bay().plug(kind.typename, given, path, from_json=from_json, hotplugged=True)
        except BaseException:
            if device_id is not None:
                self._topology.leave_place(device_id)
            raise
        add_other_device(self._bay.tree, kind.typename, path)
        return True

    def _skip_child(self) -> None:
        """Use up the number of the link from the bus that a refused device got as far as."""
        tried = self._topology.last_tried
        bus = None if tried is None else self._bay.tree.resolve(tried.path)
        if isinstance(bus, PciBusObject):
            bus.next_child += 1

    def request_removal(self, found: QomObject, *, running: bool) -> tuple[Departure, ...]:
        """Ask for a device to go; return what is gone at once.

        Args:
            found: the device.
            running: whether the guest's clock runs.

        Raises:
            QemuError: QEMU refuses.
            UnmodelledError: QEMU may do it, and the sandbox does not model it.
        """
        if found.info.name in MEMORY_MODULES:
            return ()
        device = found.device if isinstance(found, PciDeviceObject) else None
        if found.info.name in HOST_BRIDGES:
            raise QemuError(f"Bus '{SYSTEM_BUS.name}' does not support hotplugging")
        if device is None:
            raise UnmodelledError(f"device_del {found.name}: the removal of a {found.info.name} is not modelled")
        if not device.bus.hotpluggable:
            raise QemuError(f"Bus '{device.bus.name}' does not support hotplugging")
        memory = self._bay.memory
        is_memory = memory is not None and device.path in memory.virtio()
        permit = partial(memory.check_removal, device.path) if memory is not None and is_memory else None
        return self._gone(self._topology.request_removal(device, running=running, permit=permit))

    def reset(self) -> tuple[Departure, ...]:
        """Reset the machine; return what has gone with it.

        Raises:
            MachineExit: QEMU aborts, as it does where a virtio-mem device would go.
        """
        board, memory = self._bay.board, self._bay.memory
        held = {} if memory is None else memory.virtio()
        aborts = held and board.type.qemu >= FIRST_RESET_CONTAINER
        if aborts and any(device.path in held for device in self._topology.departures.at_reset()):
            raise MachineExit(f"{self._bay.config.program}: {RESET_FAILURE}", status=ABORTED)
        return self._gone(self._topology.reset())

    def _gone(self, devices: Iterable[PciDevice]) -> tuple[Departure, ...]:
        """Take devices out of the composition tree."""
        departures: list[Departure] = []
        for device in devices:
            remove_device(self._bay.tree, device.path, device.bus.path)
            self._bay.forget(device)
            for typename, inner in WITH_INNER_DEVICE.items():
                if device.kind.is_a(typename):
                    departures.append(Departure(None, f"{device.path}/{inner}"))
            departures.append(Departure(device.id, device.path))
        return tuple(departures)


def _text(value: object) -> str | None:
    """Return a value that is text; QEMU takes one of another type for absent here."""
    return value if isinstance(value, str) else None
