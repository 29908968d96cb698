"""PCI buses and devices as values: what they are called, where they sit, and what their buses allow.

Devices and buses know what is above them, never what is below: that changes, and :mod:`sandbox.machine.pci.tree`
keeps it.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.address import format_devfn
from sandbox.machine.pci.catalog import EXPRESS
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.pci.catalog import DeviceType

EXPRESS_BUSES: Final = frozenset({"PCIE", "CXL", "pxb-pcie-bus", "pxb-cxl-bus"})
EXPANDER_BUSES: Final = frozenset({"pxb-bus", "pxb-pcie-bus", "pxb-cxl-bus"})


class Hotplug(Enum):
    """Who handles devices that come and go on a bus."""

    NONE = "none"
    ACPI = "acpi"
    """The chipset's ACPI controller, for the root bus and the bridges that were there when the machine started."""
    NATIVE = "native"
    """The PCI Express port above the bus."""
    SHPC = "shpc"
    """The standard hot-plug controller of a conventional bridge; it knows no slot 0."""


@record(eq=False)
class PciBus:
    """A PCI bus. Two buses are equal only if they are the same one: names need not be unique.

    Attributes:
        name: its name for ``bus=``.
        typename: its QOM type: ``PCI``, ``PCIE``, ``CXL``, ``pxb-bus``, ``pxb-pcie-bus``, ``pxb-cxl-bus``.
        path: its QOM path.
        parent: the bridge or expander that makes it; None for the machine's own root bus.
        hotplug: who handles hot-plug on it.
        hotpluggable: whether devices can come and go.
        fixed_number: its bus number if firmware does not program it: 0 for the machine's root bus, ``bus_nr`` of an
            expander; None for a bus behind a bridge, whose number is 0 until firmware sets it.
    """

    name: str
    typename: str
    path: str
    parent: PciDevice | None = field(default=None, repr=False)
    hotplug: Hotplug = Hotplug.NONE
    hotpluggable: bool = False
    fixed_number: int | None = None

    @property
    def is_root(self) -> bool:
        """Whether it is the far side of no bridge: the machine's root bus, or an expander's."""
        return self.fixed_number is not None

    @property
    def is_express(self) -> bool:
        """Whether it is a PCI Express (or CXL) bus."""
        return self.typename in EXPRESS_BUSES

    @property
    def is_expander(self) -> bool:
        """Whether it is the root bus of a pxb, pxb-pcie or pxb-cxl, which takes bridges only."""
        return self.typename in EXPANDER_BUSES

    @property
    def acpi_uid(self) -> int | None:
        """An expander bus's property ``acpi_uid``, which is its bus number; None for other buses."""
        return self.fixed_number if self.is_expander else None

    @property
    def is_link(self) -> bool:
        """Whether it is the link below a root or downstream port: one device, at slot 0."""
        return self.parent is not None and self.parent.kind.is_a("pcie-slot")

    @property
    def controls_power(self) -> bool:
        """Whether the port above gives no power to its slot while function 0 is empty, until the guest asks for it."""
        name = "power_controller_present"
        port = self.parent if self.is_link else None
        return port is not None and name in port.kind.properties and port.switch(name, default=True)


@record(eq=False)
class PciDevice:
    """A PCI device on its bus.

    Attributes:
        kind: its type.
        id: the user's id, or None.
        bus: the bus it is on.
        devfn: slot << 3 | function.
        path: its QOM path.
        properties: the values it was given, by property name; ``addr`` as a devfn.
        hotplugged: whether it came into a running machine.
        virtual_functions: the devfns that its SR-IOV virtual functions take on the same bus.
        physical: the device whose virtual function it is, or None.
    """

    kind: DeviceType
    id: str | None
    bus: PciBus
    devfn: int
    path: str
    properties: Mapping[str, object] = field(default_factory=dict, repr=False)
    hotplugged: bool = False
    virtual_functions: tuple[int, ...] = ()
    physical: PciDevice | None = field(default=None, repr=False)

    @property
    def typename(self) -> str:
        """The name of its type."""
        return self.kind.typename

    @property
    def address(self) -> str:
        """Slot and function as QEMU prints them: ``1f.2``."""
        return format_devfn(self.devfn)

    @property
    def is_multifunction(self) -> bool:
        """Whether it allows further functions in its slot: as given, and always with virtual functions."""
        return self.announces_functions or bool(self.virtual_functions)

    @property
    def announces_functions(self) -> bool:
        """Whether its configuration header tells firmware to look for further functions in its slot."""
        return self.properties.get("multifunction") is True

    @property
    def is_express(self) -> bool:
        """Whether it is a PCI Express device where it is; a hybrid is one below another port, not on a root bus."""
        if self.kind.is_express_only:
            return True
        return EXPRESS in self.kind.interfaces and self.bus.is_express and not self.bus.is_root

    def integer(self, name: str, default: int) -> int:
        """Return a property that was given as a number, or ``default``."""
        value = self.properties.get(name)
        return value if isinstance(value, int) else default

    def switch(self, name: str, *, default: bool) -> bool:
        """Return a property that was given as a switch, or ``default``."""
        value = self.properties.get(name)
        return value if isinstance(value, bool) else default
