"""Slots and functions: where a device may go on a bus, and where it goes by itself.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.pci.address import AUTOMATIC, DEVFNS, FUNCTIONS, SLOTS, function_of, make_devfn, slot_of

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciBus, PciDevice
    from sandbox.machine.pci.catalog import DeviceType
    from sandbox.machine.pci.tree import BusTree

IGB_FUNCTIONS: Final = (0x80, 2, 8)
"""Offset from the device, stride and number of igb's virtual functions."""

NVME_FUNCTIONS: Final = (1, 1)
"""Offset and stride of nvme's virtual functions; ``sriov_max_vfs`` says how many."""


def choose_devfn(tree: BusTree, bus: PciBus, kind: DeviceType, requested: int) -> int:
    """Return the place of a device: the one asked for, or function 0 of the first slot whose function 0 is free.

    Raises:
        QemuError: the place is taken, or no slot is left, or the bus takes bridges only.
    """
    if bus.is_expander and not kind.is_bridge and bus.parent is not None:
        raise QemuError(f"PCI: Only PCI/PCIe bridges can be plugged into {bus.parent.typename}")
    if requested == AUTOMATIC:
        for devfn in range(0, DEVFNS, FUNCTIONS):
            if tree.at(bus, devfn) is None:
                return devfn
        raise QemuError(f"PCI: no slot/function available for {kind.typename}, all in use or reserved")
    check_free(tree, bus, kind.typename, requested)
    return requested


def check_free(tree: BusTree, bus: PciBus, typename: str, devfn: int) -> None:
    """Check that a place is free.

    Raises:
        QemuError: it is not.
    """
    other = tree.at(bus, devfn)
    if other is not None:
        owner = "(null)" if other.id is None else other.id
        raise QemuError(
            f"PCI: slot {slot_of(devfn)} function {function_of(devfn)} not available for {typename},"
            f" in use by {other.typename},id={owner}"
        )


def check_not_exposed(tree: BusTree, bus: PciBus, typename: str, requested: int) -> None:
    """Check that a device that comes into a running machine is not too late for its slot.

    Guests look for further functions when function 0 appears. Below a port the whole bus is one slot. QEMU looks at the
    place that was asked for: for an automatic one, -1, that is the last slot, wherever the device goes.

    Raises:
        QemuError: function 0 is there already.
    """
    slot = SLOTS - 1 if requested == AUTOMATIC else slot_of(requested)
    first = tree.at(bus, 0 if bus.is_link else make_devfn(slot, 0))
    if first is not None:
        raise QemuError(
            f"PCI: slot {slot_of(first.devfn)} function 0 already occupied by {first.typename},"
            f" new func {typename} cannot be exposed to guest."
        )


def check_functions(tree: BusTree, device: PciDevice) -> None:
    """Check a device against the other functions of its slot.

    Raises:
        QemuError: function 0 allows no others, or does not and others are there.
    """
    slot, function = slot_of(device.devfn), function_of(device.devfn)
    if function:
        first = tree.at(device.bus, make_devfn(slot, 0))
        if first is not None and not first.is_multifunction:
            raise QemuError(f"PCI: single function device can't be populated in function {slot:x}.{function:x}")
    elif not device.announces_functions:
        for other in tree.in_slot(device.bus, slot):
            raise QemuError(
                f"PCI: {slot:x}.0 indicates single function, but {slot:x}.{function_of(other.devfn):x}"
                " is already populated."
            )


def virtual_functions(device: PciDevice) -> tuple[int, ...]:
    """Return the devfns that a device's SR-IOV virtual functions take: all of them, from the start.

    Raises:
        QemuError: they do not fit on the bus.
    """
    if device.typename == "igb":
        offset, stride, count = IGB_FUNCTIONS
    elif device.typename == "nvme":
        (offset, stride), count = NVME_FUNCTIONS, device.integer("sriov_max_vfs", 0)
    else:
        return ()
    first = device.devfn + offset
    places = tuple(range(first, first + stride * count, stride))
    if places and places[-1] >= DEVFNS:
        raise QemuError("VF addr overflows")
    return places
