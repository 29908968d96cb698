"""The fields of an SRAT, structure by structure, under the names of the specification.

Source: ACPI 6.5, 5.2.16; for RINTC, ACPI 6.6, 5.2.16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.handle_layouts import handle_in_short, handle_specs, handle_type_in_words
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
from sandbox.acpi.meanings import flags_in_words, range_in_words, size_in_words
from sandbox.acpi.srat import ENTRIES_OFFSET, entry_spans, specified_length

if TYPE_CHECKING:
    from sandbox.acpi.layout import Meaning, Values

_PROCESSOR_FLAGS = {0: ("enabled", "disabled")}
_MEMORY_FLAGS = {
    0: ("enabled", "disabled"),
    1: ("hot pluggable", ""),
    2: ("non-volatile", ""),
    3: ("specific purpose", ""),
}
_DEVICE_FLAGS = {0: ("enabled", "disabled"), 1: ("architectural transactions", "")}
_HANDLE_TYPE_OFFSET = 3


def _flags_words(bits: dict[int, tuple[str, str]]) -> Meaning:
    return lambda values: flags_in_words(number(values, "flags"), bits)


def _flags(bits: dict[int, tuple[str, str]]) -> FieldSpec:
    return FieldSpec("flags", "Flags", 4, _flags_words(bits))


def _range(values: Values) -> str:
    return range_in_words(number(values, "base"), number(values, "address_length"))


def _size(values: Values) -> str:
    return size_in_words(number(values, "address_length"))


def _split_pxm(values: Values) -> str:
    return f"PXM {number(values, 'pxm_low') | number(values, 'pxm_high') << 8}"


_enabled = _flags_words(_PROCESSOR_FLAGS)


def _local_apic(values: Values) -> str:
    return f"{_split_pxm(values)}, APIC ID {shown(values, 'apic_id')}, {_enabled(values)}"


def _processor(identity: str, key: str) -> Meaning:
    return lambda values: f"PXM {shown(values, 'pxm')}, {identity} {shown(values, key)}, {_enabled(values)}"


_HEAD = (FieldSpec("type", "Type", 1), FieldSpec("length", "Length", 1))
_PXM = FieldSpec("pxm", "Proximity Domain", 4)
_CLOCK = FieldSpec("clock_domain", "Clock Domain", 4)
_UID = FieldSpec("acpi_processor_uid", "ACPI Processor UID", 4)
_CPU_FLAGS = _flags(_PROCESSOR_FLAGS)

_LOCAL_APIC = Layout(
    "Processor Local APIC/SAPIC Affinity",
    (
        *_HEAD,
        FieldSpec("pxm_low", "Proximity Domain [7:0]", 1, _split_pxm),
        FieldSpec("apic_id", "APIC ID", 1),
        _CPU_FLAGS,
        FieldSpec("sapic_eid", "Local SAPIC EID", 1),
        FieldSpec("pxm_high", "Proximity Domain [31:8]", 3, _split_pxm),
        _CLOCK,
    ),
    _local_apic,
)
_MEMORY = Layout(
    "Memory Affinity",
    (
        *_HEAD,
        _PXM,
        reserved("reserved1", 2),
        FieldSpec("base", "Base Address (Low, High)", 8, _range),
        FieldSpec("address_length", "Length (Low, High)", 8, _size),
        reserved("reserved2", 4),
        _flags(_MEMORY_FLAGS),
        reserved("reserved3", 8),
    ),
    lambda values: f"PXM {shown(values, 'pxm')}, {_range(values)}, {_flags_words(_MEMORY_FLAGS)(values)}",
)
_X2APIC = Layout(
    "Processor Local x2APIC Affinity",
    (
        *_HEAD,
        reserved("reserved1", 2),
        _PXM,
        FieldSpec("x2apic_id", "X2APIC ID", 4),
        _CPU_FLAGS,
        _CLOCK,
        reserved("reserved2", 4),
    ),
    _processor("X2APIC ID", "x2apic_id"),
)
_GICC = Layout("GICC Affinity", (*_HEAD, _PXM, _UID, _CPU_FLAGS, _CLOCK), _processor("UID", "acpi_processor_uid"))
_GIC_ITS = Layout(
    "GIC Interrupt Translation Service (ITS) Affinity",
    (*_HEAD, _PXM, reserved("reserved", 2), FieldSpec("its_id", "ITS ID", 4)),
    lambda values: f"PXM {shown(values, 'pxm')}, ITS ID {shown(values, 'its_id')}",
)
_RINTC = Layout(
    "RINTC Affinity",
    (*_HEAD, reserved("reserved", 2), _PXM, _UID, _CPU_FLAGS, _CLOCK),
    _processor("UID", "acpi_processor_uid"),
)
_FIXED = {0: _LOCAL_APIC, 1: _MEMORY, 2: _X2APIC, 3: _GICC, 4: _GIC_ITS, 7: _RINTC}
_DEVICES = {5: "Generic Initiator Affinity", 6: "Generic Port Affinity"}


def _layout_at(data: bytes, offset: int, entry_type: int, length: int) -> Layout:
    specified = specified_length(entry_type)
    if specified is None:
        return _plain(f"Unknown Type {entry_type}", length, "a type that is not known")
    name = _DEVICES[entry_type] if entry_type in _DEVICES else _FIXED[entry_type].name
    if length != specified:
        return _plain(name, length, f"{length} bytes, where the specification has {specified}")
    return _device(name, data[offset + _HANDLE_TYPE_OFFSET]) if entry_type in _DEVICES else _FIXED[entry_type]


def _plain(name: str, length: int, why: str) -> Layout:
    body = (FieldSpec("body", "Body", length - 2, None, as_it_lies),) if length > 2 else ()
    return Layout(name, (*_HEAD, *body), lambda _: f"not decoded: {why}")


def _device(name: str, handle_type: int) -> Layout:
    return Layout(
        name,
        (
            *_HEAD,
            reserved("reserved1", 1),
            FieldSpec("handle_type", "Device Handle Type", 1, handle_type_in_words),
            _PXM,
            *handle_specs(handle_type),
            _flags(_DEVICE_FLAGS),
            reserved("reserved2", 4),
        ),
        lambda values: f"PXM {shown(values, 'pxm')}, {handle_in_short(values)}, {_flags_words(_DEVICE_FLAGS)(values)}",
    )


def _one_expected(values: Values) -> str:
    return "reserved, 1 as it must be" if values["reserved1"] == 1 else "reserved, not 1"


def _describe_body(data: bytes, end: int) -> Body:
    return describe_structures(data, ENTRIES_OFFSET, entry_spans(data, end), _layout_at)


SRAT = TableKind(
    "System Resource Affinity Table",
    (FieldSpec("reserved1", "Reserved", 4, _one_expected), reserved("reserved2", 8)),
    _describe_body,
)
