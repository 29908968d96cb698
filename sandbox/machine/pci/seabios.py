"""How SeaBIOS numbers buses, on pc and q35.

Depth first by devfn, each bridge taking the next number; expanders' root buses afterwards, by looking at every number
behind the last one used. A bridge's ``bus-reserve`` sets numbers aside; if more buses are behind it than that, SeaBIOS
takes the reserve itself for the last number used, and numbers repeat.

Source: SeaBIOS 1.16.3 behaviour (its debug output, and the registers after it ran).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import UnmodelledError
from sandbox.machine.pci.registers import LAST_BUS, BusRegisters

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.pci.topology import PciTopology

_RESERVING: Final = frozenset({"pcie-root-port", "pci-bridge"})
"""The bridges whose reserve SeaBIOS knows, by their vendor and device numbers."""

_NO_RESERVE: Final = 0xFFFF_FFFF
_DEEPEST: Final = 256


def number_buses(topology: PciTopology) -> BusRegisters:
    """Return the registers as SeaBIOS leaves them.

    Raises:
        UnmodelledError: the numbers run out; SeaBIOS then never comes to an end.
    """
    tree = topology.tree
    registers = BusRegisters(tree)
    last = _number_behind(registers, 0, 0, 0)
    if any(bus.is_root for bus in tree.children(tree.root)):
        while last < LAST_BUS:
            last = _number_behind(registers, last + 1, last + 1, 0)
    return registers


def _number_behind(registers: BusRegisters, number: int, last: int, depth: int) -> int:
    """Number the buses behind one bus; return the last number used."""
    if depth > _DEEPEST:
        raise _endless()
    for device in registers.scan(number):
        if device.kind.is_bridge:
            registers.program(device, secondary=LAST_BUS, subordinate=0)
    for device in registers.scan(number):
        if device.kind.is_bridge:
            last += 1
            if last > LAST_BUS:
                raise _endless()
            registers.program(device, secondary=last, subordinate=LAST_BUS)
            last = _with_reserve(device, last, _number_behind(registers, last, last, depth + 1))
            registers.program(device, subordinate=last)
    return last


def _with_reserve(bridge: PciDevice, secondary: int, last: int) -> int:
    given = bridge.integer("bus-reserve", _NO_RESERVE)
    if bridge.typename not in _RESERVING or given == _NO_RESERVE:
        return last
    reserve = given & LAST_BUS
    if reserve + secondary > LAST_BUS:
        reserve = 0
    return secondary + reserve if secondary + reserve > last else reserve


def _endless() -> UnmodelledError:
    return UnmodelledError(
        "the PCI buses need more than 256 numbers; SeaBIOS numbers on without end and starts no guest"
    )
