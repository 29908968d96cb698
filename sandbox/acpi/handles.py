"""Device handles: how a Generic Initiator or Generic Port names its device. 16 bytes each."""

from __future__ import annotations

from struct import Struct
from typing import ClassVar, TypeAlias

from sandbox.records import record

HANDLE_LENGTH = 16
ACPI_HANDLE = 0
PCI_HANDLE = 1

_PCI = Struct("<HBB12s")
_ACPI = Struct("<8sII")
_NO_BYTES = bytes(12)


@record
class PciDeviceHandle:
    """A PCI function: segment (u16), bus (u8), devfn (u8, device << 3 | function), 12 reserved bytes.

    Source: ACPI 6.5, 5.2.16.6 "Device Handle - PCI": byte 2 is the bus number, byte 3 device and function.
    """

    segment: int
    bus: int
    devfn: int
    reserved: bytes = _NO_BYTES

    type: ClassVar[int] = PCI_HANDLE

    @property
    def bdf(self) -> str:
        """The address in the usual form: ``ssss:bb:dd.f``."""
        return f"{self.segment:04x}:{self.bus:02x}:{self.devfn >> 3:02x}.{self.devfn & 7}"

    def swapped(self) -> PciDeviceHandle:
        """The handle with the bytes of bus and devfn exchanged.

        Source: QEMU 9.0.0 to 9.0.3 and the v2 series write the two in this order.
        """
        return PciDeviceHandle(self.segment, self.devfn, self.bus, self.reserved)

    def encode(self) -> bytes:
        """The 16 bytes of the handle."""
        if len(self.reserved) != 12:
            raise ValueError(f"a PCI device handle has 12 reserved bytes, not {len(self.reserved)}")
        return _PCI.pack(self.segment, self.bus, self.devfn, self.reserved)


@record
class AcpiDeviceHandle:
    """A device of the ACPI name space: _HID (8 bytes, text as it lies), _UID (u32), a reserved u32.

    Source: ACPI 6.5, 5.2.16.6 "Device Handle - ACPI".
    """

    hid: bytes
    uid: int
    reserved: int = 0

    type: ClassVar[int] = ACPI_HANDLE

    def encode(self) -> bytes:
        """The 16 bytes of the handle."""
        if len(self.hid) != 8:
            raise ValueError(f"a _HID has 8 bytes, not {len(self.hid)}")
        return _ACPI.pack(self.hid, self.uid, self.reserved)


@record
class RawDeviceHandle:
    """A handle of a type (u8) that the specification reserves: 16 bytes as they lie."""

    type: int
    data: bytes

    def encode(self) -> bytes:
        """The 16 bytes of the handle."""
        if self.type in {ACPI_HANDLE, PCI_HANDLE}:
            raise ValueError(f"device handle type {self.type} has a class of its own")
        if len(self.data) != HANDLE_LENGTH:
            raise ValueError(f"a device handle has {HANDLE_LENGTH} bytes, not {len(self.data)}")
        return self.data


DeviceHandle: TypeAlias = PciDeviceHandle | AcpiDeviceHandle | RawDeviceHandle


def decode_handle(handle_type: int, data: bytes) -> DeviceHandle:
    """Reads the 16 bytes of a device handle of the given type; every such value decodes."""
    if handle_type == PCI_HANDLE:
        return PciDeviceHandle(*_PCI.unpack(data))
    if handle_type == ACPI_HANDLE:
        return AcpiDeviceHandle(*_ACPI.unpack(data))
    return RawDeviceHandle(handle_type, data)


def parse_bdf(text: str) -> PciDeviceHandle:
    """Reads ``ssss:bb:dd.f`` or ``bb:dd.f``, as :attr:`PciDeviceHandle.bdf` writes it, with zero reserved bytes.

    Raises:
        ValueError: the text is not of that form, or a number is too large for its field.
    """
    wrong = ValueError(f"{text!r} is no PCI address of the form ssss:bb:dd.f")
    try:
        address, function = text.split(".")
        *segments, bus, device = [int(part, 16) for part in address.split(":")]
        handle = PciDeviceHandle(segments[0] if segments else 0, bus, device << 3 | int(function, 8))
    except ValueError:
        raise wrong from None
    in_range = handle.segment < 1 << 16 and handle.bus < 1 << 8 and handle.devfn < 1 << 8
    if not in_range or text.lower() not in {handle.bdf, handle.bdf[5:] if not segments else ""}:
        raise wrong
    return handle
