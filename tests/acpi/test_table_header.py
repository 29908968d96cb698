from __future__ import annotations

import struct

import pytest
from acpi_samples import NAMED, RECORDED, WHOLE, headers, recorded
from hypothesis import given
from hypothesis import strategies as st

from sandbox.acpi.header import (
    ChecksumState,
    TableHeader,
    checksum,
    checksum_state,
    decode_table,
    encode_table,
    with_checksum,
)
from sandbox.errors import DecodeError

QEMU_HEADER = bytes.fromhex("53524154c80000000300424f43485320425850432020202001000000425850430100000001000000")[:36]


def test_header_defaults_are_those_of_qemu() -> None:
    assert with_checksum(encode_table(TableHeader("SRAT", 3), bytes(200 - 36)), 0)[:36] == QEMU_HEADER


def test_header_of_a_recorded_table_decodes_to_qemus_identifiers() -> None:
    header, body = decode_table(recorded("v2 00-baseline-no-gi"))
    assert header == TableHeader("SRAT", 3, b"BOCHS ", b"BXPC    ", 1, b"BXPC", 1)
    assert len(body) == 200 - 36


def test_header_of_iasl_keeps_its_own_identifiers() -> None:
    header, _ = decode_table(NAMED["srat-types"])
    assert header == TableHeader("SRAT", 3, b"INTEL ", b"Template", 1, b"INTL", 0x20200925)


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, data, _ in RECORDED if data[9]])
def test_checksum_is_the_one_that_a_guest_saw(name: str, data: bytes) -> None:
    assert (checksum(data), checksum_state(data)) == (data[9], ChecksumState.VALID)
    assert with_checksum(with_checksum(data, 0)) == data


def test_checksum_in_fw_cfg_is_zero() -> None:
    assert checksum_state(recorded("v2 01-cover-letter")) is ChecksumState.ZERO


def test_checksum_off_by_one_is_wrong() -> None:
    data = NAMED["srat-types"]
    assert checksum_state(with_checksum(data, (data[9] + 1) % 256)) is ChecksumState.WRONG


def test_checksum_zero_may_be_the_right_one() -> None:
    data = with_checksum(NAMED["srat-types"], 0)
    data = data[:-1] + bytes([(data[-1] + checksum(data)) % 256])
    assert (data[9], checksum_state(data)) == (0, ChecksumState.VALID)


def test_bytes_too_short_for_a_checksum_are_wrong() -> None:
    assert checksum_state(b"SRAT\0\0\0\0\0") is ChecksumState.WRONG
    with pytest.raises(ValueError, match="9 bytes hold no checksum"):
        with_checksum(bytes(9))


@given(st.binary(min_size=10, max_size=80))
def test_bytes_with_their_checksum_add_up_to_zero(data: bytes) -> None:
    assert sum(with_checksum(data)) % 256 == 0


@given(headers("SRAT"), st.binary(max_size=40))
def test_header_and_body_survive(header: TableHeader, body: bytes) -> None:
    data = encode_table(header, body)
    assert decode_table(data) == (header, body)
    assert checksum_state(data) is ChecksumState.VALID


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_only_the_decode_error(data: bytes) -> None:
    try:
        header, body = decode_table(data)
    except DecodeError:
        return
    assert with_checksum(encode_table(header, body), data[9]) == data


def test_header_cut_off_is_refused_at_its_end() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_table(QEMU_HEADER[:20])
    assert (caught.value.offset, caught.value.what) == (20, "the table ends after 20 bytes, an empty table has 36")


@pytest.mark.parametrize(("name", "data"), WHOLE[:5])
def test_length_that_is_not_the_tables_is_refused_at_its_offset(name: str, data: bytes) -> None:
    with pytest.raises(DecodeError, match=f"the header's length is {len(data)}, but there are {len(data) - 1} bytes"):
        decode_table(data[:-1])
    with pytest.raises(DecodeError) as caught:
        decode_table(data + b"\0")
    assert caught.value.offset == 4


@pytest.mark.parametrize(
    "header",
    [
        TableHeader("SRATX", 1),
        TableHeader("SRAŦ", 1),
        TableHeader("SRAT", 1, oem_id=b"BOCHS"),
        TableHeader("SRAT", 1, oem_table_id=b"BXPC"),
        TableHeader("SRAT", 1, creator_id=b""),
    ],
)
def test_identifiers_of_another_length_are_not_encoded(header: TableHeader) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode_table(header, b"")


def test_revision_too_large_for_its_byte_is_not_encoded() -> None:
    with pytest.raises(struct.error):
        encode_table(TableHeader("SRAT", 256), b"")
