"""``acpi-generic-initiator`` as QEMU has it since 9.0.

Bad values end the machine: a node that QEMU has no room for in the setter, everything else when the table is built.

Source: QEMU 9.0 to 11.1 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from qom_types.contract import MAX_NODES, SratContributor, host_of
from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity
from sandbox.errors import MachineExit
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qom_types.contract import NumaHost
    from sandbox.acpi.srat import SratEntry
    from sandbox.qom.tree import ObjectTree

TYPENAME: Final = "acpi-generic-initiator"


class GenericInitiator(SratContributor):
    """A node that belongs to a PCI device.

    Attributes:
        pci_dev: the QOM path or id of the device.
        node: the proximity domain.
    """

    __slots__ = ("node", "pci_dev")

    swaps_bus_and_devfn: ClassVar[bool] = False

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.pci_dev = ""
        self.node = MAX_NODES

    def srat_entries(self, host: NumaHost) -> Iterator[SratEntry]:
        """Give the one structure of this object; the segment is always 0."""
        if self.node >= host.node_count:
            raise MachineExit(f"{TYPENAME}: Specified node {self.node} is invalid.")
        device = self.tree.resolve_quietly(self.pci_dev, "pci-device")
        if device is None:
            raise MachineExit(f"{TYPENAME}: Specified device must be a PCI device.")
        bus, devfn = int(device.read("busnr")), int(device.read("addr"))
        if self.swaps_bus_and_devfn:
            bus, devfn = devfn, bus
        yield GenericInitiatorAffinity(self.node, PciDeviceHandle(0, bus, devfn))


class SwappedGenericInitiator(GenericInitiator):
    """The same as QEMU 9.0.0 to 9.0.3 wrote it: bus and devfn in each other's place."""

    __slots__ = ()

    swaps_bus_and_devfn: ClassVar[bool] = True


def _set_pci_dev(obj: GenericInitiator, value: str) -> None:
    obj.pci_dev = value


def _set_node(obj: GenericInitiator, value: int) -> None:
    if value >= MAX_NODES:
        raise MachineExit(f"{TYPENAME}: Invalid NUMA node specified")
    obj.node = value
    host_of(obj).mark_initiator(value)


def generic_initiator(*, swaps_bus_and_devfn: bool) -> TypeInfo:
    """Return the type, with the byte order of the device handle that a version of QEMU has."""
    return TypeInfo(
        TYPENAME,
        interfaces=(USER_CREATABLE,),
        instance_class=SwappedGenericInitiator if swaps_bus_and_devfn else GenericInitiator,
        properties=(
            Property("pci-dev", "string", "str", set=_set_pci_dev, description="PCI device to associate with the node"),
            Property("node", "int", "uint32", set=_set_node, description="NUMA node associated with the PCI device"),
        ),
    )
