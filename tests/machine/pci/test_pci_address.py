from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.machine.pci.address import AUTOMATIC, format_devfn, function_of, make_devfn, parse_devfn, slot_of


@pytest.mark.parametrize(
    ("text", "devfn"),
    [
        ("4", 0x20),
        ("04", 0x20),
        ("04.0", 0x20),
        ("0x4", 0x20),
        ("0x4.0x3", 0x23),
        ("4.3", 0x23),
        ("1c.0", 0xE0),
        ("1f.7", 0xFF),
        (" 4", 0x20),
        ("+4", 0x20),
        ("4. 1", 0x21),
        ("0x", 0),
        ("-0", 0),
        ("100000004", 0x20),
    ],
)
def test_text_is_read_as_qemu_reads_it(text, devfn):
    assert parse_devfn(text, "pci-testdev") == devfn


@pytest.mark.parametrize("number", [-1, 0, 32, 255])
def test_a_number_is_the_devfn_itself(number):
    assert parse_devfn(number, "pci-testdev") == number
    assert AUTOMATIC == -1


@given(st.integers(0, 31), st.integers(0, 7))
def test_what_is_printed_is_read_back(slot, function):
    devfn = make_devfn(slot, function)
    assert (slot_of(devfn), function_of(devfn)) == (slot, function)
    assert parse_devfn(format_devfn(devfn), "edu") == devfn


@given(st.one_of(st.text(max_size=12), st.text("0123456789abcdefx.+- ", max_size=8)))
def test_any_text_is_an_address_or_refused_with_the_text(text):
    try:
        devfn = parse_devfn(text, "edu")
    except QemuError as error:
        found = error.desc
    else:
        found = devfn in range(256)
    assert found in (True, f"Property 'edu.addr' doesn't take value '{text}'")
