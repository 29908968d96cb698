from __future__ import annotations

import pytest
from acpi_samples import NAMED, anything, entries, recorded
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acpi.difference import Difference, Kind, diff_tables
from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.header import TableHeader, encode_table, with_checksum
from sandbox.acpi.srat import GenericInitiatorAffinity, MemoryAffinity, Srat, SratEntry, UnknownStructure, encode_srat

BASELINE = recorded("v2 00-baseline-no-gi")
COVER_LETTER = recorded("v2 01-cover-letter")


def short(differences: tuple[Difference, ...]) -> list[tuple[str, str | None, str | None]]:
    return [
        (one.kind.value, one.a.path if one.a else None, one.b.path if one.b else None)
        for one in differences
        if not one.consequent
    ]


def srat(*members: SratEntry) -> bytes:
    return encode_srat(Srat(TableHeader("SRAT", 3), members))


def initiators(*pxms: int, devfn: int = 0x20) -> list[SratEntry]:
    return [GenericInitiatorAffinity(pxm, PciDeviceHandle(0, 0, devfn)) for pxm in pxms]


@given(anything)
def test_table_does_not_differ_from_itself(data: bytes) -> None:
    assert diff_tables(data, data) == ()


@given(anything, anything)
def test_tables_of_other_bytes_differ_not_only_consequently(a: bytes, b: bytes) -> None:
    differences = diff_tables(a, b)
    assert (differences == ()) == (a == b)
    assert differences == () or not all(one.consequent for one in differences)


@given(st.lists(entries, max_size=5), st.integers(0, 5), entries)
def test_one_more_structure_is_one_difference(some: list[SratEntry], place: int, one: SratEntry) -> None:
    more = [*some[:place], one, *some[place:]]
    assert [kind for kind, _, _ in short(diff_tables(srat(*some), srat(*more)))] == ["added"]
    assert [kind for kind, _, _ in short(diff_tables(srat(*more), srat(*some)))] == ["removed"]


@pytest.mark.parametrize("place", range(4))
def test_a_structure_between_equal_ones_is_one_difference(place: int) -> None:
    some = [MemoryAffinity(0, 0, 0, 0)] * 3
    more = [*some[:place], MemoryAffinity(1, 0, 4096), *some[place:]]
    assert [kind for kind, _, _ in short(diff_tables(srat(*some), srat(*more)))] == ["added"]
    assert [kind for kind, _, _ in short(diff_tables(srat(*more), srat(*some)))] == ["removed"]


def test_initiator_that_was_added_is_named_with_its_place_and_meaning() -> None:
    length, added = diff_tables(BASELINE, recorded("v2 02-generic-one"))
    assert (length.kind, length.name, length.consequent) == (Kind.CHANGED, "Length", True)
    assert (added.kind, added.a, added.consequent) == (Kind.ADDED, None, False)
    assert added.b is not None
    assert (added.b.path, added.b.offset, added.b.length) == ("Generic Initiator Affinity[0]", 0xC8, 32)
    assert added.b.meaning == "PXM 2, PCI 0000:20:00.0 (swapped 0000:00:04.0), enabled"


def test_another_device_is_named_field_by_field() -> None:
    differences = diff_tables(COVER_LETTER, recorded("v2 04a-two-devices-disjoint"))
    assert short(differences) == [
        ("changed", path, path) for path in [f"Generic Initiator Affinity[{n}].handle.bdf" for n in (4, 5, 6, 7)]
    ]
    a, b = differences[0].a, differences[0].b
    assert a is not None
    assert b is not None
    assert (a.offset, a.length, a.value, b.value) == (0x152, 2, "20:00.0", "28:00.0")
    assert b.meaning == "0000:28:00.0 as specified; 0000:00:05.0 with bus and devfn bytes swapped"


def test_other_order_of_the_same_initiators_is_all_moves() -> None:
    differences = diff_tables(COVER_LETTER, recorded("v2 03-generic-eight"))
    assert {one.kind for one in differences} == {Kind.MOVED}
    for one in differences:
        assert one.a is not None
        assert one.b is not None
        assert one.a.value == one.b.value
        assert one.a.path != one.b.path


def test_moved_structure_is_told_from_those_it_passed() -> None:
    assert short(diff_tables(srat(*initiators(2, 3, 4, 5)), srat(*initiators(5, 2, 3, 4)))) == [
        ("moved", "Generic Initiator Affinity[3]", "Generic Initiator Affinity[0]")
    ]


def test_changed_structures_pair_up_with_the_most_alike() -> None:
    differences = diff_tables(srat(*initiators(2, 3, 4)), srat(*initiators(2, 4, devfn=0x28)))
    assert short(differences) == [
        ("changed", "Generic Initiator Affinity[0].handle.bdf", "Generic Initiator Affinity[0].handle.bdf"),
        ("removed", "Generic Initiator Affinity[1]", None),
        ("changed", "Generic Initiator Affinity[2].handle.bdf", "Generic Initiator Affinity[1].handle.bdf"),
    ]


def test_structures_of_other_types_do_not_pair_up() -> None:
    differences = diff_tables(srat(UnknownStructure(9, b"x")), srat(UnknownStructure(10, b"x")))
    assert short(differences) == [("removed", "Unknown Type 9[0]", None), ("added", None, "Unknown Type 10[0]")]


def test_large_blocks_pair_up_in_order() -> None:
    a, b = srat(*initiators(*range(200))), srat(*initiators(*range(200), devfn=0x28))
    assert short(diff_tables(a, b)) == [
        ("changed", path, path) for path in [f"Generic Initiator Affinity[{n}].handle.bdf" for n in range(200)]
    ]


def test_checksum_of_two_right_tables_is_consequent() -> None:
    differences = diff_tables(with_checksum(BASELINE), with_checksum(COVER_LETTER))
    assert {one.name for one in differences if one.consequent} == {"Length", "Checksum"}


def test_checksum_of_fw_cfg_against_the_right_one_is_a_difference_of_its_own() -> None:
    (only,) = diff_tables(BASELINE, with_checksum(BASELINE))
    assert (only.name, only.consequent) == ("Checksum", False)
    assert only.a is not None
    assert only.a.meaning.startswith("zero as in fw_cfg")


def test_length_that_is_wrong_is_a_difference_of_its_own() -> None:
    broken = BASELINE[:4] + (201).to_bytes(4, "little") + BASELINE[8:]
    (only,) = diff_tables(BASELINE, broken)
    assert (only.name, only.consequent) == ("Length", False)


def test_structure_cut_off_is_a_difference() -> None:
    assert ("added", None, "Undecoded Bytes") in short(diff_tables(COVER_LETTER, COVER_LETTER[:-1]))


def _slit(*rows: bytes) -> bytes:
    return encode_table(TableHeader("SLIT", 1), len(rows).to_bytes(8, "little") + b"".join(rows))


def test_distance_that_differs_is_named_by_its_cell() -> None:
    a, b = _slit(b"\x0a\x14", b"\x14\x0a"), _slit(b"\x0a\x14", b"\x1e\x0a")
    assert short(diff_tables(a, b)) == [("changed", "Entry[1][0]", "Entry[1][0]")]


def test_one_more_locality_is_a_column_in_each_row_and_a_row() -> None:
    a, b = _slit(b"\x0a\x14", b"\x14\x0a"), _slit(b"\x0a\x14\x14", b"\x14\x0a\x14", b"\x14\x14\x0a")
    assert sorted(short(diff_tables(a, b)), key=str) == [
        ("added", None, "Entry[0][2]"),
        ("added", None, "Entry[1][2]"),
        ("added", None, "Entry[2]"),
        ("changed", "SLIT.localities", "SLIT.localities"),
    ]


def test_hmat_entry_that_differs_is_named_by_its_pair() -> None:
    a = NAMED["hmat-types"]
    b = with_checksum(a[:124] + b"\1\0" + a[126:])
    (entry,) = [one for one in diff_tables(a, b) if not one.consequent]
    assert entry.b is not None
    assert entry.b.path == "System Locality Latency and Bandwidth Information[0].entry[0][0]"
    assert entry.b.meaning == "PXM 4 to PXM 6: 100 MB/s"


def test_hmat_length_that_follows_from_a_count_is_consequent() -> None:
    a = NAMED["hmat-types"]
    b = bytearray(a[:-2])
    b[4] -= 2
    b[132] -= 2
    b[158] -= 1
    differences = diff_tables(a, with_checksum(bytes(b)))
    assert [one.name for one in differences] == [
        "Length",
        "Checksum",
        "Length",
        "Number of SMBIOS Handles (n)",
        "SMBIOS Handles[1]",
    ]
    assert [one.consequent for one in differences] == [True, True, True, False, False]


def test_tables_of_other_kinds_share_only_their_header() -> None:
    differences = diff_tables(NAMED["rintc SRAT"], NAMED["rintc SLIT"])
    assert ("changed", "SRAT.signature", "SLIT.signature") in short(differences)
    assert ("removed", "RINTC Affinity[0]", None) in short(differences)
    assert ("added", None, "Entry[0]") in short(differences)


@pytest.mark.parametrize("offset", [36 + 8, len(COVER_LETTER) - 5])
def test_a_byte_that_makes_the_checksum_wrong_makes_it_differ(offset: int) -> None:
    right = with_checksum(COVER_LETTER)
    damaged = bytearray(right)
    damaged[offset] ^= 5
    checksum, *others = [one for one in diff_tables(right, bytes(damaged)) if not one.consequent]
    assert (checksum.a.path, checksum.a.value, checksum.a.meaning) == ("SRAT.checksum", right[9], "valid")
    assert checksum.b.value == right[9]
    assert checksum.b.meaning.startswith("wrong, ")
    assert len(others) == 1


def test_a_table_that_is_cut_off_has_no_longer_its_length() -> None:
    right = with_checksum(COVER_LETTER)
    found = {one.b.path: one.b.meaning for one in diff_tables(right, right[:-32]) if one.b and not one.consequent}
    assert found["SRAT.length"] == f"but there are {len(right) - 32} bytes"
