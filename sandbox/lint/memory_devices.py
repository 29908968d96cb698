"""Rules about memory devices: the node that a guest counts their memory to, and whether it takes the memory at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.lint.model import WARNING, Found, Rule, Where
from sandbox.lint.view import MEMORY_TYPE
from sandbox.machine.virtio_memory import VIRTIO_PMEM, VirtioMemory
from sandbox.memory_blocks import block_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lint.setup import Setup
    from sandbox.lint.view import View
    from sandbox.machine.dimms import Dimm


def module_without_node(setup: Setup) -> Iterator[Found]:
    """The node of a memory device is one that a guest does not have."""
    for moment in setup.moments:
        view = moment.view
        if view is None or view.srat is None:
            continue
        nodes = view.guest_nodes()
        for device in moment.memory:
            has_entry = not isinstance(device, VirtioMemory) and device.is_nvdimm
            if device.node not in nodes and not has_entry and brings_memory(device):
                message = f"{name_of(device)} is for node {device.node}, which nothing in SRAT names"
                message += f": a guest counts its memory to node {_first_node(view)}"
                yield Found(message, place_of(setup, device))


def module_unaligned(setup: Setup) -> Iterator[Found]:
    """A memory module that Linux does not take."""
    if setup.board is None:
        return
    end = max(base + size for base, size in setup.board.ram)
    block = block_bytes(end, is_x86=setup.board.type.is_x86)
    for device in dict.fromkeys(device for moment in setup.moments for device in moment.memory):
        if isinstance(device, VirtioMemory) or device.is_nvdimm:
            continue
        if device.address % block or device.size % block:
            message = (
                f"{name_of(device)} has {device.size >> 20} MiB at {device.address:#x}, and Linux takes only whole "
            )
            yield Found(f"{message}blocks of {block >> 20} MiB", place_of(setup, device))


def name_of(device: Dimm | VirtioMemory) -> str:
    """Return a memory device in words."""
    kind = device.kind if isinstance(device, VirtioMemory) else "nvdimm" if device.is_nvdimm else "pc-dimm"
    return f"{kind} '{device.id}'" if device.id else f"a {kind} with '{device.backend}'"


def place_of(setup: Setup, device: Dimm | VirtioMemory) -> Where:
    """Return the option, or the step, that gives a memory device."""
    for given in setup.config.devices if setup.config is not None else ():
        backend = str(given.values.get("memdev", "")).rpartition("/")[2]
        if backend and backend == device.backend.rpartition("/")[2]:
            return setup.where(given.option)
    for index, step in enumerate(setup.scenario.steps):
        arguments = step.command.arguments or {} if step.command is not None else {}
        if device.id and arguments.get("id") == device.id and "driver" in arguments:
            return Where(step.place, f"step {index + 1} ({step.title})")
    return setup.where()


def brings_memory(device: Dimm | VirtioMemory) -> bool:
    """Whether its node has memory by it; virtio-pmem is a disk, of no node that anyone chose."""
    return not isinstance(device, VirtioMemory) or device.kind != VIRTIO_PMEM


def _first_node(view: View) -> int:
    """Return the guest's number of the node of the first memory entry."""
    first = next(entry for entry in view.entries() if entry.type == MEMORY_TYPE and entry.enabled)
    return view.guest_nodes().index(view.domain(first))


MEMORY_DEVICES: Final = (
    Rule(
        "GI309",
        "module-without-node",
        WARNING,
        "A memory device is for a node that nothing in SRAT names.",
        "QEMU has no entry in SRAT for what memory devices bring, so that the guest has no such node, and counts the "
        "memory to that of the first memory entry.",
        "Linux 6.1 to 7.3 as booted; for virtio-mem its drivers/virtio/virtio_mem.c",
        "Give the memory device a node with memory or CPUs of its own, or the last one that is declared, for which "
        "QEMU has an entry as soon as there is maxmem.",
        of_setup=module_without_node,
    ),
    Rule(
        "GI310",
        "module-unaligned",
        WARNING,
        "A memory module does not start and end with a block of memory of Linux's.",
        "Linux refuses the whole module, with a line in its log; blocks have 128 MiB, and up to 2 GiB on x86 where RAM "
        "ends at 64 GiB or above.",
        "Linux 6.1 to 7.3 as booted",
        "Give modules sizes and addresses that are multiples of such a block.",
        of_setup=module_unaligned,
    ),
)
