"""The bus number registers of bridges, as firmware finds and programs them.

Firmware reaches a device by bus number and devfn. Which bus answers to a number depends on what is programmed so far,
also when two buses have the same number.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.address import DEVFNS, FUNCTIONS, function_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.tree import BusTree

LAST_BUS: Final = 255


class BusRegisters:
    """Secondary and subordinate bus number of every bridge; 0 after a reset."""

    __slots__ = ("_answering", "_secondary", "_subordinate", "_tree")

    def __init__(self, tree: BusTree) -> None:
        self._tree = tree
        self._secondary: dict[PciBus, int] = {}
        self._subordinate: dict[PciBus, int] = {}
        self._answering: dict[int, PciBus | None] = {}

    def number(self, bus: PciBus) -> int:
        """Return the number of a bus: fixed for a root bus, else what its bridge is programmed with."""
        return self._secondary.get(bus, 0) if bus.fixed_number is None else bus.fixed_number

    def subordinate(self, bus: PciBus) -> int:
        """Return the last number behind a bus's bridge, as it is programmed; 0 before."""
        return self._subordinate.get(bus, 0)

    def program(self, bridge: PciDevice, *, secondary: int | None = None, subordinate: int | None = None) -> None:
        """Write the registers of a bridge, each as far as given."""
        self._answering.clear()
        bus = self._tree.secondary(bridge)
        if bus is not None:
            if secondary is not None:
                self._secondary[bus] = secondary
            if subordinate is not None:
                self._subordinate[bus] = subordinate

    def state(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return all that is programmed, to compare with what was programmed before."""
        return tuple(self._secondary.values()), tuple(self._subordinate.values())

    def bus_at(self, number: int) -> PciBus | None:
        """Return the bus that answers to a number; of several, one nearer to the root, or a newer one, comes first."""
        if number not in self._answering:
            self._answering[number] = self._search(number)
        return self._answering[number]

    def _search(self, number: int) -> PciBus | None:
        bus = self._tree.root
        if number == 0:
            return bus
        while True:
            for child in reversed(self._tree.children(bus)):
                if self.number(child) == number:
                    return child
                if self._leads_to(child, number):
                    bus = child
                    break
            else:
                return None

    def _leads_to(self, bus: PciBus, number: int) -> bool:
        """Whether a bus forwards accesses to a bus number that is not its own."""
        if not bus.is_root:
            return self._secondary.get(bus, 0) <= number <= self._subordinate.get(bus, 0)
        return any(self._leads_to(child, number) for child in self._tree.children(bus))

    def device_at(self, number: int, devfn: int) -> PciDevice | None:
        """Return the device that answers at a bus number and devfn, or None.

        Virtual functions answer only when a driver switches them on, and nothing answers in a slot without power.
        """
        bus = self.bus_at(number)
        device = None if bus is None else self._tree.at(bus, devfn)
        if bus is None or device is None or device.physical is not None:
            return None
        return None if bus.controls_power and self._tree.at(bus, 0) is None else device

    def scan(self, number: int) -> Iterator[PciDevice]:
        """Yield what answers on a bus number, by devfn; functions above 0 only where function 0 announces them.

        The registers may change between two steps.
        """
        devfn = 0
        while devfn < DEVFNS:
            device = self.device_at(number, devfn)
            if device is not None:
                yield device
                device = self.device_at(number, devfn)
                single = device is not None and not device.announces_functions
            else:
                single = True
            devfn += FUNCTIONS if function_of(devfn) == 0 and single else 1
