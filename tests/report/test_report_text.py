import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import AFTER, BEFORE, FAILED, ORIGINS, PASSED, SLIT, SomeTables

from sandbox.records import replace
from sandbox.report.fields_text import render_diff, render_table
from sandbox.report.style import Style, columns, visible
from sandbox.report.tables_text import render_tables
from sandbox.report.transcript_text import render_transcript

PLAIN = Style.plain()

PASSED_TEXT = """\
a.yaml: a \\x1b[31mname
dialect 10.0 (as asked for), firmware enumerated
  ok       start the machine  SRAT 104 bytes
  ok    1  object-add gi0
  ok    2  system_reset       SRAT 104 to 200 bytes (+2 Generic Initiator, +1 Generic Port); SLIT 48 bytes
  ok    3  qom-get            no
  ok       at the end         nodes, slit as expected

SRAT  200 bytes  1 Local APIC, 1 Memory, 2 Generic Initiator, 1 Generic Port
SLIT   48 bytes  2 System Locality
HMAT             absent

Generic Initiators
  #  PXM  device        bytes swapped            object  type                    device id  device type
  0    1  0000:20:00.0  0000:00:04.0             gi0     acpi-generic-initiator  dev0       vfio-pci
  1    2  0000:00:00.0                 disabled  gi1     acpi-generic-initiator  dev0       vfio-pci

Generic Ports
  #  PXM  device       object  type               device id  device type
  0    3  ACPI0016:12  gp0     acpi-generic-port  cxl.1      pxb-cxl

Distances, from row to column
       0   1
  0   10  20
  1  120  10

as expected
"""

FAILED_TEXT = """\
a.yaml: a \\x1b[31mname
dialect 10.0 (as asked for), firmware enumerated
  ok       start the machine  SRAT 104 bytes
  FAIL  1  object-add gi0     Parameter \\x00 is bad; nodes as expected
  FAIL  2  look               initiators not as expected
  FAIL  3  system_reset       the machine ends with status 1: <gone> & away
  --    4  cont               not run: the machine had ended
  --       at the end         not run: the machine had ended

FAIL 1 object-add gi0 (a.yaml:3:5)
  sent object-add {"id": "gi0", "node": 1}
  got  GenericError: Parameter \\x00 is bad
  reply
    expected  a return
    found     GenericError: Parameter \\x00 is bad

FAIL 2 look (a.yaml:4:5)
  initiators[0]
    expected  1 @ 0000:00:04.0
    found     nothing

FAIL 3 system_reset (a.yaml:5:5)
  sent system_reset
  got  return {}
  stderr: qemu: warning: old
  stderr: <gone> & away
  exit
    expected  the machine lives
    found     it ends with status 1

SRAT  104 bytes  1 Local APIC, 1 Memory
SLIT             absent
HMAT             absent

not as expected: 3 of 6 failed, 2 not run
"""


def test_replay_that_passed_has_a_line_for_each_step_and_the_tables() -> None:
    assert render_transcript(PASSED, PLAIN) == PASSED_TEXT


def test_replay_that_failed_tells_what_was_expected_and_found() -> None:
    assert render_transcript(FAILED, PLAIN) == FAILED_TEXT


def test_verbose_replay_lists_ignored_options_and_every_exchange() -> None:
    text = render_transcript(PASSED, PLAIN, verbose=True)
    assert "  moves no table: -display none\n" in text
    assert 'ok 1 object-add gi0 (a.yaml:3:5)\n  sent object-add {"id": "gi0", "node": 1}\n  got  return {}\n' in text


def test_refused_command_line_has_no_dialect_and_no_tables() -> None:
    start = replace(FAILED.start, after=None)
    refused = replace(FAILED, dialect="", start=start, steps=(), end=replace(FAILED.end, before=None, after=None))
    text = render_transcript(refused, PLAIN)
    assert "dialect" not in text
    assert "SRAT" not in text


def test_colours_add_nothing_but_escape_sequences() -> None:
    for transcript in (PASSED, FAILED):
        coloured = render_transcript(transcript, Style.coloured())
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[\d+m", "", coloured) == render_transcript(transcript, PLAIN)


def test_devices_without_known_origin_show_the_handle_alone() -> None:
    text = render_tables(AFTER, PLAIN, ORIGINS[:1])
    assert "  #  PXM  device        bytes swapped\n  0    1  0000:20:00.0  0000:00:04.0\n" in text
    assert "gi0" not in text


def test_hmat_is_summed_up_by_its_structures() -> None:
    hmat = Path(__file__).parents[2].joinpath("scenarios", "expected", "hmat-hmat.dat").read_bytes()
    text = render_tables(SomeTables(hmat=hmat), PLAIN)
    kinds = "1 Memory Proximity Domain Attributes, 2 System Locality Latency and Bandwidth Information"
    assert f"HMAT  192 bytes  {kinds}\n" in text


def test_table_that_does_not_decode_says_why() -> None:
    assert AFTER.srat is not None
    text = render_tables(SomeTables(AFTER.srat[:150], SLIT[:46]), PLAIN)
    assert "does not decode: offset 0x4: the header's length is 200, but there are 150 bytes" in text
    assert "Generic Initiators" not in text
    assert "Distances" not in text


def test_table_is_shown_field_by_field() -> None:
    assert AFTER.srat is not None
    text = render_table(AFTER.srat, PLAIN)
    assert [" ".join(line.split()) for line in text.splitlines()[:3]] == [
        "SRAT, System Resource Affinity Table revision 1, 200 bytes, checksum valid",
        "0x0000 53 52 41 54 Signature SRAT",
        "0x0004 c8 00 00 00 Length 200",
    ]
    assert text.splitlines()[1].index("Signature") == text.splitlines()[2].index("Length")
    assert "\nGeneric Initiator Affinity[0]  PXM 1, PCI 0000:20:00.0 (swapped 0000:00:04.0), enabled\n" in text
    assert re.search(
        r"\n  0x0072  20 00 +PCI BDF Number +20:00\.0 +0000:20:00\.0 as specified; 0000:00:04\.0 with", text
    )


def test_table_cut_short_is_shown_as_far_as_it_goes() -> None:
    assert AFTER.srat is not None
    text = render_table(AFTER.srat[:100], PLAIN)
    assert "\nUndecoded Bytes  36 bytes not decoded\n" in text
    assert text.endswith(
        "\n\ndoes not decode: offset 0x40: the structure of type 1 has the length 40, but 36 bytes are left\n"
    )


def test_difference_of_tables_names_fields() -> None:
    assert AFTER.srat is not None
    data = bytearray(AFTER.srat)
    data[108] = 7
    text = render_diff(AFTER.srat, bytes(data), PLAIN)
    assert "Generic Initiator Affinity[0].pxm  offset 0x6c\n  - 1\n  + 7\n" in text
    assert render_diff(AFTER.srat, AFTER.srat, PLAIN) == ""


def test_difference_of_tables_names_added_and_removed_structures() -> None:
    assert AFTER.srat is not None
    assert BEFORE.srat is not None
    added = render_diff(BEFORE.srat, AFTER.srat, PLAIN)
    assert "added    Generic Port Affinity[0]  offset 0xa8\n    PXM 3, ACPI ACPI0016 uid 12, enabled\n" in added
    assert "removed  Generic Port Affinity[0]  offset 0xa8\n" in render_diff(AFTER.srat, BEFORE.srat, PLAIN)


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_can_be_shown_and_compared(a: bytes, b: bytes) -> None:
    for data in (a, b"SRAT" + a, b"SLIT" + a):
        assert render_table(data, PLAIN).isprintable() or "\n" in render_table(data, PLAIN)
        assert (render_diff(data, b, PLAIN) == "") == (data == b)
        render_tables(SomeTables(data, data, data), PLAIN)


@settings(deadline=None)
@given(st.text())
def test_visible_text_cannot_drive_a_terminal(text: str) -> None:
    assert visible(text).isprintable() or not visible(text)


def test_columns_stand_two_spaces_apart() -> None:
    rows = [("a", "10", "x"), ("long", "9", "")]
    assert columns(rows, right={1}, indent=1) == [" a     10  x", " long   9"]


@pytest.mark.parametrize("mark", ["good", "bad", "changed", "strong", "dim"])
def test_plain_style_changes_nothing(mark: str) -> None:
    assert getattr(PLAIN, mark)("text") == "text"
    assert getattr(Style.coloured(), mark)("text").endswith("mtext\x1b[0m")
    assert getattr(Style.coloured(), mark)("") == ""
