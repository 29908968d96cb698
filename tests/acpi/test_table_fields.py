from __future__ import annotations

import pytest
from acpi_samples import NAMED, RECORDED, WHOLE, anything, error_of, recorded
from hypothesis import given

from sandbox.acpi.fields import Field, TableDescription, describe
from sandbox.acpi.header import TableHeader, encode_table, with_checksum
from sandbox.acpi.srat import Srat
from sandbox.acpi.table import decode_any


def field(data: bytes, path: str) -> Field:
    (found,) = [field for field in describe(data).fields if field.path == path]
    return found


def summaries(description: TableDescription) -> list[str]:
    return [structure.summary for structure in description.structures]


@given(anything)
def test_fields_cover_every_byte_once_whether_the_table_decodes_or_not(data: bytes) -> None:
    description = describe(data)
    assert b"".join([field.raw for field in description.fields]) == data
    position = 0
    for structure in description.structures:
        assert structure.offset == position
        for one in structure.fields:
            assert (one.offset, one.length) == (position, len(one.raw))
            assert one.path.startswith(structure.path)
            position += one.length
        assert position == structure.offset + structure.length
    paths = [one.path for one in description.fields]
    assert len(set(paths)) == len(paths)


@given(anything)
def test_first_problem_is_what_decoding_raises(data: bytes) -> None:
    problems = [(problem.offset, problem.what) for problem in describe(data).problems]
    error = error_of(decode_any, data)
    assert problems[:1] == ([(error.offset, error.what)] if error else [])


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, data in WHOLE if data[:4] == b"SRAT"])
def test_described_values_are_the_decoded_ones(name: str, data: bytes) -> None:
    srat = decode_any(data)
    assert isinstance(srat, Srat)
    for structure, entry in zip(describe(data).structures[1:], srat.entries, strict=True):
        values = {one.path.removeprefix(structure.path + "."): one.value for one in structure.fields}
        assert structure.type == entry.type == values["type"]
        for name in set(values) & {"pxm", "flags", "apic_id", "x2apic_id", "acpi_processor_uid", "its_id", "base"}:
            assert values[name] == getattr(entry, name)


CPU, X2APIC = "Processor Local APIC/SAPIC Affinity[0]", "Processor Local x2APIC Affinity[0]"
ITS, GI = "GIC Interrupt Translation Service (ITS) Affinity[0]", "Generic Initiator Affinity[0]"
ATTRIBUTES, CACHE = "Memory Proximity Domain Attributes[0]", "Memory Side Cache Information[0]"
LOCALITY = "System Locality Latency and Bandwidth Information[0]"
TWO_READINGS = "0000:00:00.2 as specified; 0000:02:00.0 with bus and devfn bytes swapped"
CACHE_MEANING = "level 2 of 2, direct mapped, write-through, lines of 64 bytes"
FROM_OUTSIDE: list[tuple[str, str, tuple[int, int, str, object, str]]] = [
    ("srat-types", "SRAT.signature", (0, 4, "Signature", "SRAT", "")),
    ("srat-types", "SRAT.length", (4, 4, "Length", 190, "")),
    ("srat-types", "SRAT.checksum", (9, 1, "Checksum", 0xD5, "valid")),
    ("srat-types", "SRAT.oem_id", (10, 6, "OEMID", "INTEL ", "")),
    ("srat-types", "SRAT.creator_revision", (32, 4, "Creator Revision", 0x20200925, "")),
    ("srat-types", "SRAT.reserved1", (36, 4, "Reserved", 1, "reserved, 1 as it must be")),
    ("srat-types", f"{CPU}.pxm_high", (57, 3, "Proximity Domain [31:8]", 0x10203, "PXM 16909060")),
    (
        "srat-types",
        "Memory Affinity[0].base",
        (0x48, 8, "Base Address (Low, High)", 0x123456000, "0x123456000 to 0x1234f5fff, 640 KiB"),
    ),
    ("srat-types", "Memory Affinity[0].address_length", (0x50, 8, "Length (Low, High)", 0xA0000, "640 KiB")),
    ("srat-types", "Memory Affinity[0].flags", (0x5C, 4, "Flags", 7, "enabled, hot pluggable, non-volatile")),
    ("srat-types", f"{X2APIC}.x2apic_id", (0x70, 4, "X2APIC ID", 0x10203, "")),
    ("srat-types", "GICC Affinity[0].flags", (0x8A, 4, "Flags", 0, "disabled")),
    ("srat-types", f"{ITS}.its_id", (0x9A, 4, "ITS ID", 0x30405, "")),
    ("srat-types", f"{GI}.handle_type", (0xA1, 1, "Device Handle Type", 0, "ACPI")),
    ("srat-types", f"{GI}.handle.hid", (0xA6, 8, "ACPI _HID", "NVDA1234", "")),
    ("srat-types", f"{GI}.handle.uid", (0xAE, 4, "ACPI _UID", 0x12345678, "")),
    ("generic-port SRAT", f"{GI}.handle.bdf", (426, 2, "PCI BDF Number", "00:00.2", TWO_READINGS)),
    ("generic-port SRAT", "Generic Port Affinity[0].pxm", (452, 4, "Proximity Domain", 2, "")),
    ("rintc SRAT", "RINTC Affinity[5].acpi_processor_uid", (156, 4, "ACPI Processor UID", 5, "")),
    ("rintc SLIT", "SLIT.localities", (36, 8, "Number of System Localities", 3, "")),
    ("rintc SLIT", "Entry[1][0]", (47, 1, "Entry[1][0]", 21, "PXM 1 to PXM 0")),
    ("hmat-types", f"{ATTRIBUTES}.initiator_pxm", (52, 4, "Proximity Domain for the Attached Initiator", 0x102, "")),
    ("hmat-types", f"{LOCALITY}.entry[0][0]", (124, 2, "Entry[0][0]", 0x102, "PXM 4 to PXM 6: 25800 MB/s")),
    ("hmat-types", f"{LOCALITY}.entry[1][0]", (126, 2, "Entry[1][0]", 0xFFFF, "PXM 5 to PXM 6: unreachable")),
    ("hmat-types", f"{CACHE}.attributes", (152, 4, "Cache Attributes", 0x402122, CACHE_MEANING)),
    ("hmat-types", f"{CACHE}.smbios_handle[1]", (162, 2, "SMBIOS Handles[1]", 0x304, "")),
]


@pytest.mark.parametrize(("source", "path", "expected"), FROM_OUTSIDE)
def test_field_is_where_iasl_and_qemu_put_it(source: str, path: str, expected: tuple[object, ...]) -> None:
    found = field(NAMED[source], path)
    assert (found.offset, found.length, found.name, found.value, found.meaning) == expected


def test_v2_bdf_is_shown_under_both_readings() -> None:
    data = recorded("v2 01-cover-letter")
    found = field(data, "Generic Initiator Affinity[3].handle.bdf")
    assert found.value == "20:00.0"
    assert found.meaning == "0000:20:00.0 as specified; 0000:00:04.0 with bus and devfn bytes swapped"


def test_bdf_that_reads_the_same_either_way_is_shown_once() -> None:
    data = recorded("v2 01-cover-letter").replace(bytes.fromhex("0000200000"), bytes.fromhex("0000202000"))
    assert field(data, "Generic Initiator Affinity[0].handle.bdf").meaning == "0000:20:04.0"


def test_summaries_tell_a_cover_letter_machine() -> None:
    description = describe(recorded("v2 01-cover-letter"))
    assert (description.signature, description.name) == ("SRAT", "System Resource Affinity Table")
    found = summaries(description)
    assert found[0] == "revision 3, 456 bytes, checksum zero"
    assert found[3] == "PXM 1, UID 2, enabled"
    assert found[5] == "PXM 0, 0x40000000 to 0x7fffffff, 1 GiB, enabled"
    assert found[7] == "PXM 2, PCI 0000:20:00.0 (swapped 0000:00:04.0), enabled"


def test_summaries_tell_the_other_structures() -> None:
    assert "PXM 2, ACPI ACPI0016 uid 64, enabled" in summaries(describe(NAMED["generic-port SRAT"]))
    assert "PXM 0, empty at 0x0, disabled" in summaries(describe(NAMED["generic-port SRAT"]))
    assert "PXM 16909060, APIC ID 42, enabled" in summaries(describe(NAMED["srat-types"]))
    assert "PXM 260, ITS ID 197637" in summaries(describe(NAMED["srat-types"]))
    assert summaries(describe(NAMED["rintc SLIT"]))[1:] == [
        "from PXM 0: 10 20 30",
        "from PXM 1: 21 10 40",
        "from PXM 2: 31 41 10",
    ]
    assert summaries(describe(NAMED["hmat-types"]))[1:] == [
        "memory PXM 515, attached to initiator PXM 258",
        "read bandwidth, second-level cache, 2 x 1 initiators and targets",
        "memory PXM 515, 1 GiB, level 2 of 2, direct mapped, write-through, lines of 64 bytes",
    ]


def test_structures_count_by_name_and_by_place() -> None:
    structures = describe(recorded("v2 01-cover-letter")).structures
    assert [(one.path, one.index, one.type) for one in structures[:8:7]] == [
        ("SRAT", None, None),
        ("Generic Initiator Affinity[0]", 6, 5),
    ]


def _srat(*bodies: str) -> bytes:
    return encode_table(TableHeader("SRAT", 3), bytes.fromhex("010000000000000000000000" + "".join(bodies)))


def test_structures_that_are_not_decoded_say_why() -> None:
    description = describe(_srat("0904aabb", "0504ccdd"))
    assert [(one.path, one.summary) for one in description.structures[1:]] == [
        ("Unknown Type 9[0]", "not decoded: a type that is not known"),
        ("Generic Initiator Affinity[0]", "not decoded: 4 bytes, where the specification has 32"),
    ]
    assert description.structures[2].fields[-1].value == b"\xcc\xdd"


def test_reserved_bits_and_fields_that_are_set_are_named() -> None:
    data = _srat("05200203010000000000000200000000", "000000000000000006000080000000ff")
    prefix = "Generic Initiator Affinity[0]"
    assert field(data, f"{prefix}.reserved1").meaning == "reserved, not zero"
    assert field(data, f"{prefix}.handle_type").meaning == "reserved type"
    assert field(data, f"{prefix}.flags").meaning == "disabled, architectural transactions, reserved bits 0x80000004"
    assert describe(data).structures[1].summary.startswith("PXM 1, handle of reserved type 3, disabled")


@pytest.mark.parametrize(
    ("distances", "meaning"),
    [
        ((10, 9), "PXM 0 to PXM 1, reserved value"),
        ((10, 10), "PXM 0 to PXM 1, 10 as for one locality"),
        ((10, 255), "PXM 0 to PXM 1, unreachable"),
    ],
)
def test_distances_out_of_the_ordinary_are_named(distances: tuple[int, int], meaning: str) -> None:
    data = encode_table(TableHeader("SLIT", 1), bytes([2, 0, 0, 0, 0, 0, 0, 0, *distances, 20, 11]))
    assert field(data, "Entry[0][1]").meaning == meaning
    assert field(data, "Entry[1][1]").meaning == "PXM 1 to PXM 1, not 10 as a locality to itself"


@pytest.mark.parametrize(("name", "data", "offset"), [entry for entry in RECORDED if entry[2] is not None])
def test_broken_table_is_shown_up_to_where_it_breaks(name: str, data: bytes, offset: int) -> None:
    description = describe(data)
    assert [problem.offset for problem in description.problems] == [offset]
    last = description.structures[-1]
    assert (last.path, last.offset, last.raw) == ("Undecoded Bytes", offset, data[offset:])
    assert description.structures[-2].name in {"Generic Initiator Affinity", "Memory Affinity"}


def test_table_cut_off_names_both_problems() -> None:
    data = recorded("v2 01-cover-letter")[:470]
    description = describe(data[:450])
    assert [str(problem) for problem in description.problems] == [
        "offset 0x4: the header's length is 456, but there are 450 bytes",
        "offset 0x1a8: the structure of type 5 has the length 32, but 26 bytes are left",
    ]
    assert field(data[:450], "SRAT.length").meaning == "but there are 450 bytes"


def test_bytes_behind_the_table_are_set_apart() -> None:
    description = describe(recorded("v2 00-baseline-no-gi") + b"xyz")
    last = description.structures[-1]
    assert (last.path, last.raw, last.summary) == (
        "Bytes Past The End",
        b"xyz",
        "3 bytes past the length that the header gives",
    )


def test_header_cut_off_shows_the_part_that_is_there() -> None:
    description = describe(recorded("v2 00-baseline-no-gi")[:13])
    assert description.fields[-1].path == "SRAT.oem_id"
    assert description.fields[-1].meaning == "cut off: 3 of 6 bytes"
    assert [str(problem) for problem in description.problems] == [
        "offset 0xd: the table ends after 13 bytes, an empty table has 36"
    ]


def test_table_that_is_not_known_shows_its_header() -> None:
    data = with_checksum(b"APIC" + NAMED["rintc SLIT"][4:])
    description = describe(data)
    assert (description.signature, description.name) == ("APIC", "Unknown Table")
    assert field(data, "Table.revision").value == 1
    assert [one.path for one in description.structures] == ["Table", "Undecoded Bytes"]


def test_signature_that_is_no_text_is_given_as_hexadecimal_digits() -> None:
    assert describe(b"\xff\0\1\2").signature == "ff000102"
    assert describe(b"").signature == ""


def test_slit_with_too_many_localities_shows_its_whole_rows() -> None:
    data = encode_table(TableHeader("SLIT", 1), bytes([3, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30, 20]))
    assert [one.path for one in describe(data).structures] == ["SLIT", "Entry[0]", "Undecoded Bytes"]


def test_checksum_that_is_not_right_says_which_would_be() -> None:
    data = NAMED["srat-types"]
    assert data[9] == 0xD5
    assert field(with_checksum(data, 1), "SRAT.checksum").meaning == "wrong, 0xd5 would be right"
    assert field(with_checksum(data, 0), "SRAT.checksum").meaning == "zero as in fw_cfg, 0xd5 would be right"
