import json

from sandbox.compare.mapping import MappedEntry, Mapping
from sandbox.report.mapping_json import mapping_json
from sandbox.report.mapping_text import render_mapping
from sandbox.report.style import Style

V2_HANDLE = bytes.fromhex("0000 2000") + bytes(12)
MERGED_HANDLE = bytes.fromhex("0000 0120") + bytes(12)
GOOD = MappedEntry(2, "gi0", "dev0", 0, V2_HANDLE, "gi0-2", 1, MERGED_HANDLE, MERGED_HANDLE)
EXCUSED = MappedEntry(9, "gi0", "dev0", 1, V2_HANDLE, excused="QEMU ends over it")
WRONG = MappedEntry(3, "gi1", "d\x1b[31m", 2, V2_HANDLE, "gi1-3", None, MERGED_HANDLE, problem="there is none")


def test_entries_stand_beside_their_counterparts():
    assert render_mapping(Mapping((GOOD, EXCUSED), title="after step 3"), Style.plain()) == (
        "v2 entries and merged ones, after step 3\n"
        "  v2 #  PXM  v2 object  device id  v2 handle     #  object  handle\n"
        "     0    2  gi0        dev0       0000:20:00.0  1  gi0-2   0000:01:04.0  corresponds\n"
        "     1    9  gi0        dev0       0000:20:00.0                           left out: QEMU ends over it\n"
        "  1 of 2 entries correspond, 1 left out; the rest is the same\n"
    )


def test_failures_are_told_and_counted():
    shown = render_mapping(Mapping((GOOD, WRONG), ("SLIT differs",), ("a note",)), Style.plain()).splitlines()
    assert shown[3].endswith("gi1-3                 there is none")
    assert "\x1b" not in "".join(shown)
    assert shown[4:] == ["  SLIT differs", "  a note", "  2 things differ that must not"]
    alone = render_mapping(Mapping((WRONG,)), Style.plain())
    assert alone.endswith("  1 thing differs that must not\n")


def test_failures_are_red_and_the_rest_is_not():
    lines = render_mapping(Mapping((GOOD, WRONG)), Style.coloured()).splitlines()
    assert lines[3].startswith("\x1b[31m")
    assert not lines[2].startswith("\x1b")


def test_no_entries_are_said_to_be_none():
    assert "no entry on either side" in render_mapping(Mapping(), Style.plain())


def test_json_has_both_sides_of_each_entry():
    found = mapping_json(Mapping((GOOD, EXCUSED, WRONG), ("d",), ("n",), "at the start"))
    assert json.loads(json.dumps(found)) == found
    assert (found["title"], found["passed"]) == ("at the start", False)
    assert (found["differences"], found["notes"]) == (["d"], ["n"])
    good, excused, wrong = found["entries"]
    assert good == {
        "pxm": 2,
        "object": "gi0",
        "device_id": "dev0",
        "v2": {"index": 0, "handle": V2_HANDLE.hex(), "device": "0000:20:00.0"},
        "merged": {
            "object": "gi0-2",
            "index": 1,
            "handle": MERGED_HANDLE.hex(),
            "device": "0000:01:04.0",
            "expected_handle": MERGED_HANDLE.hex(),
        },
        "problem": None,
        "excused": None,
    }
    assert set(excused["merged"].values()) == {None}
    assert excused["excused"] == "QEMU ends over it"
    assert wrong["problem"] == "there is none"
    assert wrong["merged"]["index"] is None
