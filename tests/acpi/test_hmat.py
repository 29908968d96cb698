from __future__ import annotations

import struct
from typing import Any

import pytest
from acpi_samples import NAMED, hmats, recorded
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acpi.header import TableHeader, encode_table
from sandbox.acpi.hmat import (
    Hmat,
    HmatStructure,
    LocalityLatencyBandwidth,
    MemoryProximityDomainAttributes,
    MemorySideCache,
    UnknownHmatStructure,
    decode_hmat,
    decode_structure,
    encode_hmat,
)
from sandbox.errors import DecodeError

QEMU = "generic-port HMAT"
IASL = "hmat-types"
HEADER = TableHeader("HMAT", 2)
FROM_OUTSIDE: list[tuple[str, str, HmatStructure]] = [
    (
        IASL,
        "00000000280000000100000002010000 03020000000000000000000000000000 0000000000000000",
        MemoryProximityDomainAttributes(flags=1, initiator_pxm=0x102, memory_pxm=0x203),
    ),
    (
        QEMU,
        "00000000280000000000000080000000 04000000000000000000000000000000 0000000000000000",
        MemoryProximityDomainAttributes(flags=0, initiator_pxm=128, memory_pxm=4),
    ),
    (
        IASL,
        "01000000300000000204000002000000 01000000000000006400000000000000 0400000005000000060000000201ffff",
        LocalityLatencyBandwidth(
            flags=2,
            data_type=4,
            initiators=(4, 5),
            targets=(6,),
            entry_base_unit=100,
            entries=((0x102,), (0xFFFF,)),
        ),
    ),
    (
        QEMU,
        "02000000200000000000000000000000 00280000000000001111080000000000",
        MemorySideCache(memory_pxm=0, size=10 << 10, attributes=0x81111),
    ),
    (
        IASL,
        "02000000240000000302000000000000 00000040000000002221400000000200 02010403",
        MemorySideCache(memory_pxm=0x203, size=1 << 30, attributes=0x402122, smbios_handles=(0x102, 0x304)),
    ),
]


@pytest.mark.parametrize(("source", "wire", "structure"), FROM_OUTSIDE)
def test_structure_has_the_bytes_that_others_write(source: str, wire: str, structure: HmatStructure) -> None:
    data = bytes.fromhex(wire)
    assert data in NAMED[source]
    assert structure in decode_hmat(NAMED[source]).structures
    assert (structure.encode(), structure.type) == (data, data[0])


def test_latencies_of_a_booted_machine_decode_by_initiator_and_target() -> None:
    hmat = decode_hmat(recorded("s2_h_hmat_gi_init seen", "HMAT"))
    latency = next(item for item in hmat.structures if isinstance(item, LocalityLatencyBandwidth))
    assert (latency.initiators, latency.targets, latency.entry_base_unit) == ((0, 1, 2, 3), (0, 1, 2, 3), 1000)
    assert latency.entries == ((5, 10, 0, 0), (10, 5, 0, 0), (3, 3, 0, 0), (3, 3, 0, 0))


def test_reserved_fields_that_are_not_zero_are_kept() -> None:
    wire = [
        "00000102280000000100030402010000 030200000506070801020304050607ff 0102030405060708",
        "01000102300000000204050602000000 01000000010203046400000000000000 0400000005000000060000000201ffff",
        "02000102200000000302000001020304 00000040000000002221400001020000",
    ]
    data = encode_table(HEADER, b"\1\2\3\4" + b"".join([bytes.fromhex(line) for line in wire]))
    hmat = decode_hmat(data)
    assert [structure.type for structure in hmat.structures] == [0, 1, 2]
    assert not any(isinstance(structure, UnknownHmatStructure) for structure in hmat.structures)
    assert encode_hmat(hmat) == data


@pytest.mark.parametrize(
    ("wire", "structure"),
    [
        ("0300ffff0a0000000102", UnknownHmatStructure(3, b"\1\2", 0xFFFF)),
        ("0000000008000000", UnknownHmatStructure(0, b"")),
        ("01000000200000000000000001000000 01000000000000000000000000000000", None),
        ("02000000200000000000000000000000 00000000000000000000000000000100", None),
    ],
)
def test_structure_that_contradicts_itself_is_kept_as_bytes(wire: str, structure: HmatStructure | None) -> None:
    data = bytes.fromhex(wire)
    found = decode_structure(data)
    assert isinstance(found, UnknownHmatStructure)
    assert structure in {None, found}
    assert decode_hmat(encode_table(HEADER, bytes(4) + data)).structures == (found,)
    assert found.encode() == data


@pytest.mark.parametrize(
    ("wire", "what"),
    [
        ("000000000700000000", "the structure of type 0 has the length 7"),
        ("000000002800000000", "the structure of type 0 has the length 40, but 9 bytes are left"),
        ("00000000280000", "7 bytes are left, a structure begins with 8"),
    ],
)
def test_length_that_leads_nowhere_is_refused_at_the_structure(wire: str, what: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_hmat(encode_table(HEADER, bytes(4) + bytes.fromhex(wire)))
    assert (caught.value.offset, caught.value.what) == (40, what)


def test_table_without_its_reserved_field_is_refused() -> None:
    with pytest.raises(DecodeError, match="offset 0x26: the table ends after 38 bytes, an empty HMAT has 40"):
        decode_hmat(encode_table(HEADER, bytes(2)))


def test_header_of_another_table_is_refused() -> None:
    with pytest.raises(DecodeError, match="the signature is 'SRAT', not 'HMAT'"):
        decode_hmat(NAMED["rintc SRAT"])
    with pytest.raises(ValueError, match="'SRAT', not 'HMAT'"):
        encode_hmat(Hmat(TableHeader("SRAT", 1), ()))


@given(hmats)
def test_every_table_survives(hmat: Hmat) -> None:
    assert decode_hmat(encode_hmat(hmat)) == hmat


@given(st.integers(0, 3), st.binary(max_size=60))
def test_any_structure_decodes_without_loss(structure_type: int, body: bytes) -> None:
    data = struct.pack("<HHI", structure_type, 0, 8 + len(body)) + body
    assert decode_structure(data).encode() == data


@pytest.mark.parametrize(
    "structure",
    [
        LocalityLatencyBandwidth(0, 0, (0, 1), (0,), 1, ((1,),)),
        LocalityLatencyBandwidth(0, 0, (0,), (0, 1), 1, ((1,),)),
        UnknownHmatStructure(0, bytes(32)),
        UnknownHmatStructure(2, bytes(24)),
    ],
)
def test_structure_that_would_not_read_back_is_not_encoded(structure: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        structure.encode()
