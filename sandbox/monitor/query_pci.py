"""``query-pci``: PCI buses with their devices, as QEMU has them before firmware gives out addresses.

With ``enumerated`` buses the numbers of buses are firmware's, and devices behind bridges are told of; but the addresses
of BARs and the windows of bridges, which firmware chooses too, stay as they are before it runs.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.machine.pci.address import function_of, slot_of
from sandbox.machine.pci.registers import BusRegisters
from sandbox.monitor.pci_headers import class_description, header_of
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.monitor.monitor import Monitor
    from sandbox.monitor.pci_headers import Header, Region

UNMAPPED: Final = -1
WINDOWS: Final = ("io_range", "memory_range", "prefetchable_range")


def query_pci(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-pci``: the newest root bus first, devices by slot and function."""
    return pci_buses(monitor.machine)


def pci_buses(machine: Machine) -> list[dict[str, Any]]:
    """Return what query-pci answers."""
    told = _Told(machine)
    hosts = reversed(machine.bay.topology.tree.hosts)
    return [{"bus": told.number(host.bus), "devices": told.devices(host.bus)} for host in hosts]


class _Told:
    """Tells of buses and devices."""

    def __init__(self, machine: Machine) -> None:
        self.tree = machine.bay.topology.tree
        self.has_msi = machine.bay.topology.has_msi
        self.version = machine.board.type.version
        self.is_programmed = machine.bay.registers is not None
        self.registers = machine.bay.registers or BusRegisters(self.tree)

    def number(self, bus: PciBus) -> int:
        return self.registers.number(bus)

    def devices(self, bus: PciBus) -> list[dict[str, Any]]:
        devices = sorted(self.tree.devices_on(bus), key=lambda device: device.devfn)
        return [self.device(device) for device in devices]

    def device(self, device: PciDevice) -> dict[str, Any]:
        header = header_of(device, self.version, has_msi=self.has_msi)
        bridge = {"pci_bridge": self.bridge(device, header)} if header.windows else {}
        return on_wire(
            {
                "bus": self.number(device.bus),
                "slot": slot_of(device.devfn),
                "function": function_of(device.devfn),
                "class_info": _class_info(header.class_),
                "id": _ids(header),
                **({"irq": 0} if header.pin else {}),
                "irq_pin": header.pin,
                "qdev_id": device.id or "",
                **bridge,
                "regions": [_region(region) for region in header.regions],
            }
        )

    def bridge(self, device: PciDevice, header: Header) -> dict[str, Any]:
        behind = self.tree.secondary(device)
        secondary = 0 if behind is None else self.number(behind)
        ranges = {
            name: on_wire({"base": base, "limit": limit})
            for name, (base, limit) in zip(WINDOWS, header.windows, strict=True)
        }
        told: dict[str, Any] = {
            "bus": on_wire(
                {
                    "number": self.number(device.bus) if self.is_programmed else 0,
                    "secondary": secondary,
                    "subordinate": 0 if behind is None else self.registers.subordinate(behind),
                    **ranges,
                }
            )
        }
        if secondary:
            found = self.registers.bus_at(secondary)
            if found is not None:
                told["devices"] = self.devices(found)
        return on_wire(told)


def _class_info(number: int) -> dict[str, Any]:
    words = class_description(number)
    return on_wire({**({} if words is None else {"desc": words}), "class": number})


def _ids(header: Header) -> dict[str, int]:
    subsystem = {}
    if header.subsystem is not None:
        subsystem = {"subsystem": header.subsystem[1], "subsystem-vendor": header.subsystem[0]}
    return on_wire({"device": header.device, "vendor": header.vendor, **subsystem})


def _region(region: Region) -> dict[str, Any]:
    if region.kind == "io":
        return on_wire({"bar": region.bar, "type": "io", "address": UNMAPPED, "size": region.size})
    return on_wire(
        {
            "bar": region.bar,
            "type": "memory",
            "address": UNMAPPED,
            "size": region.size,
            "prefetch": region.kind.startswith("pref"),
            "mem_type_64": region.kind.endswith("64"),
        }
    )


COMMANDS: Final = {"query-pci": query_pci}
