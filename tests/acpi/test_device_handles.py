from __future__ import annotations

import struct

import pytest
from acpi_samples import NAMED, handles, recorded, u
from hypothesis import given

from sandbox.acpi.handles import (
    AcpiDeviceHandle,
    DeviceHandle,
    PciDeviceHandle,
    RawDeviceHandle,
    decode_handle,
    parse_bdf,
)


def test_v2_writes_device_4_where_the_specification_has_the_bus() -> None:
    wire = recorded("v2 02-generic-one")[0xD0:0xE0]
    assert wire == bytes.fromhex("00002000000000000000000000000000")
    handle = decode_handle(1, wire)
    assert handle == PciDeviceHandle(segment=0, bus=0x20, devfn=0)
    assert isinstance(handle, PciDeviceHandle)
    assert (handle.bdf, handle.swapped().bdf) == ("0000:20:00.0", "0000:00:04.0")


def test_qemu_10_writes_the_bus_first() -> None:
    start = NAMED["generic-port SRAT"].index(bytes.fromhex("05200001"))
    handle = decode_handle(1, NAMED["generic-port SRAT"][start + 8 : start + 24])
    assert handle == PciDeviceHandle(segment=0, bus=0, devfn=2)


def test_acpi_handle_of_qemus_generic_port_has_the_host_bridges_bus_as_uid() -> None:
    start = NAMED["generic-port SRAT"].index(bytes.fromhex("06200000"))
    assert decode_handle(0, NAMED["generic-port SRAT"][start + 8 : start + 24]) == AcpiDeviceHandle(b"ACPI0016", 64)


def test_acpi_handle_of_iasl_has_hid_and_uid() -> None:
    wire = bytes.fromhex("4E564441313233347856341200000000")
    assert wire in NAMED["srat-types"]
    assert decode_handle(0, wire) == AcpiDeviceHandle(b"NVDA1234", 0x12345678)


def test_bdf_shows_device_and_function_apart() -> None:
    assert PciDeviceHandle(0x12, 0xAB, 0x1F << 3 | 7).bdf == "0012:ab:1f.7"


@given(handles)
def test_every_handle_survives(handle: DeviceHandle) -> None:
    wire = handle.encode()
    assert len(wire) == 16
    assert decode_handle(handle.type, wire) == handle


@given(u(16), u(8), u(8))
def test_bdf_text_reads_back(segment: int, bus: int, devfn: int) -> None:
    handle = PciDeviceHandle(segment, bus, devfn)
    assert parse_bdf(handle.bdf) == parse_bdf(handle.bdf.upper()) == handle
    assert handle.swapped().swapped() == handle


def test_bdf_text_may_leave_out_the_segment() -> None:
    assert parse_bdf("00:04.1") == PciDeviceHandle(0, 0, 0x21)


@pytest.mark.parametrize(
    "text", ["", "04.0", "00:04", "00:4.0", "0:00:04.0", "00:20.0", "00:04.8", "100:00.0", "00:04.0.0", "00:+4.0", "x"]
)
def test_bdf_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no PCI address of the form"):
        parse_bdf(text)


@pytest.mark.parametrize(
    "handle",
    [
        PciDeviceHandle(0, 0, 0, b""),
        AcpiDeviceHandle(b"ACPI", 0),
        RawDeviceHandle(2, bytes(15)),
        RawDeviceHandle(0, bytes(16)),
        RawDeviceHandle(1, bytes(16)),
    ],
)
def test_handle_that_would_not_read_back_is_not_encoded(handle: DeviceHandle) -> None:
    with pytest.raises(ValueError, match=r".+"):
        handle.encode()


@pytest.mark.parametrize("address", [(0, 256, 0), (1 << 16, 0, 0), (0, 0, -1)])
def test_number_too_large_for_its_field_is_not_encoded(address: tuple[int, int, int]) -> None:
    with pytest.raises(struct.error):
        PciDeviceHandle(*address).encode()
