"""What rules say of memory devices is what the forecast says, which is held against booted guests."""

from __future__ import annotations

import pytest
from lint_cases import DIMM, ROOM, TESTDEV, do, found, machine, merged, only, scenario

from sandbox.app import Sandbox
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel

NVDIMM = "-M q35,nvdimm=on -object memory-backend-ram,id=d,size=128M -device nvdimm,id=d0,memdev=d"
VIRTIO_MEM = "-object memory-backend-ram,id=d,size=256M -device virtio-mem-pci,id=d0,memdev=d,requested-size=128M"
VIRTIO_PMEM = "-object memory-backend-ram,id=d,size=128M -device virtio-pmem-pci,id=d0,memdev=d"


def told(*words):
    return found(scenario(*words, dialect="10.0"))


@pytest.mark.parametrize(
    ("device", "name"), [(DIMM, "pc-dimm 'd0'"), (NVDIMM, "nvdimm 'd0'"), (VIRTIO_MEM, "virtio-mem 'd0'")]
)
def test_memory_that_comes_to_an_initiators_node_is_named(device, name):
    one = only(told(machine(3), ROOM, TESTDEV, merged(1), f"{device},node=1"), "GI301")
    assert one.message == f"node 1 of gi0 is that of the memory of {name}"
    assert one.where.about.endswith("node=1")
    assert "GI301" not in {it.code for it in told(machine(3), ROOM, TESTDEV, merged(1), f"{device},node=0")}


def test_a_device_without_an_id_is_named_by_its_memory():
    device = f"{DIMM.replace('id=d0,', '')},node=1"
    assert only(told(machine(3), ROOM, TESTDEV, merged(1), device), "GI301").message.endswith("a pc-dimm with 'd'")


def test_virtio_pmem_is_a_disk_of_no_node():
    words = (machine(2), ROOM, TESTDEV, VIRTIO_PMEM, merged(0))
    assert [it.message for it in told(*words) if it.code == "GI301"] == ["node 0 of gi0 has memory and CPUs"]


def test_a_module_that_a_command_plugs_in_is_looked_at():
    backend = do("object-add", qom_type="memory-backend-ram", id="d", size=128 << 20)
    plug = do("device_add", driver="pc-dimm", id="d0", memdev="d", node=1)
    case = scenario(machine(3), ROOM, TESTDEV, merged(1), steps=(backend, plug), dialect="10.0")
    assert only(found(case), "GI301").where.about.startswith("step 2 (device_add")


def sandbox_of(*words):
    vm = Sandbox(scenario(*words).command_line, dialect="10.0")
    return forecast(vm.tables(), facts_of(vm.machine), find_kernel("x86", "6.12"))


@pytest.mark.parametrize(("node", "is_known"), [(0, True), (1, True), (2, False), (3, True)])
def test_a_module_of_a_node_that_a_guest_lacks_is_that_of_the_first_memory(node, is_known):
    words = (machine(4), ROOM, TESTDEV, f"{DIMM},node={node}", merged(1))
    seen = {it.pxm for it in sandbox_of(*words).nodes}
    assert (node in seen) is is_known
    messages = [it.message for it in told(*words) if it.code == "GI309"]
    said = "pc-dimm 'd0' is for node 2, which nothing in SRAT names: a guest counts its memory to node 0"
    assert messages == ([] if is_known else [said])


def test_an_nvdimm_has_an_entry_in_srat_and_virtio_mem_has_none():
    for device, speaks in ((NVDIMM, False), (VIRTIO_MEM, True)):
        words = (machine(4), ROOM, TESTDEV, f"{device},node=2", merged(1))
        assert ("GI309" in {it.code for it in told(*words)}) is speaks


@pytest.mark.parametrize(("size", "addr"), [(128, 0), (64, 0), (192, 0), (256, 0), (128, (4 << 30) + (64 << 20))])
def test_a_module_is_refused_where_the_forecast_says_so(size, addr):
    device = f"{DIMM.replace('size=128M', f'size={size}M')},addr={addr}"
    words = (machine(2), ROOM, device)
    lost = [it for it in sandbox_of(*words).lost if "memory module d0" in it.what]
    assert bool(lost) is ("GI310" in {it.code for it in told(*words)})
    assert bool(lost) is bool(size % 128 or addr % (128 << 20))


def test_maxmem_is_not_to_be_left_out_where_there_are_modules():
    without = only(told(machine(2), ROOM, TESTDEV, merged(1)), "GI306").remedy
    with_module = only(told(machine(2), ROOM, TESTDEV, merged(1), f"{DIMM},node=0"), "GI306").remedy
    assert without == "Declare one more -numa node behind the initiators', or leave maxmem out."
    assert with_module == "Declare one more -numa node behind the initiators'."
