from __future__ import annotations

import struct
from typing import Any

import pytest
from acpi_samples import NAMED, RECORDED, recorded, srats
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle, RawDeviceHandle
from sandbox.acpi.header import TableHeader, with_checksum
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GenericPortAffinity,
    GiccAffinity,
    GicItsAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    RintcAffinity,
    Srat,
    SratEntry,
    UnknownStructure,
    X2ApicAffinity,
    decode_srat,
    encode_srat,
)
from sandbox.acpi.srat_memory import ENABLED, HOT_PLUGGABLE, NON_VOLATILE
from sandbox.errors import DecodeError

QEMU = "generic-port SRAT"
IASL = "srat-types"
FROM_OUTSIDE: list[tuple[str, str, SratEntry]] = [
    (QEMU, "00100301010000000000000000000000", ProcessorAffinity(pxm=3, apic_id=1)),
    (IASL, "0010042a010000000503020144332211", ProcessorAffinity(0x01020304, 42, 1, 5, 0x11223344)),
    (
        QEMU,
        "01280000000000000000100000000000 0000f003000000000000000001000000 0000000000000000",
        MemoryAffinity(pxm=0, base=1 << 20, length=63 << 20),
    ),
    (
        IASL,
        "01280700000000000060452301000000 00000a00000000000000000007000000 0000000000000000",
        MemoryAffinity(7, 0x123456000, 0xA0000, ENABLED | HOT_PLUGGABLE | NON_VOLATILE),
    ),
    ("x2apic SRAT", "021800000000000000010000010000000000000000000000", X2ApicAffinity(pxm=0, x2apic_id=256)),
    (IASL, "021800000201000003020100010000000c00000000000000", X2ApicAffinity(0x102, 0x10203, 1, 12)),
    ("v2 01-cover-letter", "031201000000020000000100000000000000", GiccAffinity(pxm=1, acpi_processor_uid=2)),
    (IASL, "03120301000004030200000000000d000000", GiccAffinity(0x103, 0x20304, 0, 13)),
    (IASL, "040c04010000000005040300", GicItsAffinity(pxm=0x104, its_id=0x30405)),
    (
        "v2 01-cover-letter",
        "05200001090000000000200000000000 00000000000000000100000000000000",
        GenericInitiatorAffinity(pxm=9, handle=PciDeviceHandle(0, 0x20, 0)),
    ),
    (
        QEMU,
        "05200001010000000000000200000000 00000000000000000100000000000000",
        GenericInitiatorAffinity(pxm=1, handle=PciDeviceHandle(0, 0, 2)),
    ),
    (
        IASL,
        "05200000050100004e56444131323334 78563412000000000100000000000000",
        GenericInitiatorAffinity(pxm=0x105, handle=AcpiDeviceHandle(b"NVDA1234", 0x12345678)),
    ),
    (
        QEMU,
        "06200000020000004143504930303136 40000000000000000100000000000000",
        GenericPortAffinity(pxm=2, handle=AcpiDeviceHandle(b"ACPI0016", 64)),
    ),
    ("rintc SRAT", "0714000002000000050000000100000000000000", RintcAffinity(pxm=2, acpi_processor_uid=5)),
]


@pytest.mark.parametrize(("source", "wire", "entry"), FROM_OUTSIDE)
def test_structure_has_the_bytes_that_others_write(source: str, wire: str, entry: SratEntry) -> None:
    data = bytes.fromhex(wire)
    table = NAMED[source] if source in NAMED else recorded(source)
    assert data in table
    assert entry in decode_srat(table).entries
    assert (entry.encode(), entry.type) == (data, data[0])


def test_cover_letter_decodes_to_its_nodes_and_initiators() -> None:
    srat = decode_srat(recorded("v2 01-cover-letter"))
    assert srat == Srat(
        TableHeader("SRAT", 3),
        (
            *[GiccAffinity(uid // 2, uid) for uid in range(4)],
            MemoryAffinity(0, 1 << 30, 1 << 30),
            MemoryAffinity(1, 2 << 30, 1 << 30),
            *[GenericInitiatorAffinity(pxm, PciDeviceHandle(0, 0x20, 0)) for pxm in range(2, 10)],
        ),
    )


def test_reserved_fields_that_are_not_zero_are_kept() -> None:
    wire = {
        MemoryAffinity: "01280700000001020060452301000000 00000a00000000000304050607000000 08090a0b0c0d0e0f",
        X2ApicAffinity: "021801020201000003020100010000000c00000003040506",
        GicItsAffinity: "040c04010000010205040300",
        GenericInitiatorAffinity: "05200101090000000000200001020304 05060708090a0b0c0100000005060708",
        GenericPortAffinity: "06200107090000000000200001020304 05060708090a0b0c01000000050607ff",
        RintcAffinity: "0714ff0001000000010000000100000000000000",
    }
    data = with_checksum(encode_srat(Srat(TableHeader("SRAT", 9), (), (7, 1 << 63))))
    for body in wire.values():
        data += bytes.fromhex(body)
    data = with_checksum(data[:4] + len(data).to_bytes(4, "little") + data[8:])
    srat = decode_srat(data)
    assert [type(entry) for entry in srat.entries] == list(wire)
    assert srat.reserved == (7, 1 << 63)
    assert encode_srat(srat) == data


def _table(body: bytes) -> bytes:
    empty = encode_srat(Srat(TableHeader("SRAT", 3), ()))
    return with_checksum(empty[:4] + (len(empty) + len(body)).to_bytes(4, "little") + empty[8:] + body)


@pytest.mark.parametrize(
    ("wire", "entry"),
    [
        ("0902", UnknownStructure(9, b"")),
        ("ff050102 03", UnknownStructure(255, b"\1\2\3")),
        ("05020b03ff", UnknownStructure(5, b"")),
        ("0504aabb", UnknownStructure(5, b"\xaa\xbb")),
    ],
)
def test_unknown_type_and_unspecified_length_are_kept_as_bytes(wire: str, entry: UnknownStructure) -> None:
    data = _table(bytes.fromhex(wire))
    srat = decode_srat(data)
    assert srat.entries[0] == entry
    assert encode_srat(srat) == data


def test_device_handle_of_a_reserved_type_is_kept_as_bytes() -> None:
    handle = RawDeviceHandle(2, bytes(range(16)))
    data = _table(GenericInitiatorAffinity(1, handle).encode())
    (entry,) = decode_srat(data).entries
    assert entry == GenericInitiatorAffinity(1, handle)


@pytest.mark.parametrize(
    ("wire", "offset", "what"),
    [
        ("0500", 48, "the structure of type 5 has the length 0"),
        ("0902 0501", 50, "the structure of type 5 has the length 1"),
        ("0902 05", 50, "structure type 5 stands at the end of the table, without a length"),
        ("0520 0000", 48, "the structure of type 5 has the length 32, but 4 bytes are left"),
    ],
)
def test_length_that_leads_nowhere_is_refused_at_the_structure(wire: str, offset: int, what: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_srat(_table(bytes.fromhex(wire)))
    assert (caught.value.offset, caught.value.what) == (offset, what)


@pytest.mark.parametrize(("name", "data", "offset"), [entry for entry in RECORDED if entry[2] is not None])
def test_table_that_linux_stumbles_over_is_refused(name: str, data: bytes, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_srat(data)
    assert caught.value.offset == offset


def test_table_without_its_fixed_fields_is_refused() -> None:
    header = recorded("v2 00-baseline-no-gi")[:4] + bytes([40, 0, 0, 0]) + bytes(32)
    with pytest.raises(DecodeError, match="offset 0x28: the table ends after 40 bytes, an empty SRAT has 48"):
        decode_srat(header)


def test_another_table_is_refused_by_its_signature() -> None:
    with pytest.raises(DecodeError, match="offset 0x0: the signature is 'SLIT', not 'SRAT'"):
        decode_srat(NAMED["rintc SLIT"])
    with pytest.raises(ValueError, match="'SLIT', not 'SRAT'"):
        encode_srat(Srat(TableHeader("SLIT", 1), ()))


@given(srats)
def test_every_table_survives(srat: Srat) -> None:
    assert decode_srat(encode_srat(srat)) == srat


@given(st.binary(max_size=80))
def test_any_body_decodes_without_loss_or_is_refused(body: bytes) -> None:
    data = _table(body)
    try:
        srat = decode_srat(data)
    except DecodeError:
        return
    assert encode_srat(srat) == data


@pytest.mark.parametrize(
    "entry",
    [
        ProcessorAffinity(1 << 32, 0),
        ProcessorAffinity(-1, 0),
        ProcessorAffinity(0, 256),
        ProcessorAffinity(0, 0, sapic_eid=256),
        MemoryAffinity(0, 1 << 64, 0),
        X2ApicAffinity(0, 1 << 32),
        GiccAffinity(-1, 0),
        GicItsAffinity(0, 0, 1 << 16),
        GenericInitiatorAffinity(1 << 32, PciDeviceHandle(0, 0, 0)),
        GenericPortAffinity(0, PciDeviceHandle(0, 0, 0), reserved=(256, 0)),
        RintcAffinity(0, 0, 1 << 32),
        UnknownStructure(256, b""),
        UnknownStructure(9, bytes(254)),
    ],
)
def test_number_too_large_for_its_field_is_not_encoded(entry: Any) -> None:
    with pytest.raises(struct.error):
        entry.encode()


@pytest.mark.parametrize(("entry_type", "length"), list(enumerate((14, 38, 22, 16, 10, 30, 30, 18))))
def test_structure_with_a_class_of_its_own_is_not_encoded_as_unknown(entry_type: int, length: int) -> None:
    with pytest.raises(ValueError, match=f"type {entry_type} .* has a class of its own"):
        UnknownStructure(entry_type, bytes(length)).encode()
