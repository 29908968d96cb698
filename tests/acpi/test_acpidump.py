from __future__ import annotations

import pytest
from acpi_samples import DATA, NAMED, WHOLE, anything, error_of
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acpi.dump import DumpTextError, RawTable, read_tables, to_acpidump
from sandbox.errors import DecodeError

ACPIDUMP = (DATA / "acpidump.txt").read_bytes()
SRAT, SLIT = NAMED["rintc SRAT"], NAMED["rintc SLIT"]


def test_text_of_acpidump_holds_the_tables_that_it_was_given() -> None:
    assert read_tables(ACPIDUMP) == (RawTable("SRAT", SRAT, 0), RawTable("SLIT", SLIT, 0))


def test_text_is_written_as_acpidump_writes_it() -> None:
    assert to_acpidump([RawTable("SRAT", SRAT, 0), RawTable("SLIT", SLIT, 0)]).encode() == ACPIDUMP


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_text_may_have_other_line_ends(line_end: bytes) -> None:
    assert read_tables(ACPIDUMP.replace(b"\n", line_end)) == read_tables(ACPIDUMP)


def test_text_may_lack_characters_beside_the_bytes_and_the_last_empty_line() -> None:
    text = b"\nSRAT @ 0x7ffe0000\n 0000: 53 52 41 54\n 0004: 05"
    assert read_tables(text) == (RawTable("SRAT", b"SRAT\5", 0x7FFE0000),)


def test_characters_beside_the_bytes_are_not_read_as_bytes() -> None:
    data = b"SRAT" + b"41 42 43 @ 0x1 " * 5
    assert read_tables(to_acpidump([RawTable("SRAT", data, 1)]).encode()) == (RawTable("SRAT", data, 1),)


tables = st.builds(
    RawTable,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", min_size=4, max_size=4),
    st.one_of(st.binary(min_size=1, max_size=60), st.sampled_from([data for _, data in WHOLE])),
    st.integers(0, (1 << 64) - 1),
)


@given(st.lists(tables, min_size=1, max_size=3).map(tuple))
def test_text_reads_back(some: tuple[RawTable, ...]) -> None:
    assert read_tables(to_acpidump(some).encode()) == some


def test_tables_without_an_address_get_different_ones() -> None:
    some = [("SRAT", bytes(5000), None), ("SLIT", SLIT, 0x7FFE0000), ("SLIT", SLIT, None), ("HMAT", b"", None)]
    heads = [line for line in to_acpidump(RawTable(*one) for one in some).splitlines() if " @ " in line]
    assert heads == [
        "SRAT @ 0x000000007FFE1000",
        "SLIT @ 0x000000007FFE0000",
        "SLIT @ 0x000000007FFE3000",
        "HMAT @ 0x000000007FFE4000",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        (b"    0020:", b"    0030:", 4, "expected the row of offset 0020, found 0030"),
        (b"53 52 41", b"5G 52 41", 2, "expected a row of bytes, found '    0000: 5G 52 41 54"),
        (b"53 52 41", b"5352 41", 2, "expected a row of bytes"),
        (b"    0010: 42 58 50 43", b"    0010:", 4, "expected the row of offset 001C, found 0020"),
        (b"    0010: 42", b"\n    0010: 42", 4, "expected a table's first line, such as 'SRAT @ 0x"),
        (b"\n\nSLIT", b"\n\nhere:\n\nSLIT", 21, "expected a table's first line, .* found 'here:'"),
        (b"SLIT @ 0x0000000000000000", b"SLIT", 21, "expected a table's first line"),
        (b"SLIT @ 0x0000000000000000", b"SLIT @ 0x0\n\nSLIT @ 0x0", 21, "no bytes follow for table SLIT"),
    ],
)
def test_broken_text_is_refused_at_its_line(old: bytes, new: bytes, line: int, what: str) -> None:
    text = ACPIDUMP.replace(old, new, 1)
    with pytest.raises(DumpTextError, match=f"^line {line}: {what}") as caught:
        read_tables(text)
    assert (caught.value.line, text[: caught.value.offset].count(b"\n")) == (line, line - 1)


def test_raw_tables_in_one_file_are_told_apart() -> None:
    assert read_tables(SRAT) == (RawTable("SRAT", SRAT),)
    assert read_tables(SRAT + SLIT) == (RawTable("SRAT", SRAT), RawTable("SLIT", SLIT))


def test_zero_bytes_between_and_behind_raw_tables_are_skipped() -> None:
    assert read_tables(SRAT + bytes(7) + SLIT + bytes(4096)) == (RawTable("SRAT", SRAT), RawTable("SLIT", SLIT))


@pytest.mark.parametrize("length", [0, 35, len(SLIT) + 1, 0xFFFFFFFF])
def test_raw_table_with_an_impossible_length_is_the_rest_of_the_file(length: int) -> None:
    broken = SLIT[:4] + length.to_bytes(4, "little") + SLIT[8:]
    assert read_tables(SRAT + broken) == (RawTable("SRAT", SRAT), RawTable("SLIT", broken))


def test_bytes_behind_a_raw_table_that_start_no_other_belong_to_it() -> None:
    assert read_tables(SRAT + SLIT + b"\0\0rest") == (RawTable("SRAT", SRAT), RawTable("SLIT", SLIT + b"\0\0rest"))


@pytest.mark.parametrize("data", [b"", bytes(50), b"\x7fELF" + bytes(60), b"SRAT", b"hello, world", b"{}"])
def test_file_without_a_table_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="no ACPI table"):
        read_tables(data)


@given(st.one_of(anything, st.lists(anything, max_size=3).map(b"".join), st.binary().map(b"SRAT @ 0x0\n".__add__)))
def test_whatever_is_read_nothing_but_the_decode_error_is_raised(data: bytes) -> None:
    error = error_of(read_tables, data)
    assert read_tables(data) if error is None else 0 <= error.offset <= len(data)
