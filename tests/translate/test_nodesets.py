"""Node sets, as libvirt and numactl write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import InputError
from sandbox.runs import list_text
from sandbox.translate.nodesets import parse_node_set


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2-9", range(2, 10)),
        ("0,2-4", (0, 2, 3, 4)),
        ("7", (7,)),
        ("0-9,^3", (0, 1, 2, 4, 5, 6, 7, 8, 9)),
        ("4,0-1,1", (0, 1, 4)),
        (" 1 , 2 ", (1, 2)),
    ],
)
def test_sets_are_read(text, numbers):
    assert parse_node_set(text) == tuple(numbers)


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "1,,2", "1,^1", "0-99999999999", "1 2x", "2:9"])
def test_other_texts_are_refused(text):
    with pytest.raises(InputError):
        parse_node_set(text)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_a_set_reads_back(numbers):
    assert parse_node_set(list_text(numbers)) == tuple(sorted(numbers))


def test_runs_are_written_as_ranges():
    assert list_text((5, 2, 3, 4, 9, 9)) == "2-5,9"
