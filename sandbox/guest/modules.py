"""Memory modules (DIMMs) that are there when a guest starts: the kernel adds them after it has booted.

Source: Linux 6.1, 6.12 and 7.3: drivers/acpi/acpi_memhotplug.c, mm/memory_hotplug.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.parts import size_text
from sandbox.guest.result import Loss
from sandbox.machine.virtio_memory import VIRTIO_PMEM
from sandbox.memory_blocks import block_bytes
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.guest.facts import GuestMachine


@record
class Plugged:
    """What memory modules bring.

    Attributes:
        sizes: bytes by node, of those that the kernel takes.
        said: what it says of the others.
        lost: the others.
        moved: those of domains that SRAT has nothing for, with what becomes of them.
    """

    sizes: Mapping[int, int]
    said: tuple[str, ...] = ()
    lost: tuple[Loss, ...] = ()
    moved: tuple[Loss, ...] = ()


def plug_modules(machine: GuestMachine, nodes: Mapping[int, int], first: int) -> Plugged:
    """Return what memory modules bring to a guest.

    The kernel adds memory in whole blocks, and refuses a module that does not start and end with one.

    Args:
        machine: the machine.
        nodes: the node of each proximity domain.
        first: the node of a module whose domain has none.
    """
    block = block_bytes(machine.ram[-1].end, is_x86=machine.is_x86)
    sizes: dict[int, int] = {}
    said: list[str] = []
    lost: list[Loss] = []
    moved: list[Loss] = []
    for module in machine.modules:
        if module.start % block or module.size % block:
            said.append(
                f"Block size [{block:#x}] unaligned hotplug range: start {module.start:#x}, size {module.size:#x}"
            )
            what = f"{size_text(module.size)} of memory module {module.id}".rstrip()
            why = (
                f"it lies at {module.start:#x}, and the kernel adds memory only in blocks of {size_text(block)} that"
                " start at a multiple of their size"
            )
            lost.append(Loss(what, why))
            continue
        node = nodes.get(module.pxm, first)
        sizes[node] = sizes.get(node, 0) + module.size
        if module.pxm not in nodes:
            why = (
                "no entry of SRAT that the kernel takes for a node is about that domain, so the kernel puts the "
                f"module's {size_text(module.size)} on node {node}"
            )
            moved.append(Loss(f"memory module {module.id}".rstrip() + f" on PXM {module.pxm}", why))
    return Plugged(sizes, tuple(said), tuple(lost), tuple(moved))


def virtio_notes(machine: GuestMachine, nodes: Mapping[int, int]) -> Iterator[str]:
    """Give a sentence about each virtio-mem and virtio-pmem device, which bring no memory as the guest starts.

    Args:
        machine: the machine.
        nodes: the node of each proximity domain.
    """
    for device in machine.virtio:
        name = device.id or device.kind
        if device.kind == VIRTIO_PMEM:
            yield f"{name}: virtio-pmem is a disk to the guest, and no memory of a node"
            continue
        node = nodes.get(device.node)
        where = f"node {node}" if node is not None else "the node that its address is on"
        asked = size_text(device.requested_size) if device.requested_size else "nothing yet"
        yield (
            f"{name}: up to {size_text(device.size)} comes to {where} once the guest loads virtio_mem (requested:"
            f" {asked})"
        )
