"""What the device that an object names is: devices come and go, so that this is asked again at each moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.v2.initiators import DEVICE_TYPE
from sandbox.errors import QemuError
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.records import replace

if TYPE_CHECKING:
    from sandbox.lint.setup import Use
    from sandbox.qom.tree import ObjectTree

BRIDGE_BUS: Final = "pxb-cxl-bus"
PCI_DEVICE: Final = "pci-device"
GONE: Final = " any more"


def looked_up(use: Use, tree: ObjectTree, *, is_v2: bool) -> Use:
    """Return an object with what its device's name names in a tree as it is now.

    Args:
        use: the object, as it was looked up before if it was.
        tree: the composition tree of its machine.
        is_v2: whether it is one of the v2 series.
    """
    kind = BRIDGE_BUS if use.is_port else DEVICE_TYPE if is_v2 else PCI_DEVICE
    taken = tree.resolve_quietly(use.device, kind)
    if taken is not None:
        return replace(use, found=taken if isinstance(taken, PciDeviceObject) else None, missing="", other="")
    was_there = use.found is not None or use.missing.endswith(GONE)
    missing = _missing(use.device, tree, GONE if was_there else "")
    return replace(use, found=None, missing=missing, other="" if missing else _named(use.device, tree))


def _missing(name: str, tree: ObjectTree, since: str) -> str:
    """Say that there is no such device, or several; "" otherwise."""
    try:
        found = tree.resolve(name) if name else None
    except QemuError:
        is_one = tree.resolve_quietly(name, "device") is not None
        return "" if is_one else f"'{name}' names several devices"
    return "" if found is not None else f"there is no device '{name}'{since}"


def _named(name: str, tree: ObjectTree) -> str:
    """Return the type of what a name names: of a device rather than of anything else."""
    found = tree.resolve_quietly(name, "device") or tree.resolve_quietly(name, "object")
    return found.info.name if found is not None else "thing of another kind"
