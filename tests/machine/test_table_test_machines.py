"""The machines of QEMU's own table tests: tables as QEMU 10.0.2 gave them, byte for byte, without a QEMU at hand."""

import json
from pathlib import Path

import pytest

from sandbox.acpi.header import with_checksum
from sandbox.app import Sandbox
from sandbox.errors import MachineExit

MACHINES = json.loads((Path(__file__).parents[1] / "data" / "table-tests" / "machines.json").read_text())["machines"]
FIRST_INITIATOR_BUS = 426
"""Offset of the bus byte of the first Generic Initiator's handle in the generic-x machine's SRAT."""


@pytest.mark.parametrize("name", MACHINES)
def test_tables_are_those_of_qemu_10(name, recorded):
    tables = Sandbox(MACHINES[name], dialect="10.0", firmware="none").tables()
    for table in ("srat", "slit", "hmat"):
        expected = recorded.read(f"table-tests/{name}-{table}")
        assert (getattr(tables, table) or b"") == expected, table


def test_after_firmware_the_initiator_behind_the_root_port_is_on_bus_1(recorded):
    name = "q35.acpihmat-generic-x"
    before = bytearray(recorded.read(f"table-tests/{name}-srat"))
    assert before[FIRST_INITIATOR_BUS] == 0
    before[FIRST_INITIATOR_BUS] = 1
    assert Sandbox(MACHINES[name], dialect="10.0").tables().srat == with_checksum(bytes(before))


def test_a_cxl_host_bridge_needs_a_cxl_machine():
    with pytest.raises(MachineExit, match="CXL host bridges present, but cxl=off"):
        Sandbox("-M q35 -device pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1", dialect="10.0")


@pytest.mark.parametrize(("machine", "called"), [("q35", "x-oem-id"), ("virt", "oem-id")])
def test_an_oem_id_that_is_too_long_is_called_as_the_machine_calls_it(machine, called):
    with pytest.raises(MachineExit, match=f"User specified {called} value is bigger than 6 bytes in size"):
        Sandbox(f"-M {machine},x-oem-id=ABCDEFG", dialect="10.0")
