"""How edk2 (AAVMF, OVMF) numbers buses.

Every root bus has the numbers from its own up to the next root bus's; an expander without devices is not noticed. Below
each, depth first by devfn. Where hot-plug is possible behind a bridge, its ``bus-reserve`` is the least it gets. When
the numbers of a root bus run out, the bridges that come later keep 0.

Source: edk2 2025.02 behaviour (the registers after it ran; 2022.11 alike).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import UnmodelledError
from sandbox.machine.pci.behind import has_shpc
from sandbox.machine.pci.registers import LAST_BUS, BusRegisters

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.pci.topology import PciTopology

_SLOTS: Final = range(0, 256, 8)
_NO_RESERVE: Final = frozenset({0xFF, 0xFFFF_FFFF})


class _NumbersExhaustedError(Exception):
    """A root bus has no number left."""


def number_buses(topology: PciTopology) -> BusRegisters:
    """Return the registers as edk2 leaves them.

    Raises:
        UnmodelledError: one root bus needs more than 256 numbers.
    """
    registers = BusRegisters(topology.tree)
    roots = [0, *_expander_numbers(topology, registers)]
    for first, next_root in zip(roots, [*roots[1:], topology.bus_count], strict=True):
        try:
            _number_behind(registers, first, first, next_root - 1)
        except _NumbersExhaustedError:
            continue
    return registers


def _expander_numbers(topology: PciTopology, registers: BusRegisters) -> list[int]:
    expanders = [bus for bus in topology.tree.children(topology.tree.root) if bus.is_root]
    numbers = {bus.fixed_number or 0 for bus in expanders} - {0}
    return [
        number
        for number in sorted(numbers)
        if number < topology.bus_count and any(registers.device_at(number, devfn) for devfn in _SLOTS)
    ]


def _number_behind(registers: BusRegisters, number: int, last: int, limit: int) -> int:
    """Number the buses behind one bus; return the last number used."""
    for device in registers.scan(number):
        if device.kind.is_bridge:
            secondary = last + 1
            if secondary > LAST_BUS:
                raise UnmodelledError("the PCI buses need more than 256 numbers")
            if secondary > limit:
                raise _NumbersExhaustedError
            registers.program(device, secondary=secondary, subordinate=limit)
            last = _number_behind(registers, secondary, secondary, limit)
            padded = secondary + _reserve(device) & LAST_BUS
            if padded > limit:
                raise _NumbersExhaustedError
            last = max(last, padded)
            registers.program(device, subordinate=last)
    return last


def _reserve(bridge: PciDevice) -> int:
    """Return how many numbers a bridge has set aside for hot-plug: modulo 256, and 255 stands for none."""
    kind = bridge.kind
    if kind.is_a("pcie-slot"):
        can_hotplug = kind.typename == "pcie-root-port" and bridge.switch("hotplug", default=True)
    else:
        can_hotplug = has_shpc(bridge)
    given = bridge.integer("bus-reserve", 0)
    return given & LAST_BUS if can_hotplug and given not in _NO_RESERVE else 0
