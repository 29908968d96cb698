"""Sets of tables are compared byte by byte, and what differs is named field by field."""

from compare_samples import SomeTables, srat

from sandbox.compare.tables import compare_tables
from sandbox.scenario.tables import TABLE_NAMES


def failed(checks):
    return {
        check.what: [(d.path, d.expected, d.actual) for d in check.differences] for check in checks if not check.passed
    }


def test_equal_tables_give_a_check_for_each_table_that_is_there():
    tables = SomeTables(srat((1, 0x20)))
    checks = compare_tables(tables, SomeTables(srat((1, 0x20))))
    assert [(check.what, check.passed) for check in checks] == [("srat", True)]


def test_one_field_is_named_with_both_values():
    found = failed(compare_tables(SomeTables(srat((1, 0x20))), SomeTables(srat((2, 0x20)))))
    ((path, ours, theirs),) = found["srat"]
    assert path.startswith("srat.")
    assert (ours.split()[0], theirs.split()[0]) == ("1", "2")


def test_checksum_and_length_are_not_named_where_they_only_follow():
    found = failed(compare_tables(SomeTables(srat((1, 0x20))), SomeTables(srat((1, 0x20), (2, 0x20)))))
    assert len(found["srat"]) == 1
    assert found["srat"][0][1] == "absent"


def test_a_checksum_alone_is_named():
    broken = bytearray(srat())
    broken[9] ^= 1
    assert "checksum" in failed(compare_tables(SomeTables(srat()), SomeTables(bytes(broken))))["srat"][0][0]


def test_entries_in_another_order_are_a_difference():
    found = failed(compare_tables(SomeTables(srat((1, 0x20), (2, 0x20))), SomeTables(srat((2, 0x20), (1, 0x20)))))
    assert found["srat"]


def test_a_table_on_one_side_only_is_a_difference():
    found = failed(compare_tables(SomeTables(srat()), SomeTables()))
    assert found == {"srat": [("srat", f"{len(srat())} bytes", "absent")]}
    assert failed(compare_tables(SomeTables(), SomeTables(slit=b"1")))["slit"] == [("slit", "absent", "1 bytes")]


def test_no_tables_read_is_not_the_same_as_no_table():
    assert compare_tables(None, None) == ()
    assert list(failed(compare_tables(None, SomeTables()))) == ["tables"]


def test_only_the_tables_asked_for_are_compared():
    ours, theirs = SomeTables(srat(), b"a"), SomeTables(srat(), b"b")
    assert list(failed(compare_tables(ours, theirs))) == ["slit"]
    assert [check.what for check in compare_tables(ours, theirs, ("srat",))] == ["srat"]
    assert TABLE_NAMES == ("srat", "slit", "hmat")
