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
_PATIENCE: Final = 4096
"""How many bridges are programmed before the numbering counts as endless; 256 buses take some hundred."""


def number_buses(topology: PciTopology) -> BusRegisters:
    """Return the registers as SeaBIOS leaves them.

    Raises:
        UnmodelledError: the numbers run out, or go back again and again; SeaBIOS then never comes to an end.
    """
    numbering = _Numbering(topology)
    last = numbering.number_behind(0, 0, 0)
    if any(bus.is_root for bus in topology.tree.children(topology.tree.root)):
        numbering.number_expanders(last)
    return numbering.registers


class _Numbering:
    """Numbers buses, and gives up where SeaBIOS would go on for ever."""

    def __init__(self, topology: PciTopology) -> None:
        self.registers = BusRegisters(topology.tree)
        self.programmed = 0

    def number_expanders(self, last: int) -> None:
        """Number the buses of whatever answers to the numbers behind the last one used."""
        met = set()
        while last < LAST_BUS:
            state = last, self.registers.state()
            if state in met:
                raise _endless()
            met.add(state)
            last = self.number_behind(last + 1, last + 1, 0)

    def number_behind(self, number: int, last: int, depth: int) -> int:
        """Number the buses behind one bus, ``depth`` bridges away from a root; return the last number used."""
        registers = self.registers
        for device in registers.scan(number):
            if device.kind.is_bridge:
                registers.program(device, secondary=LAST_BUS, subordinate=0)
        for device in registers.scan(number):
            if device.kind.is_bridge:
                last += 1
                self.programmed += 1
                if last > LAST_BUS or self.programmed > _PATIENCE or depth > _DEEPEST:
                    raise _endless()
                registers.program(device, secondary=last, subordinate=LAST_BUS)
                last = _with_reserve(device, last, self.number_behind(last, last, depth + 1))
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
    return UnmodelledError("SeaBIOS has no end of numbering these PCI buses, and starts no guest")
