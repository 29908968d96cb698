"""What the v2 objects of a machine contribute, and which merged objects would contribute the same."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from qom_types.contract import MAX_NODES, SratContributor, host_of
from qom_types.v2.initiators import GenericInitiator
from sandbox.errors import InputError
from sandbox.translate.correspondence import Counterpart
from sandbox.translate.options import Merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.machine.machine import Machine
    from sandbox.qom.objects import QomObject


def initiators(machine: Machine) -> list[GenericInitiator]:
    """Return the v2 objects of a machine in the order in which QEMU walks them.

    Raises:
        InputError: an object of a type of the user's own contributes to SRAT, which no released QEMU has.
    """
    found = []
    for contributor in machine.tree.root.walk():
        if isinstance(contributor, GenericInitiator):
            found.append(contributor)
        elif isinstance(contributor, SratContributor):
            raise InputError(
                f"object '{contributor.name}': no released QEMU has the type '{contributor.info.name}'; leave it out"
            )
    return found


def merged_objects(
    machine: Machine, id_of: Callable[[str, int], str], *, on_x86: bool = False
) -> dict[str, tuple[Merged, ...]]:
    """Return for the id of each v2 object the merged objects that contribute the same, in ascending order.

    Nodes that the machine does not declare are left out: with them QEMU ends. ``on_x86`` gives those of virt to pc and
    q35, on which v2's objects contribute nothing.
    """
    if not machine.asks_objects and not (on_x86 and machine.is_x86):
        return {}
    node_count = host_of(machine.tree.root).node_count
    wanted: dict[str, tuple[Merged, ...]] = {}
    for found in initiators(machine):
        device = found.found_device()
        if device is None or found.start is None:
            continue
        name = device_name(device)
        nodes = range(found.start, min(found.start + found.count, node_count))
        wanted[found.name] = tuple(Merged(id_of(found.name, pxm), name, pxm) for pxm in nodes)
    return wanted


def counterparts(machine: Machine, id_of: Callable[[str, int], str], *, on_x86: bool = False) -> Iterator[Counterpart]:
    """Give the counterpart of each entry that v2's objects contribute now, in the order of the table.

    ``on_x86`` gives those that there would be on virt to pc and q35.
    """
    if not machine.asks_objects and not (on_x86 and machine.is_x86):
        return
    host = host_of(machine.tree.root)
    for found in initiators(machine):
        device = found.found_device()
        if device is None or found.start is None:
            continue
        bus, devfn = int(device.read("busnr")), int(device.read("addr"))
        for pxm in range(found.start, found.start + found.count):
            excused = "" if pxm < host.node_count else _why_not(pxm, host.node_count)
            merged_id = "" if excused else id_of(found.name, pxm)
            yield Counterpart(pxm, found.name, device.name, bus, devfn, merged_id, excused)


def silent_objects(machine: Machine, *, on_x86: bool = False) -> Iterator[str]:
    """Say of each object that contributes nothing why that is so, a sentence each."""
    if on_x86 and machine.is_x86 and initiators(machine):
        yield "v2 makes no entries on pc and q35: these objects are those that virt would have"
    for found in initiators(machine):
        if machine.is_x86 and not on_x86:
            yield (
                f"nothing stands for {found.name}: v2 makes entries on the machine virt only, and none on "
                f"{machine.board.type.family}; --on-x86 makes the objects that virt would have"
            )
        elif not machine.is_x86 and not machine.asks_objects:
            yield f"nothing stands for {found.name}: without -numa there is no SRAT"
        elif found.start is None:
            yield f"nothing stands for {found.name}: it has no node below {MAX_NODES}, and v2 ignores any other"
        elif found.found_device() is None:
            yield f"nothing stands for {found.name}: '{found.device}' names no vfio-pci-nohotplug, or several"
        elif not found.count:
            yield f"nothing stands for {found.name}: its numa-node-count is 0"


def without_counterpart(entries: Sequence[Counterpart]) -> Iterator[str]:
    """Say which entries no object can stand for and why, a sentence for each run of nodes."""
    for (object_id, why), run in groupby(entries, key=lambda it: (it.object_id, it.excused)):
        nodes = [it.pxm for it in run]
        if why:
            said = f"node {nodes[0]}" if len(nodes) == 1 else f"nodes {nodes[0]} to {nodes[-1]}"
            yield f"nothing stands for {said} of {object_id}: {why}"


def _why_not(pxm: int, node_count: int) -> str:
    if pxm >= MAX_NODES:
        return f"QEMU ends over a node above {MAX_NODES - 1}"
    return f"QEMU ends over a node of which there is no -numa node; {node_count} are declared"


def device_name(device: QomObject) -> str:
    """Return what names a device in any dialect: its id where that finds it, else its path."""
    has_id = device.path == f"/machine/peripheral/{device.name}"
    is_found = has_id and device.tree.resolve_quietly(device.name, "pci-device") is device
    return device.name if is_found else device.path
