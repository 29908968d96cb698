"""Which of the tables that a person brought are compared."""

import pytest

from sandbox.acpi.dump import RawTable
from sandbox.compare.dump import brought_tables
from sandbox.errors import InputError


def raw(name, data=b""):
    return RawTable(name, data or name.encode())


def test_of_single_files_only_what_was_brought_is_compared():
    brought = brought_tables([("a.dat", [raw("SRAT")])])
    assert (brought.srat, brought.slit, brought.names) == (b"SRAT", None, ("srat",))
    assert brought.notes == ("not among the tables given, and not compared: SLIT, HMAT",)


def test_in_the_whole_set_of_a_machine_a_missing_table_is_an_absent_one():
    brought = brought_tables([("dump.txt", [raw("FACP"), raw("APIC"), raw("SRAT")])])
    assert brought.names == ("srat", "slit", "hmat")
    assert brought.notes == ()


def test_a_whole_set_may_have_none_of_ours():
    assert brought_tables([("dump.txt", [raw("FACP")])]).names == ("srat", "slit", "hmat")


def test_nothing_of_ours_is_wrong_input():
    with pytest.raises(InputError, match="no SRAT, SLIT or HMAT"):
        brought_tables([("x.dat", [raw("SSDT")])])


def test_the_same_table_twice_is_wrong_input_unless_it_is_the_same():
    twice = [("a.dat", [raw("SRAT", b"1")]), ("b.dat", [raw("SRAT", b"2")])]
    with pytest.raises(InputError, match=r"b\.dat: another SRAT than in a\.dat"):
        brought_tables(twice)
    assert brought_tables([twice[0], ("c.dat", [raw("SRAT", b"1")])]).srat == b"1"


def test_other_tables_may_occur_twice():
    assert brought_tables([("a", [raw("SSDT", b"1"), raw("SSDT", b"2"), raw("SRAT")])]).srat == b"SRAT"
