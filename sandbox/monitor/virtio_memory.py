"""What QMP and the human monitor tell of virtio-mem and virtio-pmem devices, and what they set.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.machine.virtio_memory import VIRTIO_PMEM, check_request

if TYPE_CHECKING:
    from sandbox.machine.machine import Machine
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.virtio_memory import VirtioMemory

UNWRITABLE: Final = frozenset({"size"})
UNPLUGGING: Final = "'requested-size' cannot be changed if the device is in the process of unplug"


def device_at(machine: Machine, path: str) -> VirtioMemory | None:
    """Return the virtio-mem or virtio-pmem device of a PCI device; None where it is none."""
    bay = machine.bay.memory
    return None if bay is None else bay.virtio().get(path)


def described(device: VirtioMemory) -> dict[str, object]:
    """Return what ``query-memory-devices`` tells of a device, in the order of the schema."""
    named: dict[str, object] = {} if device.id is None else {"id": device.id}
    if device.kind == VIRTIO_PMEM:
        return named | {"memaddr": device.address, "size": device.size, "memdev": device.backend}
    return named | {
        "memaddr": device.address,
        "requested-size": device.requested_size,
        "size": device.plugged_size,
        "max-size": device.size,
        "block-size": device.block_size,
        "node": device.node,
        "memdev": device.backend,
    }


def as_text(device: VirtioMemory) -> str:
    """Return what ``info memory-devices`` tells of a device."""
    text = f'Memory device [{device.kind}]: "{device.id or ""}"\n  memaddr: {device.address:#x}\n'
    if device.kind == VIRTIO_PMEM:
        return f"{text}  size: {device.size}\n  memdev: {device.backend}\n"
    text += f"  node: {device.node}\n  requested-size: {device.requested_size}\n  size: {device.plugged_size}\n"
    return f"{text}  max-size: {device.size}\n  block-size: {device.block_size}\n  memdev: {device.backend}\n"


def settled(device: VirtioMemory) -> dict[str, Any]:
    """Return the values of properties that a device's start has settled."""
    known: dict[str, Any] = {"memdev": device.backend, "memaddr": device.address}
    if device.kind == VIRTIO_PMEM:
        return known
    return known | {
        "node": device.node,
        "size": device.plugged_size,
        "requested-size": device.requested_size,
        "block-size": device.block_size,
        "unplugged-inaccessible": device.inaccessible,
    }


OWN: Final = frozenset(
    """
    memdev memaddr node size requested-size block-size unplugged-inaccessible dynamic-memslots prealloc
    x-early-migration
    """.split()
)
"""Properties of the device inside the PCI device."""


def write(machine: Machine, pci: PciDevice, device: VirtioMemory, name: str, value: object) -> None:
    """Set a property of the device inside; all but ``requested-size`` come too late.

    Raises:
        QemuError: QEMU refuses.
    """
    if name in UNWRITABLE:
        raise QemuError(f"Property '{device.kind}.{name}' is not writable")
    if name == "block-size":
        raise QemuError("'block-size' cannot be changed")
    if name == "memdev":
        raise QemuError(
            f"Attempt to set link property 'memdev' on device '(null)' (type '{device.kind}') after it was realized"
        )
    if name != "requested-size":
        raise QemuError(
            f"Attempt to set property '{name}' on anonymous device (type '{device.kind}') after it was realized"
        )
    if machine.bay.topology.departures.is_pending(pci):
        raise QemuError(UNPLUGGING)
    if not isinstance(value, int) or isinstance(value, bool) or not -(1 << 63) <= value < 1 << 64:
        raise QemuError("Parameter 'requested-size' expects uint64")
    size = value % (1 << 64)
    check_request(device, size)
    machine.bay.memory_bay().take(pci.path, device.with_requested_size(size))
