"""Rules about what tables that were brought say: things that are there twice, overlap, or are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.srat_memory import HOT_PLUGGABLE, NON_VOLATILE
from sandbox.lint.model import ERROR, NOTE, WARNING, Found, Rule
from sandbox.lint.view import INITIATOR_TYPE, MEMORY_TYPE, PROCESSOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lint.view import Spanned, View

TOLERATED_ON_X86: Final = 1 << 20
"""Bytes of RAM outside of memory entries that Linux tolerates there."""


def duplicate_entry(view: View) -> Iterator[Found]:
    """An entry is there twice."""
    seen: dict[object, Spanned] = {}
    for entry in view.entries():
        if not entry.enabled or entry.type not in (INITIATOR_TYPE, MEMORY_TYPE, *PROCESSOR_TYPES):
            continue
        key = _identity(entry)
        first = seen.setdefault(key, entry)
        if first is not entry:
            message = f"{_name(entry)} stands here again; first at offset {first.offset:#x}"
            yield Found(message, view.where("SRAT", entry.offset))


def overlapping_memory(view: View) -> Iterator[Found]:
    """Two ranges of memory overlap."""
    earlier: list[tuple[int, int, Spanned]] = []
    for base, length, entry in sorted(_memory(view), key=lambda it: it[0]):
        earlier = [it for it in earlier if it[0] + it[1] > base]
        for first_base, first_length, first in earlier:
            if (first_base, first_length, first.pxm) == (base, length, entry.pxm):
                continue
            if (first_base, first_length) == (base, length):
                message = f"the memory from {base:#x} on is in domains {first.pxm} and {entry.pxm}"
            else:
                message = f"the memory from {base:#x} on (domain {entry.pxm}) overlaps that from {first_base:#x} on"
                message += f" (domain {first.pxm})"
            yield Found(message, view.where("SRAT", entry.offset), severity=_overlap_severity(first, entry))
            break
        earlier.append((base, length, entry))


def _overlap_severity(one: Spanned, other: Spanned) -> str:
    """Return how bad an overlap is; "": as bad as the rule says."""
    flags = sorted(getattr(entry.value, "flags", 0) & (HOT_PLUGGABLE | NON_VOLATILE) for entry in (one, other))
    if flags == [HOT_PLUGGABLE, NON_VOLATILE]:
        return NOTE
    return WARNING if one.pxm == other.pxm else ""


def empty_memory(view: View) -> Iterator[Found]:
    """An enabled range of memory has no bytes."""
    for entry in view.entries():
        if entry.type == MEMORY_TYPE and entry.enabled and getattr(entry.value, "length", 1) == 0:
            message = f"the enabled memory entry of domain {entry.pxm} has length 0"
            yield Found(message, view.where("SRAT", entry.offset))


def no_memory(view: View) -> Iterator[Found]:
    """No memory at all."""
    if view.is_readable and not any(_memory(view)):
        yield Found("there is no enabled memory entry", view.where("SRAT"))


def ram_not_covered(view: View) -> Iterator[Found]:
    """RAM that no memory entry covers."""
    if not view.is_readable:
        return
    covered = sorted((base, base + length) for base, length, _ in _memory(view))
    missing = [gap for base, length in view.ram for gap in _gaps(base, base + length, covered)]
    total = sum(end - start for start, end in missing)
    if total > (0 if view.is_arm else TOLERATED_ON_X86):
        start, end = missing[0]
        message = f"{total} bytes of RAM are in no memory entry, first those from {start:#x} to {end - 1:#x}"
        yield Found(message, view.where("SRAT"))


def _memory(view: View) -> Iterator[tuple[int, int, Spanned]]:
    """Give the enabled ranges of memory that have bytes: address, length, entry."""
    for entry in view.entries():
        if entry.type == MEMORY_TYPE and entry.enabled:
            base, length = getattr(entry.value, "base", 0), getattr(entry.value, "length", 0)
            if length:
                yield base, length, entry


def _gaps(start: int, end: int, covered: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give what of a range no other one covers; those are sorted."""
    for low, high in covered:
        if start < min(low, end):
            yield start, min(low, end)
        start = max(start, high)
    if start < end:
        yield start, end


def _identity(entry: Spanned) -> object:
    """Return what two entries must not have in common."""
    if entry.type in PROCESSOR_TYPES:
        apic_id = getattr(entry.value, "apic_id", getattr(entry.value, "x2apic_id", None))
        if apic_id is not None and not getattr(entry.value, "sapic_eid", 0):
            return ("APIC", apic_id)
        return _values(entry, "apic_id", "sapic_eid", "acpi_processor_uid")
    return _values(entry, "pxm", "base", "length", "handle")


def _values(entry: Spanned, *names: str) -> object:
    return (entry.type, *(getattr(entry.value, name, None) for name in names))


def _name(entry: Spanned) -> str:
    if entry.type == INITIATOR_TYPE:
        return f"the initiator of domain {entry.pxm}"
    return f"the memory of domain {entry.pxm}" if entry.type == MEMORY_TYPE else "the processor"


RAW_CONTENTS: Final = (
    Rule(
        "GI851",
        "duplicate-entry",
        WARNING,
        "An initiator, a processor or a range of memory is there twice.",
        "Neither iasl nor fwts nor Linux objects to it, and the second one is for nothing.",
        "ACPI 6.5, 5.2.16; Linux 6.1 to 7.3 as booted",
        "Leave one of them out.",
        of_brought=duplicate_entry,
    ),
    Rule(
        "GI852",
        "overlapping-memory",
        ERROR,
        "Two ranges of memory overlap.",
        "Linux rejects the table where they are of different domains, and panics early on x86 if a Generic Initiator "
        "on another node than 0 came before; within a domain it only warns, and it accepts non-volatile "
        "memory in a hot-pluggable range, as QEMU has it. iasl and fwts do not notice.",
        "ACPI 6.5, 5.2.16.2; Linux 6.1 to 7.3 as booted",
        "Correct base and length.",
        of_brought=overlapping_memory,
    ),
    Rule(
        "GI853",
        "empty-memory",
        WARNING,
        "An enabled memory entry has length 0.",
        "It says nothing, and iasl and fwts do not notice.",
        "ACPI 6.5, 5.2.16.2",
        "Clear its flag Enabled, or leave it out.",
        of_brought=empty_memory,
    ),
    Rule(
        "GI854",
        "no-memory",
        ERROR,
        "SRAT has no memory entry.",
        "Linux rejects such a table, and panics early on x86 if it has a Generic Initiator on another node than 0.",
        "Linux 6.1 to 7.3 as booted",
        "Describe the RAM with memory entries.",
        of_brought=no_memory,
    ),
    Rule(
        "GI855",
        "ram-not-covered",
        ERROR,
        "RAM is in no memory entry.",
        "Linux rejects the table, on x86 from 1 MiB of such RAM on, and panics early there if a Generic Initiator on "
        "another node than 0 came before.",
        "Linux 6.1 to 7.3 as booted, drivers/acpi/numa/srat.c of 6.12",
        "Describe all RAM with memory entries.",
        of_view=ram_not_covered,
    ),
)
