"""virtio-mem and virtio-pmem devices, as recorded in tests/data/virtio-memory, and what else follows from them."""

from __future__ import annotations

import pytest
from virtio_memory_cases import RECORDED, TWO_NODES, machines, own

from sandbox.acpi.srat import MemoryAffinity
from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError, UnmodelledError

ALL = machines()


@pytest.mark.parametrize("dialect", ["10.0", "11.1"])
@pytest.mark.parametrize("case", ALL)
def test_machines_with_virtio_memory_are_as_recorded(case, dialect):
    words, commands, program = ALL[case]
    assert own(words, commands, program, dialect) == RECORDED.load(dialect)[case]


def test_virtio_memory_has_no_entry_of_its_own_in_srat():
    bare = Sandbox(f"-M q35 {TWO_NODES}", dialect="10.0")
    full = Sandbox(
        f"-M q35 {TWO_NODES} -device virtio-mem-pci,memdev=m9,node=1 -device virtio-pmem-pci,memdev=m8", dialect="10.0"
    )
    assert full.tables() == bare.tables()
    entries = full.tables().decoded_srat().entries
    rooms = [entry for entry in entries if isinstance(entry, MemoryAffinity) and entry.flags == 3]
    assert [(room.pxm, room.base) for room in rooms] == [(1, 4 << 30)]


def test_a_file_that_cannot_be_written_makes_no_virtio_mem_and_makes_virtio_pmem():
    file = "-object memory-backend-file,id=f,size=64M,mem-path=image,readonly=on"
    with pytest.raises(MachineExit, match=r"'memdev' property specifies an unsupported memdev$"):
        Sandbox(f"-M q35 {TWO_NODES} {file} -device virtio-mem-pci,memdev=f", dialect="10.0")
    with pytest.raises(MachineExit, match=r"Unexpected error discarding RAM: Operation not permitted$"):
        Sandbox(f"-M q35 {TWO_NODES} {file},rom=off -device virtio-mem-pci,memdev=f", dialect="10.0")
    vm = Sandbox(f"-M q35 {TWO_NODES} {file} -device virtio-pmem-pci,memdev=f", dialect="10.0")
    assert vm.execute("query-memory-size-summary", {})["plugged-memory"] == 64 << 20


def test_huge_pages_are_the_least_block():
    huge = "-object memory-backend-memfd,id=f,size=4G,hugetlb=on,hugetlbsize=1G"
    words = f"-M q35 -m 512M,maxmem=8G {huge} -device virtio-mem-pci,memdev=f,id=v"
    vm = Sandbox(words, dialect="10.0")
    assert vm.execute("qom-get", {"path": "v", "property": "block-size"}) == 1 << 30
    with pytest.raises(MachineExit, match=r"'block-size' property has to be at least the page size \(0x40000000\)$"):
        Sandbox(f"{words},block-size=2M", dialect="10.0")


def test_what_is_not_modelled_is_said():
    device = "-device virtio-mem-pci,memdev=m9"
    with pytest.raises(UnmodelledError, match=r"-global virtio-mem-pci\.node=1 is not modelled"):
        Sandbox(f"-M q35 {TWO_NODES} -global virtio-mem-pci.node=1 {device}", dialect="10.0")
    with pytest.raises(UnmodelledError, match="-device virtio-mem is not modelled; virtio-mem-pci is"):
        Sandbox(f"qemu-system-aarch64 -M virt {TWO_NODES} -device virtio-mem,memdev=m9", dialect="10.0")


def test_a_device_that_is_refused_leaves_its_backend_and_its_addresses():
    vm = Sandbox(f"-M q35 {TWO_NODES} -device pcie-root-port,id=rp", dialect="10.0")
    with pytest.raises(QemuError, match="which exceedsthe number of numa nodes: 2"):
        vm.execute("device_add", {"driver": "virtio-mem-pci", "id": "v", "bus": "rp", "memdev": "m9", "node": 5})
    assert vm.execute("query-memory-devices", {}) == []
    assert vm.execute("object-del", {"id": "m9"}) == {}


def test_a_device_that_goes_gives_back_its_backend_and_its_addresses():
    vm = Sandbox(f"qemu-system-aarch64 -M virt {TWO_NODES} -device pcie-root-port,id=rp", dialect="10.0")
    for _ in range(2):
        vm.execute("device_add", {"driver": "virtio-mem-pci", "id": "v", "bus": "rp", "memdev": "m9"})
        assert vm.execute("query-memory-devices", {})[0]["data"]["memaddr"] == 0x8000_0000
        vm.execute("device_del", {"id": "v"})
    assert vm.execute("object-del", {"id": "m9"}) == {}
