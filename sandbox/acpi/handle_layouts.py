"""The fields of the three kinds of device handle, 16 bytes each.

Source: ACPI 6.5, 5.2.16.6 "Device Handle - ACPI", "Device Handle - PCI".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.handles import ACPI_HANDLE, HANDLE_LENGTH, PCI_HANDLE, PciDeviceHandle, parse_bdf
from sandbox.acpi.layout import FieldSpec, as_it_lies, number, reserved, shown, text
from sandbox.acpi.meanings import bdf_in_short, pci_in_words

if TYPE_CHECKING:
    from sandbox.acpi.description import Value
    from sandbox.acpi.layout import Values


def _read_bdf(raw: bytes) -> Value:
    return PciDeviceHandle(0, raw[0], raw[1]).bdf[5:]


def _pci_handle(values: Values) -> PciDeviceHandle:
    return parse_bdf(f"{number(values, 'handle.segment'):04x}:{shown(values, 'handle.bdf')}")


_ACPI = (
    FieldSpec("handle.hid", "ACPI _HID", 8, None, text),
    FieldSpec("handle.uid", "ACPI _UID", 4),
    reserved("handle.reserved", 4),
)
_PCI = (
    FieldSpec("handle.segment", "PCI Segment", 2),
    FieldSpec("handle.bdf", "PCI BDF Number", 2, lambda values: pci_in_words(_pci_handle(values)), _read_bdf),
    reserved("handle.reserved", 12),
)
_RAW = (FieldSpec("handle", "Device Handle", HANDLE_LENGTH, None, as_it_lies),)


def handle_specs(handle_type: int) -> tuple[FieldSpec, ...]:
    """The fields of a handle of this type."""
    return {ACPI_HANDLE: _ACPI, PCI_HANDLE: _PCI}.get(handle_type, _RAW)


def handle_type_in_words(values: Values) -> str:
    """What the device handle type says: ``ACPI``, ``PCI``, or that the specification reserves it."""
    return {ACPI_HANDLE: "ACPI", PCI_HANDLE: "PCI"}.get(number(values, "handle_type"), "reserved type")


def handle_in_short(values: Values) -> str:
    """The device of a handle in a few words."""
    if "handle.bdf" in values:
        return f"PCI {bdf_in_short(_pci_handle(values))}"
    if "handle.hid" in values:
        return f"ACPI {shown(values, 'handle.hid')} uid {shown(values, 'handle.uid')}"
    return f"handle of reserved type {shown(values, 'handle_type')}"
