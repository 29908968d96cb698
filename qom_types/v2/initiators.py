"""``acpi-generic-initiator`` and ``nvidia-acpi-generic-initiator`` as the second version of the series has them.

Nothing here ever fails loudly: a node that QEMU has no room for is ignored by the setter, and an object whose device is
missing or of another type adds nothing.

Source: recorded from a QEMU that carried the series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.contract import MAX_NODES, SratContributor
from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qom_types.contract import NumaHost
    from sandbox.acpi.srat import SratEntry
    from sandbox.qom.objects import QomObject
    from sandbox.qom.tree import ObjectTree

DEVICE_TYPE: Final = "vfio-pci-nohotplug"
"""The only type of device that these objects accept."""


class GenericInitiator(SratContributor):
    """One node that belongs to a device.

    Attributes:
        device: the QOM path or id of the device, or None.
        start: the node; None as long as no valid one was set.
        count: how many nodes from ``start`` on.
    """

    __slots__ = ("count", "device", "start")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.device: str | None = None
        self.start: int | None = None
        self.count = 1

    def found_device(self) -> QomObject | None:
        """Return the device; None where there is none of that name and type, or several."""
        return None if self.device is None else self.tree.resolve_quietly(self.device, DEVICE_TYPE)

    def srat_entries(self, host: NumaHost) -> Iterator[SratEntry]:  # noqa: ARG002 - any node will do
        """Give one structure for each node, ascending, with bus and devfn as that QEMU wrote them.

        The handle holds devfn alone, as a little-endian 16-bit number, which a reader of the specification takes for
        the bus; the real bus is not there.
        """
        device = self.found_device()
        if device is None or self.start is None:
            return
        handle = PciDeviceHandle(segment=0, bus=int(device.read("addr")), devfn=0)
        for pxm in range(self.start, self.start + self.count):
            yield GenericInitiatorAffinity(pxm & 0xFFFFFFFF, handle)


def _set_device(obj: GenericInitiator, value: str) -> None:
    obj.device = value


def _set_start(obj: GenericInitiator, value: int) -> None:
    if value < MAX_NODES:
        obj.start = value


def _set_count(obj: GenericInitiator, value: int) -> None:
    obj.count = value


INITIATORS: Final = (
    TypeInfo(
        "acpi-generic-initiator",
        interfaces=(USER_CREATABLE,),
        instance_class=GenericInitiator,
        properties=(
            Property("device", "string", "str", set=_set_device),
            Property("node", "uint32", "uint32", set=_set_start),
        ),
    ),
    TypeInfo(
        "nvidia-acpi-generic-initiator",
        "acpi-generic-initiator",
        interfaces=(USER_CREATABLE,),
        properties=(
            Property("numa-node-start", "uint32", "uint32", set=_set_start),
            Property("numa-node-count", "uint32", "uint32", set=_set_count),
        ),
    ),
)
