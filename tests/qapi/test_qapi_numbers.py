from __future__ import annotations

import ctypes
import ctypes.util
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.qapi.numbers import (
    NumberError,
    option_number,
    option_size,
    read_bool,
    read_int64,
    read_number,
    read_size,
    read_uint64,
    scan_integer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = st.lists(
    st.sampled_from([*"0123456789afkKMGEe.-+ \t", "0x", "0X", "99999999999"]),
    max_size=8,
).map("".join)


def outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except NumberError as error:
        return "range" if error.out_of_range else "wrong"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        # Source: QEMU 10.0.2's qemu_strtosz, called directly; the documentation of its sizes
        ("0", 0), ("12345", 12345), ("08", 8), ("1b", 1), ("1B", 1), ("1k", 1024), ("2G", 2 << 30), ("1T", 1 << 40),
        ("1P", 1 << 50), ("15E", 15 << 60), ("16E", "range"), ("1.5k", 1536), ("1.5G", 3 << 29), (".5M", 1 << 19),
        ("1.k", 1024),
        ("1.5", "wrong"), ("1.0", 1), ("0x10", 16), ("0x1b", 27), ("0x1e", 30), ("0x1k", "wrong"), ("0x", "wrong"),
        ("0x1.8", "wrong"),
        ("-1", "range"), ("-0", "range"), ("-1k", "wrong"), ("+1", 1), (" 1", 1), ("1 ", "wrong"), ("", "wrong"),
        ("k", "wrong"),
        ("18446744073709551615", (1 << 64) - 1), ("18446744073709551616", "range"), ("1e3", "wrong"), ("1.5e", 3 << 59),
        ("inf", "wrong"), ("nan.", "wrong"), ("0.00000000000000000000001k", 0), ("1.99999999999999999999k", 2048),
        ("1kk", "wrong"),
    ],
)  # fmt: skip
def test_sizes_are_read_as_qemu_reads_them(text: str, size: object) -> None:
    assert outcome(lambda: read_size(text)) == size


def test_a_size_without_unit_takes_the_default_one() -> None:
    assert read_size("128", "M") == 128 << 20
    assert read_size("128k", "M") == 128 << 10
    assert read_size("0x10", "M") == 16 << 20
    assert read_size("0.5", "M") == 1 << 19


@pytest.mark.parametrize(
    ("text", "signed", "unsigned", "strict"),
    [
        ("5", 5, 5, 5), ("010", 8, 8, 8), ("0x1F", 31, 31, 31), ("+7", 7, 7, 7), (" \t7", 7, 7, 7),
        ("-1", -1, (1 << 64) - 1, "range"),
        ("-0", 0, 0, "range"), ("08", "wrong", "wrong", "wrong"), ("0b1", "wrong", "wrong", "wrong"),
        ("", "wrong", "wrong", "wrong"),
        ("1 ", "wrong", "wrong", "wrong"), ("0x", "wrong", "wrong", "wrong"), ("1_0", "wrong", "wrong", "wrong"),
        ("9223372036854775808", "range", 1 << 63, 1 << 63), ("-9223372036854775808", -(1 << 63), 1 << 63, "range"),
        ("18446744073709551616", "range", "range", "range"), ("-18446744073709551616", "range", "range", "range"),
        ("9" * 5000, "range", "range", "range"), ("٣", "wrong", "wrong", "wrong"),
    ],
)  # fmt: skip
def test_integers_are_decimal_hexadecimal_or_octal(text: str, signed: object, unsigned: object, strict: object) -> None:
    assert outcome(lambda: read_int64(text)) == signed
    assert outcome(lambda: read_uint64(text)) == unsigned
    assert outcome(lambda: read_uint64(text, wrap=False)) == strict


def test_scanning_stops_behind_the_integer() -> None:
    assert scan_integer("0-3") == (0, 1)
    assert scan_integer("0x1g") == (1, 3)
    assert scan_integer("-5rest") == (-5, 2)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("-2", -2.0), (" 1", 1.0),
        ("0x10", 16.0), ("0x1p3", 8.0),
        ("0e5", 0.0), ("inf", "wrong"), ("nan", "wrong"), ("1e999", "wrong"), ("1e-999", "range"), ("1_0", "wrong"),
        ("1 ", "wrong"), ("", "wrong"),
    ],
)  # fmt: skip
def test_floating_point_numbers_are_finite(text: str, number: object) -> None:
    assert outcome(lambda: read_number(text)) == number


def test_switches_have_four_words_each() -> None:
    assert [read_bool(text) for text in ("on", "yes", "true", "y")] == [True] * 4
    assert [read_bool(text) for text in ("off", "no", "false", "n")] == [False] * 4
    assert [read_bool(text) for text in ("On", "1", "", "0")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        # Source: qemu-system-x86_64 10.0.2 -m TEXT
        ("x", "Parameter 'size' expects a non-negative number below 2^64"),
        ("99E", "Value '99E' is out of range for parameter 'size'"),
        ("-1", "Value '-1' is out of range for parameter 'size'"),
    ],
)
def test_a_wrong_size_option_is_refused_in_qemus_words(text: str, desc: str) -> None:
    with pytest.raises(QemuError) as caught:
        option_size("size", text)
    assert caught.value.desc == desc
    assert bool(caught.value.hint) == ("expects" in desc)


def test_a_wrong_number_option_is_refused_in_qemus_words() -> None:
    # Source: qemu-system-x86_64 10.0.2 -m 128,slots=...
    with pytest.raises(QemuError, match="Parameter 'slots' expects a number"):
        option_number("slots", "x")
    with pytest.raises(QemuError, match="Value '18446744073709551616' is too large for parameter 'slots'"):
        option_number("slots", "18446744073709551616")
    assert option_number("slots", "0x10") == 16


@given(TEXT | st.text())
def test_any_text_is_a_number_or_a_number_error(text: str) -> None:
    for read in (read_int64, read_uint64, read_size, read_number, scan_integer):
        outcome(lambda read=read: read(text))


@given(TEXT)
def test_integers_agree_with_the_c_library(text: str) -> None:
    library = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6", use_errno=True)
    library.strtoll.restype = ctypes.c_longlong
    buffer = ctypes.create_string_buffer(text.encode())
    end = ctypes.c_void_p()
    ctypes.set_errno(0)
    value = library.strtoll(buffer, ctypes.byref(end), 0)
    length = (end.value or 0) - ctypes.addressof(buffer)
    whole = 0 < length == len(text)
    expected = "range" if whole and ctypes.get_errno() else value if whole else "wrong"
    assert outcome(lambda: read_int64(text)) == expected


@given(st.integers(0, 1 << 33), st.from_regex(r"[0-9]{1,15}", fullmatch=True), st.sampled_from("kMG"))
def test_a_fraction_is_rounded_to_the_nearest_byte(whole: int, digits: str, unit: str) -> None:
    exact = (whole + Fraction(int(digits), 10 ** len(digits))) * 1024 ** (1 + "kMG".index(unit))
    assert abs(read_size(f"{whole}.{digits}{unit}") - exact) <= Fraction(1, 2) + Fraction(1, 1 << 10)
