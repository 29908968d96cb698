"""The tree that stands for a guest's sysfs."""

import re
import shutil
import subprocess

import pytest

from sandbox.app import Sandbox
from sandbox.errors import InputError
from sandbox.files import write_tree
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.guest.sysfs import FileTree, mask_text, system_tree
from sandbox.runs import list_text

MACHINE = (
    "-M q35 -m 512 -smp 4,cores=2,threads=2 -object memory-backend-ram,id=m0,size=256M -object "
    "memory-backend-ram,id=m1,size=256M -numa node,memdev=m0,cpus=0-1 -numa node,memdev=m1,cpus=2-3 -numa node "
    "-numa dist,src=0,dst=1,val=21 -numa dist,src=0,dst=2,val=30 -numa dist,src=1,dst=2,val=31 "
    "-device pci-testdev,id=dev0 -object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=2"
)

NODE = r"NUMANode L#(\d+) \(P#(\d+)(?: local=(\d+)KB)?"


@pytest.fixture(scope="module")
def tree():
    vm = Sandbox(MACHINE, dialect="10.0")
    machine = facts_of(vm.machine)
    return system_tree(forecast(vm.tables(), machine, find_kernel("x86", "6.12")), machine)


@pytest.mark.parametrize(
    ("numbers", "text"), [((), ""), ((4,), "4"), ((0, 1, 4), "0-1,4"), ((5, 3, 4, 9, 11, 10), "3-5,9-11")]
)
def test_a_mask_is_printed_as_sysfs_does(numbers, text):
    assert list_text(numbers) == text


@pytest.mark.parametrize(
    ("numbers", "width", "text"),
    [((0,), 2, "1"), ((), 2, "0"), ((1,), 8, "02"), ((32,), 36, "1,00000000"), ((0,), 64, "00000000,00000001")],
)
def test_a_bit_mask_has_words_of_32_bits(numbers, width, text):
    assert mask_text(numbers, width) == text


def test_nodes_hold_what_the_guest_would_print(tree):
    folder = "sys/devices/system/node"
    assert tree.files[f"{folder}/has_generic_initiator"] == "2\n"
    assert tree.files[f"{folder}/node1/cpulist"] == "2-3\n"
    assert tree.files[f"{folder}/node1/cpumap"] == "c\n"
    assert tree.files[f"{folder}/node2/distance"] == "30 31 10\n"
    assert tree.links[f"{folder}/node1/cpu2"] == "../../cpu/cpu2"


def test_threads_of_a_core_are_siblings(tree):
    assert tree.files["sys/devices/system/cpu/cpu3/topology/thread_siblings_list"] == "2-3\n"
    assert tree.files["sys/devices/system/cpu/cpu3/topology/package_cpus_list"] == "0-3\n"


def test_a_tree_is_not_written_over_what_is_there(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(InputError, match="not empty"):
        write_tree(str(tmp_path), FileTree({"sys": ""}, {}))


@pytest.mark.skipif(shutil.which("lstopo-no-graphics") is None, reason="no lstopo: install hwloc-nox")
def test_lstopo_finds_the_nodes_where_the_forecast_says(tree, tmp_path):
    write_tree(str(tmp_path), tree)
    command = ["lstopo-no-graphics", "--input", str(tmp_path), "--if", "fsroot", "-v", "--of", "console"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    nodes = {name: size for _, name, size in re.findall(NODE, text)}
    assert nodes == {"0": "261752", "1": "262016", "2": ""}
    physical = {logical: name for logical, name, _ in re.findall(NODE, text)}
    matrix = [line.split() for line in text.split("NUMALatency")[1].splitlines()[2:5]]
    order = [row[0] for row in matrix]
    found = {
        physical[row[0]] + physical[other]: int(cell)
        for row in matrix
        for other, cell in zip(order, row[1:], strict=True)
    }
    assert found == {"00": 10, "01": 21, "02": 30, "10": 21, "11": 10, "12": 31, "20": 30, "21": 31, "22": 10}
