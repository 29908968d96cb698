from __future__ import annotations

import pytest
from acpi_samples import NAMED, recorded, slits
from hypothesis import given

from sandbox.acpi.header import TableHeader, encode_table, with_checksum
from sandbox.acpi.slit import Slit, decode_slit, encode_slit
from sandbox.errors import DecodeError

HEADER = TableHeader("SLIT", 1)


def test_row_holds_the_distances_from_one_node_as_qemu_writes_them() -> None:
    data = NAMED["rintc SLIT"]
    assert data.endswith(bytes.fromhex("0300000000000000 0a141e 150a28 1f290a"))
    slit = Slit(HEADER, (bytes([10, 20, 30]), bytes([21, 10, 40]), bytes([31, 41, 10])))
    assert decode_slit(data) == slit
    assert with_checksum(encode_slit(slit), 0) == data


def test_rows_of_ten_nodes_are_in_order_of_the_source() -> None:
    slit = decode_slit(recorded("v2 07-slit-full", "SLIT"))
    assert [len(row) for row in slit.distances] == [10] * 10
    assert [row[index] for index, row in enumerate(slit.distances)] == [10] * 10


def test_asymmetric_matrix_keeps_both_directions() -> None:
    slit = decode_slit(recorded("s3_slit_asym_6.12 given", "SLIT"))
    assert any(slit.distances[i][j] != slit.distances[j][i] for i in range(10) for j in range(10))


def test_bytes_behind_the_matrix_are_kept() -> None:
    data = encode_table(HEADER, bytes.fromhex("0100000000000000 0a ffee"))
    slit = decode_slit(data)
    assert slit == Slit(HEADER, (b"\x0a",), b"\xff\xee")
    assert encode_slit(slit) == data


def test_no_localities_leave_all_bytes_behind_the_matrix() -> None:
    assert decode_slit(encode_table(HEADER, bytes(8) + b"x")) == Slit(HEADER, (), b"x")


@pytest.mark.parametrize("count", [3, 256, 1 << 40, (1 << 64) - 1])
def test_matrix_past_the_end_is_refused_at_the_number_of_localities(count: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_slit(encode_table(HEADER, count.to_bytes(8, "little") + bytes(8)))
    assert caught.value.offset == 36
    assert caught.value.what == f"{count} localities need {count * count} distances, but 8 bytes are left"


def test_table_without_a_number_of_localities_is_refused() -> None:
    with pytest.raises(DecodeError, match="offset 0x28: the table ends after 40 bytes, an empty SLIT has 44"):
        decode_slit(encode_table(HEADER, bytes(4)))


@given(slits)
def test_every_table_survives(slit: Slit) -> None:
    assert decode_slit(encode_slit(slit)) == slit


def test_matrix_that_is_not_square_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="each of 2 rows needs 2 distances"):
        encode_slit(Slit(HEADER, (b"\x0a\x14", b"\x14")))


def test_header_of_another_table_is_refused() -> None:
    with pytest.raises(DecodeError, match="the signature is 'SRAT', not 'SLIT'"):
        decode_slit(NAMED["rintc SRAT"])
    with pytest.raises(ValueError, match="'SRAT', not 'SLIT'"):
        encode_slit(Slit(TableHeader("SRAT", 1), ()))
