import json

from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import AFTER, BEFORE, FAILED, ORIGINS, PASSED, SomeTables

from sandbox.report.jsonout import diff_json, table_json, tables_json, transcript_json


def test_replay_as_json_keeps_every_step() -> None:
    value = json.loads(json.dumps(transcript_json(FAILED)))
    assert {key: value[key] for key in ("file", "dialect", "dialect_reason", "firmware", "ignored", "passed")} == {
        "file": "a.yaml", "dialect": "10.0", "dialect_reason": "as asked for", "firmware": "enumerated",
        "ignored": ["-display none"], "passed": False,
    }  # fmt: skip
    outcomes = [record["outcome"] for record in value["records"]]
    assert outcomes == ["passed", "failed", "failed", "failed", "not run", "not run"]
    assert value["records"][1] == {
        "title": "object-add gi0",
        "place": {"file": "a.yaml", "line": 3, "column": 5},
        "outcome": "failed",
        "sent": {"execute": "object-add", "arguments": {"id": "gi0", "node": 1}},
        "reply": {"error": {"class": "GenericError", "desc": "Parameter \x00 is bad"}},
        "ended": None,
        "changed": [],
        "checks": [
            {
                "what": "reply",
                "passed": False,
                "differences": [
                    {"path": "reply", "expected": "a return", "found": "GenericError: Parameter \x00 is bad"}
                ],
            },
            {"what": "nodes", "passed": True, "differences": []},
        ],
    }
    assert value["records"][3]["ended"] == {"status": 1, "stderr": "qemu: warning: old\n<gone> & away"}
    assert value["records"][3]["reply"] == {"return": {}}


def test_replay_that_passed_has_the_tables_that_firmware_had_last() -> None:
    value = transcript_json(PASSED)
    assert value["passed"] is True
    assert value["records"][2]["changed"] == ["srat", "slit"]
    assert value["tables"] == tables_json(AFTER, ORIGINS)


def test_tables_as_json_name_devices_and_where_they_come_from() -> None:
    value = tables_json(AFTER, ORIGINS)
    assert AFTER.srat is not None
    assert value["srat"] == {
        "length": 200,
        "structures": {"Local APIC": 1, "Memory": 1, "Generic Initiator": 2, "Generic Port": 1},
        "problem": None,
        "bytes": AFTER.srat.hex(),
    }
    assert value["hmat"] is None
    assert value["initiators"][0] == {
        "pxm": 1, "device": "0000:20:00.0", "swapped": "0000:00:04.0", "enabled": True, "object": "gi0",
        "object_type": "acpi-generic-initiator", "device_id": "dev0", "device_type": "vfio-pci",
    }  # fmt: skip
    assert value["ports"][0]["device"] == "ACPI0016:12"
    assert value["distances"] == [[10, 20], [120, 10]]
    assert tables_json(AFTER)["initiators"][0]["object"] is None


def test_fields_as_json_cover_every_byte() -> None:
    assert AFTER.srat is not None
    value = table_json(AFTER.srat)
    fields = [field for structure in value["structures"] for field in structure["fields"]]
    assert "".join(field["bytes"] for field in fields) == AFTER.srat.hex()
    assert (value["signature"], value["length"], value["problems"]) == ("SRAT", 200, [])


def test_difference_as_json_has_both_sides() -> None:
    assert AFTER.srat is not None
    assert BEFORE.srat is not None
    (length, *_, last) = diff_json(BEFORE.srat, AFTER.srat)
    assert (length["a"]["path"], length["a"]["value"], length["b"]["value"]) == ("SRAT.length", 104, 200)
    assert length["consequent"] is True
    assert (last["kind"], last["name"], last["a"]) == ("added", "Generic Port Affinity", None)
    assert diff_json(AFTER.srat, AFTER.srat) == []


@settings(deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=120))
def test_any_bytes_become_json(a: bytes, b: bytes) -> None:
    json.dumps([table_json(b"SRAT" + a), diff_json(a, b), tables_json(SomeTables(a, b, a))])
