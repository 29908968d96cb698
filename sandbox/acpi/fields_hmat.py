"""The fields of an HMAT, structure by structure, under the names of the specification.

Source: ACPI 6.5, 5.2.28; the units of entries are those of revision 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.hmat import (
    STRUCTURES_OFFSET,
    LocalityLatencyBandwidth,
    MemoryProximityDomainAttributes,
    MemorySideCache,
    decode_structure,
    structure_spans,
)
from sandbox.acpi.layout import (
    Body,
    FieldSpec,
    Layout,
    TableKind,
    as_it_lies,
    describe_structures,
    number,
    reserved,
    shown,
)
from sandbox.acpi.meanings import flags_in_words, size_in_words

if TYPE_CHECKING:
    from sandbox.acpi.layout import Meaning, Values

_REVISION_OFFSET = 8
_DATA_TYPES = (
    "access latency",
    "read latency",
    "write latency",
    "access bandwidth",
    "read bandwidth",
    "write bandwidth",
)
_FIRST_BANDWIDTH = 3
_HIERARCHIES = ("memory", "first-level cache", "second-level cache", "third-level cache")
_ASSOCIATIVITIES = ("no associativity", "direct mapped", "complex indexing")
_POLICIES = ("no write policy", "write-back", "write-through")
_NO_VALUE = 0
_UNREACHABLE = 0xFFFF

_HEAD = (FieldSpec("type", "Type", 2), reserved("reserved1", 2), FieldSpec("length", "Length", 4))


def _choice(names: tuple[str, ...], value: int) -> str:
    return names[value] if value < len(names) else f"reserved value {value}"


def _attributes_flags(values: Values) -> str:
    return flags_in_words(number(values, "flags"), {0: ("initiator valid", "initiator not valid")}, 16)


def _attributes_summary(values: Values) -> str:
    attached = f"attached to initiator PXM {shown(values, 'initiator_pxm')}"
    return f"memory PXM {shown(values, 'memory_pxm')}, {attached if number(values, 'flags') & 1 else 'no initiator'}"


_ATTRIBUTES = Layout(
    "Memory Proximity Domain Attributes",
    (
        *_HEAD,
        FieldSpec("flags", "Flags", 2, _attributes_flags),
        reserved("reserved2", 2),
        FieldSpec("initiator_pxm", "Proximity Domain for the Attached Initiator", 4),
        FieldSpec("memory_pxm", "Proximity Domain for the Memory", 4),
        reserved("reserved3", 4),
        reserved("reserved4", 8),
        reserved("reserved5", 8),
    ),
    _attributes_summary,
)


def _locality_flags(values: Values) -> str:
    flags = number(values, "flags")
    bits = {4: ("needs the minimum transfer size", ""), 5: ("non-sequential transfers", "")}
    others = flags_in_words(flags & 0xF0, bits, 8)
    hierarchy = _choice(_HIERARCHIES, flags & 0xF)
    return hierarchy if others == "none" else f"{hierarchy}, {others}"


def _data_type(values: Values) -> str:
    return _choice(_DATA_TYPES, number(values, "data_type"))


def _locality_summary(values: Values) -> str:
    shape = f"{shown(values, 'initiator_count')} x {shown(values, 'target_count')}"
    return f"{_data_type(values)}, {_locality_flags(values)}, {shape} initiators and targets"


def _entry(initiator: int, target: int, revision: int) -> Meaning:
    def meaning(values: Values) -> str:
        key = f"entry[{initiator}][{target}]"
        pair = f"PXM {shown(values, f'initiator[{initiator}]')} to PXM {shown(values, f'target[{target}]')}"
        return f"{pair}: {_amount(number(values, key), values, revision)}"

    return meaning


def _amount(entry: int, values: Values, revision: int) -> str:
    if entry == _NO_VALUE:
        return "no value"
    if entry == _UNREACHABLE:
        return "unreachable"
    amount = entry * number(values, "entry_base_unit")
    data_type = number(values, "data_type")
    if revision != 2 or data_type >= len(_DATA_TYPES):
        return str(amount)
    if data_type >= _FIRST_BANDWIDTH:
        return f"{amount} MB/s"
    return f"{amount} ps" if amount % 1000 else f"{amount // 1000} ns"


def _locality(structure: LocalityLatencyBandwidth, revision: int) -> Layout:
    initiators, targets = range(len(structure.initiators)), range(len(structure.targets))
    return Layout(
        "System Locality Latency and Bandwidth Information",
        (
            *_HEAD,
            FieldSpec("flags", "Flags", 1, _locality_flags),
            FieldSpec("data_type", "Data Type", 1, _data_type),
            FieldSpec("min_transfer_size", "MinTransferSize", 1),
            reserved("reserved2", 1),
            FieldSpec("initiator_count", "Number of Initiator Proximity Domains (s)", 4),
            FieldSpec("target_count", "Number of Target Proximity Domains (t)", 4),
            reserved("reserved3", 4),
            FieldSpec("entry_base_unit", "Entry Base Unit", 8),
            *(FieldSpec(f"initiator[{i}]", f"Initiator Proximity Domain List[{i}]", 4) for i in initiators),
            *(FieldSpec(f"target[{t}]", f"Target Proximity Domain List[{t}]", 4) for t in targets),
            *(
                FieldSpec(f"entry[{i}][{t}]", f"Entry[{i}][{t}]", 2, _entry(i, t, revision))
                for i in initiators
                for t in targets
            ),
        ),
        _locality_summary,
    )


def _cache_attributes(values: Values) -> str:
    attributes = number(values, "attributes")
    level = f"level {attributes >> 4 & 0xF} of {attributes & 0xF}"
    associativity = _choice(_ASSOCIATIVITIES, attributes >> 8 & 0xF)
    policy = _choice(_POLICIES, attributes >> 12 & 0xF)
    return f"{level}, {associativity}, {policy}, lines of {size_in_words(attributes >> 16)}"


def _cache_size(values: Values) -> str:
    return size_in_words(number(values, "size"))


def _cache(structure: MemorySideCache) -> Layout:
    return Layout(
        "Memory Side Cache Information",
        (
            *_HEAD,
            FieldSpec("memory_pxm", "Proximity Domain for the Memory", 4),
            reserved("reserved2", 4),
            FieldSpec("size", "Memory Side Cache Size", 8, _cache_size),
            FieldSpec("attributes", "Cache Attributes", 4, _cache_attributes),
            reserved("reserved3", 2),
            FieldSpec("smbios_count", "Number of SMBIOS Handles (n)", 2),
            *(
                FieldSpec(f"smbios_handle[{n}]", f"SMBIOS Handles[{n}]", 2)
                for n in range(len(structure.smbios_handles))
            ),
        ),
        lambda values: f"memory PXM {shown(values, 'memory_pxm')}, {_cache_size(values)}, {_cache_attributes(values)}",
    )


_NAMES = (
    "Memory Proximity Domain Attributes",
    "System Locality Latency and Bandwidth Information",
    "Memory Side Cache Information",
)


def _layout_at(data: bytes, offset: int, structure_type: int, length: int) -> Layout:
    structure = decode_structure(data[offset : offset + length])
    if isinstance(structure, MemoryProximityDomainAttributes):
        return _ATTRIBUTES
    if isinstance(structure, LocalityLatencyBandwidth):
        return _locality(structure, data[_REVISION_OFFSET])
    if isinstance(structure, MemorySideCache):
        return _cache(structure)
    body = (FieldSpec("body", "Body", length - 8, None, as_it_lies),) if length > 8 else ()
    if structure_type < len(_NAMES):
        why = f"not decoded: its content does not ask for {length} bytes"
        return Layout(_NAMES[structure_type], (*_HEAD, *body), lambda _: why)
    why = "not decoded: a type that is not known"
    return Layout(f"Unknown Type {structure_type}", (*_HEAD, *body), lambda _: why)


def _describe_body(data: bytes, end: int) -> Body:
    return describe_structures(data, STRUCTURES_OFFSET, structure_spans(data, end), _layout_at)


HMAT = TableKind("Heterogeneous Memory Attribute Table", (reserved("reserved", 4),), _describe_body)
