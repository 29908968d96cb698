"""Everything recorded from a QEMU that carried the v2 series: tables, replies and ends, word for word.

The recorded tables are as they lie in fw_cfg, with a checksum of zero.
"""

import json
import shlex
from pathlib import Path

import pytest

from sandbox.acpi.header import with_checksum
from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "v2" / "recorded.json").read_text())
CASES = {case["case"]: case for case in RECORDED["cases"]}
STARTING = [name for name, case in CASES.items() if case["status"] == "alive to the end"]
ENDING = [name for name in CASES if name not in STARTING]
LEFT_OUT_ADDS = {"06f-object-add-errors-some": ("g", "h")}
"""Objects that a recording's later replies know, but whose own exchange is not in the recording."""


def sandbox_of(case) -> Sandbox:
    return Sandbox(shlex.split(case["cmdline"]), dialect="v2", firmware="none")


def in_fw_cfg(table: bytes | None) -> str | None:
    return None if table is None else with_checksum(table, 0).hex()


def reply(sandbox: Sandbox, request) -> dict:
    try:
        return {"return": sandbox.execute(request["execute"], request.get("arguments"))}
    except QemuError as error:
        return {"error": {"class": error.error_class, "desc": error.desc}}


@pytest.mark.parametrize("name", [name for name in STARTING if CASES[name].get("tables")])
def test_tables_are_the_recorded_ones(name):
    case = CASES[name]
    sandbox = sandbox_of(case)
    requests = iter(case["qmp"])
    for table_name, expected in case["tables"].items():
        if "-after-" in table_name:
            exchange = next(requests)
            assert reply(sandbox, exchange["request"]) == exchange["reply"]
        tables = sandbox.tables()
        found = tables.slit if table_name.startswith("SLIT") else tables.srat
        assert in_fw_cfg(found) == expected, table_name


@pytest.mark.parametrize("name", [name for name in STARTING if CASES[name]["qmp"]])
def test_replies_are_the_recorded_ones(name):
    case = CASES[name]
    sandbox = sandbox_of(case)
    for object_id in LEFT_OUT_ADDS.get(name, ()):
        sandbox.execute(
            "object-add", {"qom-type": "acpi-generic-initiator", "id": object_id, "device": "nope", "node": 2}
        )
    for exchange in case["qmp"]:
        assert reply(sandbox, exchange["request"]) == exchange["reply"], exchange["request"]


@pytest.mark.parametrize("name", ENDING)
def test_ends_are_the_recorded_ones(name):
    case = CASES[name]
    with pytest.raises(MachineExit) as caught:
        sandbox_of(case)
    assert caught.value.status == 1
    assert caught.value.stderr == case["stderr"].strip()


@pytest.mark.parametrize("count", [70000, 4294967295])
def test_a_run_of_nodes_beyond_the_table_blob_aborts(count):
    arguments = CASES["01-cover-letter"]["cmdline"].replace("numa-node-count=8", f"numa-node-count={count}")
    with pytest.raises(MachineExit) as caught:
        Sandbox(arguments, dialect="v2")
    assert caught.value.status == -6
    assert "Size too large: /rom@etc/acpi/tables: 0x" in caught.value.stderr


def test_two_runs_that_are_too_long_together_abort_when_the_table_is_next_made():
    sandbox = Sandbox(CASES["01-cover-letter"]["cmdline"].replace("count=8", "count=40000"), dialect="v2")
    added = {"qom-type": "nvidia-acpi-generic-initiator", "id": "gi1", "device": "dev0"}
    sandbox.execute("object-add", {**added, "numa-node-start": 2, "numa-node-count": 40000})
    with pytest.raises(MachineExit) as caught:
        sandbox.reset()
    assert caught.value.status == -6


def test_pc_and_q35_get_no_entries():
    for machine in ("pc", "q35"):
        sandbox = Sandbox(
            f"-M {machine} -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
            "-device vfio-pci-nohotplug,host=0009:01:00.0,addr=04.0,id=dev0 "
            "-object nvidia-acpi-generic-initiator,id=gi0,device=dev0,numa-node-start=1,numa-node-count=1"
        )
        assert all(entry.type != 5 for entry in sandbox.tables().decoded_srat().entries)
        assert sandbox.config.dialect.name == "v2"
