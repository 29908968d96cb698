"""Merged objects of a command line in v2's shape: a run of nodes of one device is one nvidia object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.v2.initiators import DEVICE_TYPE
from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.records import record, replace
from sandbox.translate.ascending import Unnamed, ascending_ids
from sandbox.translate.insertions import insertions
from sandbox.translate.options import exchange_objects
from sandbox.translate.renaming import merged_in, merged_machine
from sandbox.translate.state import device_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sandbox.translate.options import Merged


@record
class NodeRange:
    """An object of v2's.

    Attributes:
        id: that of the merged object with its first node.
        device: the id of its device, or the device's full path.
        start: its first node.
        count: how many nodes it has.
    """

    id: str
    device: str
    start: int
    count: int

    def option(self) -> str:
        """Return the value of ``-object``."""
        device = self.device.replace(",", ",,")
        if self.count == 1:
            return f"acpi-generic-initiator,id={self.id},device={device},node={self.start}"
        nodes = f"numa-node-start={self.start},numa-node-count={self.count}"
        return f"nvidia-acpi-generic-initiator,id={self.id},device={device},{nodes}"


@record
class V2CommandLine:
    """A command line in v2's dialect.

    Attributes:
        words: QEMU's words.
        notes: what v2's QEMU does not take over, a sentence each.
        starts: whether v2's QEMU starts with it.
    """

    words: tuple[str, ...]
    notes: tuple[str, ...]
    starts: bool = True


def to_v2(
    words: Sequence[str], dialect: str | None = None, *, keep_ids: bool = False, taken: Collection[str] = ()
) -> V2CommandLine:
    """Translate a command line to v2's dialect.

    Args:
        words: QEMU's words, in a merged dialect.
        dialect: that dialect's name; None: it follows from the objects.
        keep_ids: leave ids as they are, though v2's walk, too, may then meet the objects out of order.
        taken: further ids that no object may get.

    Raises:
        InputError: the command line is in v2's dialect already, or QEMU does not start with it.
    """
    machine = merged_machine(words, dialect)
    objects = [_with_device_name(it, machine) for it in merged_in(machine)]
    found = {it.id: it for it in node_ranges(objects)}
    translated = _exchanged(words, found)
    if not keep_ids:
        names = _ascending(translated, [found[it.id] for it in objects if it.id in found], taken)
        translated = _exchanged(words, {name: replace(it, id=names.get(name, name)) for name, it in found.items()})
    notes = list(_notes(machine, objects))
    try:
        asks = Machine(parse_arguments(translated, "v2")).asks_objects
    except MachineExit as end:
        notes.append(f"v2's QEMU does not start with this: {end.stderr}")
        return V2CommandLine(translated, tuple(notes), starts=False)
    if objects and not asks:
        notes.append("v2 makes entries on the machine virt only, and where it makes SRAT")
    return V2CommandLine(translated, tuple(notes))


def _exchanged(words: Sequence[str], ranges: Mapping[str, NodeRange]) -> tuple[str, ...]:
    return exchange_objects(words, lambda name: [ranges[name].option()] if name in ranges else ())


def _ascending(words: Sequence[str], ranges: Sequence[NodeRange], taken: Collection[str]) -> dict[str, str]:
    """Return ids with which v2's walk meets the objects in the order of their first nodes; {} where there are none."""
    names = [it.id for it in ranges]
    try:
        config = parse_arguments(words, "v2")
        tree = Machine(config).tree
        unnamed = [Unnamed(it.id, it.start) for it in ranges]
        return dict(zip(names, ascending_ids(insertions(config, tree, unnamed, names), taken), strict=True))
    except (MachineExit, InputError):
        return {}


def node_ranges(objects: Sequence[Merged]) -> tuple[NodeRange, ...]:
    """Return as few objects of v2's as have the same nodes and devices; a node named twice is in two of them."""
    ranges: list[NodeRange] = []
    for merged in sorted(objects, key=lambda it: it.node):
        for index, known in enumerate(ranges):
            if known.device == merged.device and known.start + known.count == merged.node:
                ranges[index] = NodeRange(known.id, known.device, known.start, known.count + 1)
                break
        else:
            ranges.append(NodeRange(merged.id, merged.device, merged.node, 1))
    return tuple(ranges)


def _with_device_name(merged: Merged, machine: Machine) -> Merged:
    """Return the object with the one name that its device has, however it was named."""
    device = machine.tree.resolve_quietly(merged.device, "pci-device")
    return merged if device is None else replace(merged, device=device_name(device))


def _notes(machine: Machine, objects: Sequence[Merged]) -> Iterator[str]:
    for given in machine.config.objects:
        if given.values["qom-type"] == "acpi-generic-port":
            yield f"{given.values['id']} is left out: v2 has no acpi-generic-port"
    for name in dict.fromkeys(merged.device for merged in objects):
        device = machine.tree.resolve_quietly(name, "pci-device")
        if device is not None and not device.is_a(DEVICE_TYPE):
            yield f"v2 makes no entries for {name}: it is a {device.info.name}, not a {DEVICE_TYPE}"
