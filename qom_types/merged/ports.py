"""``acpi-generic-port``: a CXL host bridge that has a proximity domain of its own, since QEMU 9.2.

Source: QEMU 9.2 to 11.1 behaviour; the handle is an ACPI one (ACPI 6.5, 5.2.16.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from qom_types.contract import MAX_NODES, SratContributor
from sandbox.acpi.handles import AcpiDeviceHandle
from sandbox.acpi.srat import GenericPortAffinity
from sandbox.errors import MachineExit
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qom_types.contract import NumaHost
    from sandbox.acpi.srat import SratEntry
    from sandbox.qom.tree import ObjectTree

TYPENAME: Final = "acpi-generic-port"
HOST_BRIDGE_HID: Final = b"ACPI0016"
"""The hardware id of a CXL host bridge."""


class GenericPort(SratContributor):
    """A node that stands for the way through a CXL host bridge.

    Attributes:
        pci_bus: the QOM path or id of the host bridge's bus.
        node: the proximity domain.
    """

    __slots__ = ("node", "pci_bus")

    srat_pass: ClassVar[int] = 1

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.pci_bus = ""
        self.node = MAX_NODES

    def srat_entries(self, host: NumaHost) -> Iterator[SratEntry]:
        """Give the one structure of this object."""
        if self.node >= host.node_count:
            raise MachineExit(f"{TYPENAME}: node {self.node} is invalid.")
        bus = self.tree.resolve_quietly(self.pci_bus, "pxb-cxl-bus")
        if bus is None:
            raise MachineExit(f"{TYPENAME}: device must be a CXL host bridge.")
        yield GenericPortAffinity(self.node, AcpiDeviceHandle(HOST_BRIDGE_HID, int(bus.read("acpi_uid"))))


def _set_pci_bus(obj: GenericPort, value: str) -> None:
    obj.pci_bus = value


def _set_node(obj: GenericPort, value: int) -> None:
    if value >= MAX_NODES:
        raise MachineExit("acpi-generic-initiator: Invalid NUMA node specified")
    obj.node = value


GENERIC_PORT: Final = TypeInfo(
    TYPENAME,
    interfaces=(USER_CREATABLE,),
    instance_class=GenericPort,
    properties=(
        Property(
            "pci-bus",
            "string",
            "str",
            set=_set_pci_bus,
            description="PCI Bus of the host bridge associated with this GP affinity structure",
        ),
        Property(
            "node",
            "int",
            "uint32",
            set=_set_node,
            description="The NUMA node like ID to index HMAT/SLIT NUMA properties involving GP",
        ),
    ),
)
