from __future__ import annotations

import pytest
from acpi_samples import NAMED, RECORDED, WHOLE, anything, error_of, tables
from hypothesis import given

from sandbox.acpi.header import with_checksum
from sandbox.acpi.srat import decode_srat
from sandbox.acpi.table import Table, decode_any, encode_any
from sandbox.errors import DecodeError


@pytest.mark.parametrize(("name", "data"), WHOLE)
def test_table_from_outside_decodes_and_encodes_to_the_same_bytes(name: str, data: bytes) -> None:
    assert with_checksum(encode_any(decode_any(data)), data[9]) == data


def test_recordings_hold_every_kind_of_table() -> None:
    assert {data[:4] for _, data, _ in RECORDED} == {b"SRAT", b"SLIT", b"HMAT"}
    srats = [decode_srat(data) for data in NAMED.values() if data[:4] == b"SRAT"]
    assert {entry.type for srat in srats for entry in srat.entries} == set(range(8))


@given(tables)
def test_every_table_survives(table: Table) -> None:
    assert decode_any(encode_any(table)) == table


@given(anything)
def test_whatever_decodes_encodes_to_the_same_bytes_and_nothing_else_is_raised(data: bytes) -> None:
    error = error_of(decode_any, data)
    if error:
        assert 0 <= error.offset <= len(data)
    else:
        assert with_checksum(encode_any(decode_any(data)), data[9]) == data


def test_table_that_is_not_known_is_refused_by_its_signature() -> None:
    data = b"APIC" + NAMED["rintc SLIT"][4:]
    with pytest.raises(DecodeError, match="offset 0x0: the signature is 'APIC', which is none of SRAT, SLIT, HMAT"):
        decode_any(data)
