"""What a device does beside taking its place on a bus, for types that take more of the machine than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.pci.bus import PciDevice


class PlugSteps(Protocol):
    """The steps of one device, in the order in which they are taken; each but the last may refuse the device."""

    def accept(self, name: str, value: object) -> None:
        """Look at the value of a property as it is set.

        Raises:
            QemuError: the property does not take it.
        """

    def prepare(self, properties: Mapping[str, object]) -> None:
        """Look at the whole device, before it has a place on its bus.

        Raises:
            QemuError: the machine does not take it.
        """

    def check(self) -> None:
        """Look at the device again, when it has its place.

        Raises:
            QemuError: it cannot come to life.
        """

    def settle(self, device: PciDevice) -> None:
        """Take what the device needs: it is there."""
