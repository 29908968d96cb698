"""What a mapping of v2's entries to merged ones notices."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from qom_types.dialects import DIALECTS
from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle
from sandbox.acpi.header import TableHeader, with_checksum
from sandbox.acpi.hmat import Hmat, LocalityLatencyBandwidth, encode_hmat
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GiccAffinity,
    MemoryAffinity,
    Srat,
    decode_srat,
    encode_srat,
)
from sandbox.compare.v2_mapping import map_tables
from sandbox.translate.correspondence import Counterpart

V2_ENTRY = bytes.fromhex("0520 0001 02000000 0000 2000 000000000000000000000000 01000000 00000000")
"""Node 2 and the device 04.0, as recorded from a QEMU with the series."""
MERGED_ENTRY = bytes.fromhex("0520 0001 02000000 0000 0120 000000000000000000000000 01000000 00000000")
"""The same behind a root port whose bus is 1, as QEMU since 9.2 has it."""
SWAPPED_ENTRY = bytes.fromhex("0520 0001 02000000 0000 2001 000000000000000000000000 01000000 00000000")
"""The same as QEMU 9.0.0 has it."""

HEADER = TableHeader("SRAT", 3)
BEFORE = (GiccAffinity(0, 0), MemoryAffinity(0, 0x40000000, 1 << 30))
AFTER = (MemoryAffinity(1, 1 << 38, 1 << 30, 3),)
DEV = Counterpart(2, "gi0", "dev0", 1, 0x20, "gi0-2")


@dataclass(frozen=True)
class Tables:
    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None


def entry(pxm: int = 2, bus: int = 1, devfn: int = 0x20, **changes) -> GenericInitiatorAffinity:
    return GenericInitiatorAffinity(pxm, PciDeviceHandle(0, bus, devfn), **changes)


def srat(*initiators, before=BEFORE, after=AFTER, header=HEADER) -> bytes:
    return encode_srat(Srat(header, (*before, *initiators, *after)))


def of_bytes(*entries: bytes) -> bytes:
    head = encode_srat(Srat(HEADER, BEFORE))
    body = head[36:] + b"".join(entries) + AFTER[0].encode()
    data = head[:4] + (36 + len(body)).to_bytes(4, "little") + head[8:36] + body
    return with_checksum(data)


V2 = of_bytes(V2_ENTRY)


def mapped(merged: bytes | None, counterparts=(DEV,), v2: bytes | None = V2, dialect: str = "10.0"):
    return map_tables(Tables(v2), Tables(merged), counterparts, DIALECTS[dialect])


@pytest.mark.parametrize(
    ("dialect", "merged"),
    [("9.0", SWAPPED_ENTRY), ("9.2", MERGED_ENTRY), ("10.0", MERGED_ENTRY), ("11.1", MERGED_ENTRY)],
)
def test_entry_with_the_handle_of_its_dialect_corresponds(dialect, merged):
    mapping = mapped(of_bytes(merged), dialect=dialect)
    assert mapping.passed
    assert mapping.entries[0].merged_index == 0
    assert mapping.entries[0].v2_handle.hex() == V2_ENTRY[8:24].hex()
    assert mapping.entries[0].found_handle.hex() == merged[8:24].hex()


@pytest.mark.parametrize(
    ("merged", "problem"),
    [
        (entry(pxm=3), "the merged entry has PXM 3, not 2"),
        (entry(bus=0), "the merged entry has the handle 0000:00:04.0, not 0000:01:04.0"),
        (entry(bus=0x20, devfn=1), "the merged entry has the handle 0000:20:00.1, not 0000:01:04.0"),
        (entry(flags=0), "the merged entry has flags 0x0, reserved fields (0, 0)"),
        (entry(flags=3), "the merged entry has flags 0x3, reserved fields (0, 0)"),
        (entry(reserved=(1, 0)), "the merged entry has flags 0x1, reserved fields (1, 0)"),
        (
            GenericInitiatorAffinity(2, AcpiDeviceHandle(b"ACPI0016", 1)),
            "the merged entry has the handle of type 0, not 0000:01:04.0",
        ),
        (
            GenericInitiatorAffinity(2, PciDeviceHandle(1, 1, 0x20)),
            "the merged entry has the handle 0001:01:04.0, not 0000:01:04.0",
        ),
    ],
)
def test_wrong_merged_entry_is_named(merged, problem):
    mapping = mapped(srat(merged))
    assert [it.problem for it in mapping.entries] == [problem]
    assert mapping.differences == ()
    assert not mapping.passed


def test_missing_merged_entry_is_named():
    mapping = mapped(srat())
    assert mapping.entries[0].problem == "there is no merged entry with PXM 2 and the handle 0000:01:04.0"
    assert mapping.entries[0].merged_index is None


def test_surplus_merged_entry_is_named():
    mapping = mapped(srat(entry(), entry(pxm=9)))
    assert mapping.differences == ("the merged Generic Initiator 1 (PXM 9, 0000:01:04.0) stands for no entry of v2's",)
    assert not mapping.passed


def test_a_merged_entry_stands_for_one_v2_entry_only():
    twice = (DEV, replace_id(DEV, "gi1", "gi1-2"))
    v2 = of_bytes(V2_ENTRY, V2_ENTRY)
    assert mapped(of_bytes(MERGED_ENTRY, MERGED_ENTRY), twice, v2).passed
    assert [it.problem for it in mapped(of_bytes(MERGED_ENTRY), twice, v2).entries] == [
        "",
        "there is no merged entry with PXM 2 and the handle 0000:01:04.0",
    ]


def replace_id(it: Counterpart, object_id: str, merged_id: str) -> Counterpart:
    return Counterpart(it.pxm, object_id, it.device_id, it.bus, it.devfn, merged_id)


def test_order_of_the_merged_entries_is_free():
    counterparts = [Counterpart(pxm, "gi0", "dev0", 0, 0x20, f"gi0-{pxm}") for pxm in (2, 3, 4)]
    v2 = srat(*(entry(pxm, 0x20, 0) for pxm in (2, 3, 4)))
    mapping = mapped(srat(*(entry(pxm, 0) for pxm in (4, 2, 3))), counterparts, v2)
    assert mapping.passed
    assert [it.merged_index for it in mapping.entries] == [1, 2, 0]


def test_a_wrong_entry_does_not_take_the_counterpart_of_a_right_one():
    counterparts = [Counterpart(2, "gi0", "dev0", 0, 0x28, "a"), Counterpart(2, "gi1", "dev1", 0, 0x20, "b")]
    v2 = srat(entry(2, 0x28, 0), entry(2, 0x20, 0))
    mapping = mapped(srat(entry(2, 0, 0x20), entry(2, 0, 0x30)), counterparts, v2)
    assert [it.merged_index for it in mapping.entries] == [1, 0]
    assert [bool(it.problem) for it in mapping.entries] == [True, False]


@pytest.mark.parametrize(
    ("v2", "problem"),
    [
        (srat(entry(3, 0x20, 0)), "v2's entry has PXM 3, not 2"),
        (srat(entry(2, 0x28, 0)), "v2's entry has the handle 0000:28:00.0, not 0000:20:00.0"),
        (srat(entry(2, 0x20, 0, flags=0)), "v2's entry has the flags 0x0, reserved fields (0, 0)"),
        (srat(), "v2's SRAT has no such entry"),
    ],
)
def test_wrong_v2_entry_is_named(v2, problem):
    assert [it.problem for it in mapped(srat(entry()), v2=v2).entries] == [problem]


def test_v2_entry_that_comes_from_no_object_is_named():
    mapping = mapped(srat(entry()), v2=srat(entry(2, 0x20, 0), entry(5, 0x28, 0)))
    assert mapping.differences == ("v2's Generic Initiator 1 (PXM 5, 0000:28:00.0) comes from no object",)


def test_excused_entry_needs_no_counterpart_and_must_not_have_one():
    excused = Counterpart(2, "gi0", "dev0", 1, 0x20, "", "there is no such node")
    assert mapped(srat(), [excused]).passed
    assert not mapped(srat(entry()), [excused]).passed


@pytest.mark.parametrize(
    ("merged", "difference"),
    [
        (
            srat(entry(), before=(GiccAffinity(1, 0), BEFORE[1])),
            "SRAT: GICC Affinity[0].pxm is 0 in v2's table, 1 in the merged one",
        ),
        (srat(entry(), after=()), "SRAT: Memory Affinity[1] (PXM 1"),
        (srat(entry(), after=(*AFTER, GiccAffinity(0, 1))), "SRAT: GICC Affinity[1] ("),
        (srat(entry(), before=BEFORE[::-1]), "stands elsewhere in the merged table"),
        (srat(entry(), header=TableHeader("SRAT", 2)), "SRAT: SRAT.revision is 3 in v2's table, 2 in the merged one"),
        (srat(entry(), header=TableHeader("SRAT", 3, b"OTHER ")), "SRAT: SRAT.oem_id is"),
        (with_checksum(srat(entry()), 1), "SRAT: the merged table has a wrong checksum"),
        (srat(entry())[:-1], "the merged SRAT does not decode: "),
        (srat(entry(), before=(*BEFORE, *AFTER), after=()), "SRAT: the Generic Initiators stand behind the first 2 "),
        (None, "SRAT: v2's machine has one, the merged one has not"),
    ],
)
def test_any_other_difference_of_srat_is_named(merged, difference):
    mapping = mapped(merged)
    assert any(difference in found for found in mapping.differences), mapping.differences
    assert not mapping.passed


def test_reserved_fields_in_front_of_the_entries_count():
    changed = encode_srat(replace_reserved(decode_srat(srat(entry()))))
    assert not mapped(changed).passed


def replace_reserved(table: Srat) -> Srat:
    return Srat(table.header, table.entries, (2, 0))


def test_entries_of_other_kinds_between_the_initiators_are_named():
    other = Counterpart(3, "gi0", "dev0", 1, 0x20, "gi0-3")
    v2 = srat(entry(2, 0x20, 0), entry(3, 0x20, 0), before=BEFORE[:1], after=BEFORE[1:])
    mixed = encode_srat(Srat(HEADER, (BEFORE[0], entry(2), BEFORE[1], entry(3))))
    mapping = mapped(mixed, (DEV, other), v2)
    assert mapping.differences == ("SRAT: other entries stand between the Generic Initiators of the merged table",)


def slit(*rows: bytes) -> bytes:
    return encode_slit(Slit(TableHeader("SLIT", 1), rows))


@pytest.mark.parametrize(
    ("v2", "merged", "difference"),
    [
        (slit(b"\x0a\x14", b"\x14\x0a"), slit(b"\x0a\x15", b"\x14\x0a"), "is 20 in v2's table, 21 in the merged one"),
        (slit(b"\x0a"), None, "SLIT: v2's machine has one, the merged one has not"),
        (None, slit(b"\x0a"), "SLIT: the merged machine has one, v2's has not"),
    ],
)
def test_any_difference_of_slit_is_named(v2, merged, difference):
    tables = Tables(V2, v2), Tables(srat(entry()), merged)
    mapping = map_tables(*tables, (DEV,), DIALECTS["10.0"])
    assert len(mapping.differences) == 1
    assert difference in mapping.differences[0]


LATENCIES = LocalityLatencyBandwidth(0, 0, (0,), (0, 1, 2), 1000, ((10, 20, 0),))
WITH_ROW = LocalityLatencyBandwidth(0, 0, (0, 2), (0, 1, 2), 1000, ((10, 20, 0), (0, 0, 0)))


WITH_VALUE = LocalityLatencyBandwidth(0, 0, (0, 2), (0, 1, 2), 1000, ((10, 20, 0), (0, 1, 0)))


def hmat(*structures) -> bytes:
    return encode_hmat(Hmat(TableHeader("HMAT", 2), structures))


def with_hmat(v2: bytes | None, merged: bytes | None, marked=frozenset({2})):
    tables = Tables(V2, hmat=v2), Tables(srat(entry()), hmat=merged)
    return map_tables(*tables, (DEV,), DIALECTS["10.0"], marked)


def test_empty_row_of_hmat_for_the_node_of_a_merged_object_is_noted():
    mapping = with_hmat(hmat(LATENCIES), hmat(WITH_ROW))
    assert mapping.passed
    assert len(mapping.notes) == 1
    assert with_hmat(hmat(LATENCIES), hmat(LATENCIES)).notes == ()


@pytest.mark.parametrize(
    ("merged", "marked"),
    [
        (hmat(WITH_ROW), frozenset()),
        (hmat(WITH_VALUE), {2}),
        (hmat(), {2}),
        (None, {2}),
        (hmat(LATENCIES)[:-1], {2}),
    ],
)
def test_any_other_difference_of_hmat_is_named(merged, marked):
    mapping = with_hmat(hmat(LATENCIES), merged, marked)
    assert mapping.differences
    assert all(found.startswith("HMAT") for found in mapping.differences)


def test_tables_without_srat_map():
    assert mapped(None, (), None).passed
