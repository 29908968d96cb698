"""How edk2 (AAVMF, OVMF) numbers buses.

Every root bus has the numbers from its own up to the next root bus's; an expander without devices is not noticed. Below
each, depth first by devfn. Where hot-plug is possible behind a bridge, its ``bus-reserve`` is the least it gets. When
the numbers of a root bus run out, the bridges that come later keep 0 on Arm, and on x86 edk2 starts no guest. A device
with ARI and SR-IOV below a port ends the numbering likewise if another function follows on the same bus.

Source: edk2 2025.02 behaviour (the registers after it ran; 2022.11 alike).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import UnmodelledError
from sandbox.machine.pci.behind import has_shpc
from sandbox.machine.pci.registers import LAST_BUS, BusRegisters

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.topology import PciTopology

_SLOTS: Final = range(0, 256, 8)
_NO_RESERVE: Final = frozenset({0xFF, 0xFFFF_FFFF})


class _NumberingEndsError(Exception):
    """edk2 gives up on a root bus, and goes on with the next."""


def number_buses(topology: PciTopology) -> BusRegisters:
    """Return the registers as edk2 leaves them.

    Raises:
        UnmodelledError: the numbers run out where edk2 cannot go on then.
    """
    registers = BusRegisters(topology.tree)
    is_arm = topology.machine == "virt"
    roots = [0, *_expander_numbers(topology, registers)]
    for first, next_root in zip(roots, [*roots[1:], topology.bus_count], strict=True):
        try:
            _number_behind(registers, first, first, next_root - 1, is_arm=is_arm)
        except _NumberingEndsError:
            if not is_arm:
                raise UnmodelledError("edk2 cannot number these PCI buses, and starts no guest") from None
    return registers


def _expander_numbers(topology: PciTopology, registers: BusRegisters) -> list[int]:
    expanders = [bus for bus in topology.tree.children(topology.tree.root) if bus.is_root]
    numbers = {bus.fixed_number or 0 for bus in expanders} - {0}
    return [
        number
        for number in sorted(numbers)
        if number < topology.bus_count and any(registers.device_at(number, devfn) for devfn in _SLOTS)
    ]


def _number_behind(registers: BusRegisters, number: int, last: int, limit: int, *, is_arm: bool) -> int:
    """Number the buses behind one bus; return the last number used."""
    ends_at_next = False
    for device in registers.scan(number):
        if ends_at_next:
            raise _NumberingEndsError
        ends_at_next = device.typename == "igb" and device.bus.is_link
        if device.kind.is_bridge:
            secondary = last + 1
            if secondary > LAST_BUS:
                raise UnmodelledError("the PCI buses need more than 256 numbers")
            if secondary > limit:
                raise _NumberingEndsError
            registers.program(device, secondary=secondary, subordinate=limit)
            last = _number_behind(registers, secondary, secondary, limit, is_arm=is_arm)
            padded = secondary + _reserve(device, is_arm=is_arm) & LAST_BUS
            if padded > limit:
                raise _NumberingEndsError
            last = max(last, padded)
            registers.program(device, subordinate=last)
    return last


def _reserve(bridge: PciDevice, *, is_arm: bool) -> int:
    """Return how many numbers a bridge has set aside for hot-plug: modulo 256, and 255 stands for none.

    On x86, that of a port below a conventional bridge is not seen.
    """
    given = bridge.integer("bus-reserve", 0)
    if given in _NO_RESERVE:
        return 0
    if bridge.kind.is_a("pcie-slot"):
        can_hotplug = bridge.typename == "pcie-root-port" and bridge.switch("hotplug", default=True)
        if not can_hotplug or not (is_arm or _is_express_throughout(bridge.bus)):
            return 0
    elif not has_shpc(bridge):
        return 0
    return given & LAST_BUS


def _is_express_throughout(bus: PciBus) -> bool:
    """Whether a bus and all above it are PCI Express."""
    above: PciBus | None = bus
    while above is not None and above.is_express:
        above = above.parent.bus if above.parent is not None else None
    return above is None
