"""What each node of a guest is made of: the entries of SRAT behind it, with the objects and devices behind those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.handles import HANDLE_LENGTH, decode_handle
from sandbox.guest.result import Part
from sandbox.guest.srat_walk import GICC, INITIATOR, MEMORY, PROCESSOR, X2APIC
from sandbox.runs import list_text
from sandbox.scenario.tables import device_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.guest.affinity import Affinity
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.srat_walk import Entry
    from sandbox.scenario.origins import Origin

UNITS: Final = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
HANDLE_TYPE: Final = 3
HANDLE: Final = 8


def size_text(size: int) -> str:
    """Return bytes in the largest unit that gives no fraction."""
    for unit, name in UNITS:
        if size and not size % unit:
            return f"{size // unit} {name}"
    return f"{size} bytes"


def parts_of(node: int, affinity: Affinity, machine: GuestMachine, origins: Sequence[Origin]) -> tuple[Part, ...]:
    """Return what a node is made of: processors, memory, initiators in table order; and ports, which make none."""
    own = [source.entry for source in affinity.sources if source.node == node]
    processors = {_processor_id(entry) for entry in own if entry.type in (PROCESSOR, X2APIC, GICC)}
    present = {cpu.id for cpu in machine.cpus}
    parts = []
    if processors & present:
        numbers = [cpu.number for cpu in machine.cpus if cpu.id in processors]
        parts.append(Part("processors", f"CPU {list_text(numbers)}"))
    if processors - present:
        name = "APIC id" if machine.arch == "x86" else "UID"
        parts.append(Part("processors", f"CPUs that are not there ({name} {list_text(processors - present)})"))
    for entry in own:
        if entry.type == MEMORY and entry.u64(16):
            parts.append(Part("memory", memory_text(entry)))
        elif entry.type == INITIATOR:
            parts.append(initiator_part(entry, origin_of(entry, affinity, origins), machine))
    pxm = affinity.pxm_of(node)
    for number, entry in enumerate(affinity.port_entries, len(affinity.initiator_entries)):
        if entry.u32(4) == pxm:
            parts.append(port_part(entry, origins[number] if number < len(origins) else None))
    return tuple(parts)


def fallback_parts(machine: GuestMachine) -> tuple[Part, ...]:
    """Return what the one node is made of that a kernel makes up."""
    numbers = list_text(cpu.number for cpu in machine.cpus)
    return (Part("processors", f"CPU {numbers}"), Part("memory", "all RAM"))


def memory_text(entry: Entry) -> str:
    """Return a memory entry for people."""
    flags = entry.u32(28)
    kind = "range for hot-plugged memory" if flags & 2 else "non-volatile memory" if flags & 4 else "memory"
    return f"{kind}, {size_text(entry.u64(16))} at {entry.u64(8):#x}"


def initiator_part(entry: Entry, origin: Origin | None, machine: GuestMachine) -> Part:
    """Return a Generic Initiator entry for people, with the device's true address where SRAT has another."""
    handle = entry.data[entry.offset + HANDLE : entry.offset + HANDLE + HANDLE_LENGTH]
    device = device_text(decode_handle(entry.byte(HANDLE_TYPE), handle))
    if origin is None:
        return Part("initiator", f"initiator {device}", device=device)
    named = f"{origin.device_id} " if origin.device_id else ""
    places = [place.address for place in machine.devices if place.id == origin.device_id]
    wrong = f" (which is at {places[0]})" if places and device not in places else ""
    text = f"initiator {origin.object_id}: {named}{device}{wrong}"
    return Part("initiator", text, origin.object_id, device, origin.device_id)


def port_part(entry: Entry, origin: Origin | None) -> Part:
    """Return a Generic Port entry for people."""
    handle = entry.data[entry.offset + HANDLE : entry.offset + HANDLE + HANDLE_LENGTH]
    device = device_text(decode_handle(entry.byte(HANDLE_TYPE), handle))
    if origin is None:
        return Part("port", f"port {device}", device=device)
    named = f"{origin.device_id} " if origin.device_id else ""
    return Part("port", f"port {origin.object_id}: {named}{device}", origin.object_id, device, origin.device_id)


def origin_of(entry: Entry, affinity: Affinity, origins: Sequence[Origin]) -> Origin | None:
    """Return where a Generic Initiator entry comes from; None if that is not known."""
    place = affinity.initiator_entries.get(entry.index)
    return origins[place] if place is not None and place < len(origins) else None


def _processor_id(entry: Entry) -> int:
    if entry.type == PROCESSOR:
        return entry.byte(3)
    return entry.u32(8 if entry.type == X2APIC else 6)
