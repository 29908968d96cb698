"""Tables made such that Linux takes them in place of QEMU's."""

from __future__ import annotations

import pytest

from sandbox.errors import InputError
from sandbox.guest.boot.upgrade import as_asked_for, fitting, upgradable, upgrades
from sandbox.machine.tables import Tables

SLIT = bytes.fromhex(
    "534c4954 30000000 01 ea 424f43485320 4258504320202020 01000000 42585043 01000000 0200000000000000 0a14140a"
)
"""Two localities, with the identifiers that QEMU gives."""


def test_the_table_to_start_from_is_whole():
    assert sum(SLIT) & 0xFF == 0
    assert len(SLIT) == 0x30


def test_only_the_oem_revision_and_the_checksum_change():
    changed = upgradable(SLIT)
    assert [at for at in range(len(SLIT)) if SLIT[at] != changed[at]] == [9, 24]
    assert changed[24:28] == b"\2\0\0\0"
    assert sum(changed) & 0xFF == 0


def test_a_larger_revision_stays():
    changed = upgradable(SLIT[:24] + b"\0\1\0\0" + SLIT[28:])
    assert changed[24:28] == b"\0\1\0\0"
    assert sum(changed) & 0xFF == 0


def test_a_malformed_table_keeps_its_body_and_its_length_field():
    broken = SLIT[:4] + b"\x99\0\0\0" + SLIT[8:] + b"trailing"
    changed = upgradable(broken)
    assert changed[4:9] == broken[4:9]
    assert changed[36:] == broken[36:]


def test_a_table_without_a_header_is_refused():
    with pytest.raises(InputError, match="35 bytes has no header"):
        upgradable(SLIT[:35])


def test_a_seen_table_is_as_asked_for_but_for_the_revision():
    assert as_asked_for(SLIT, SLIT)
    assert as_asked_for(upgradable(SLIT), SLIT)
    assert not as_asked_for(upgradable(SLIT[:-1] + b"\x0b"), SLIT)


def test_a_table_from_elsewhere_gets_the_ids_of_the_machines_own():
    foreign = SLIT[:10] + b"ACME  SERVERS " + SLIT[24:]
    found = fitting(Tables(slit=foreign), Tables(srat=b"", slit=SLIT))
    assert found == Tables(slit=SLIT)
    assert fitting(Tables(slit=foreign), Tables()) == Tables(slit=foreign)


@pytest.mark.parametrize("length", [0x2F, 0x31])
def test_a_table_of_another_length_than_it_says_is_refused_as_linux_does(length):
    with pytest.raises(InputError, match=f"SLIT has 48 bytes and its header says {length}: Linux takes no such table"):
        upgrades({"slit": SLIT[:4] + bytes([length]) + SLIT[5:]})


def test_absent_tables_are_not_given():
    assert upgrades({"SRAT": None, "slit": SLIT}) == {"SLIT": upgradable(SLIT)}
