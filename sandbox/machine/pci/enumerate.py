"""Bus numbers before and after firmware has run.

The bus byte of a device's handle is its bus's number. Behind a bridge that is what firmware wrote into the bridge, and
0 before.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from sandbox.machine.pci.registers import BusRegisters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.pci.bus import PciBus
    from sandbox.machine.pci.topology import PciTopology

Firmware = Literal["seabios", "edk2"]

USUAL_FIRMWARE: Final[Mapping[str, Firmware]] = {"pc": "seabios", "q35": "seabios", "virt": "edk2"}
"""The firmware that a machine's guests usually have."""


def enumerate_buses(topology: PciTopology, firmware: Firmware | None = None) -> Mapping[PciBus, int]:
    """Return the number of every bus.

    Args:
        topology: the machine's buses.
        firmware: who has numbered them; None: nobody yet.

    Raises:
        UnmodelledError: there are more buses than the firmware can number.
    """
    registers = BusRegisters(topology.tree) if firmware is None else programmed_registers(topology, firmware)
    return MappingProxyType({bus: registers.number(bus) for bus in topology.buses})


def programmed_registers(topology: PciTopology, firmware: Firmware) -> BusRegisters:
    """Return the bus number registers of all bridges as a firmware leaves them.

    Raises:
        UnmodelledError: there are more buses than the firmware can number.
    """
    if firmware == "seabios":
        from sandbox.machine.pci.seabios import number_buses
    else:
        from sandbox.machine.pci.edk2 import number_buses
    return number_buses(topology)
