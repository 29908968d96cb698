"""Memory devices of domains, and the details of a domain that no QEMU argument has."""

from __future__ import annotations

import shlex

import pytest
from libvirt_domains import WITHOUT_CELLS, with_modules

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.libvirt.arguments import qemu_arguments
from sandbox.libvirt.domain import Address, Domain, MemoryModule
from sandbox.libvirt.from_machine import domain_of
from sandbox.libvirt.read import read_domain
from sandbox.libvirt.write import write_domain

MIB = 1 << 10
BASE = (
    "-M q35,nvdimm=on -m 256M,slots=4,maxmem=4G -object memory-backend-ram,id=m0,size=256M "
    "-numa node,memdev=m0 -numa node"
)
DIMM = "-object memory-backend-ram,id=d{0},size=128M -device pc-dimm,id=dimm{0},memdev=d{0},node={1}"
NVDIMM = "-object memory-backend-file,id=n,size=256M,mem-path=/var/nv -device nvdimm,id=nv,memdev=n,node=1"
VIRTIO = (
    "-object memory-backend-ram,id=v,size=512M -device virtio-mem-pci,id=vm,memdev=v,node=1,requested-size=64M,addr=7"
)
CXL = (
    "-M cxl=on -device pxb-cxl,id=c,bus=pcie.0,bus_nr=12 -device cxl-rp,id=rp,bus=c,chassis=0,slot=0 "
    "-object memory-backend-ram,id=x,size=256M -device cxl-type3,id=mem,bus=rp,volatile-memdev=x"
)


def read(xml: str) -> Domain:
    return read_domain(xml.encode(), "d.xml")


def made(words: str):
    return domain_of(shlex.split(words), "10.0")


def test_memory_devices_are_read():
    first, virtio, second, nvdimm, _, pmem = read(with_modules("x86_64")).modules
    assert first == MemoryModule("dimm", 128 * MIB, 1)
    assert (virtio.size, virtio.block, virtio.requested) == (512 * MIB, 4 * MIB, 64 * MIB)
    assert (virtio.base, virtio.address, virtio.flags) == (0x180000000, Address(0, 9), ("dynamicMemslots",))
    assert (second.size, second.slot, second.base, second.page, second.alias) == (
        *(256 * MIB, 2, 0x150000000),
        *(4, "ua-module"),
    )
    assert (nvdimm.path, nvdimm.label, nvdimm.align, nvdimm.flags) == ("/var/nvdimm", 128, 4 * MIB, ("readonly",))
    assert (pmem.model, pmem.path) == ("virtio-pmem", "/var/pmem")


def test_memory_of_a_domain_without_nodes_counts_memory_devices_in():
    domain = read(WITHOUT_CELLS)
    assert (domain.memory, [cell.memory for cell in domain.cells]) == (512 * MIB, [512 * MIB])
    with pytest.raises(InputError, match="<memory> counts memory devices in, and is not more than they have"):
        read(WITHOUT_CELLS.replace("<memory unit='MiB'>640", "<memory unit='MiB'>128"))


@pytest.mark.parametrize(
    "modules",
    [
        DIMM.format(0, 1),
        f"{DIMM.format(0, 0)} {DIMM.format(1, 1)}",
        f"{DIMM.format(0, 1)},slot=2,addr=0x140000000 {NVDIMM},label-size=128K {DIMM.format(1, 0)}",
        f"{VIRTIO} {DIMM.format(0, 0)}",
        f"{NVDIMM} {VIRTIO},memaddr=0x150000000,block-size=4M",
    ],
)
def test_memory_devices_of_a_command_line_have_the_same_tables_through_a_domain(modules):
    words = f"{BASE} {modules}"
    found = made(words)
    assert found.notes == ()
    again = qemu_arguments(read(write_domain(found.domain))).words
    assert Sandbox(again, dialect="10.0").tables() == Sandbox(words, dialect="10.0").tables()


def test_a_virtio_mem_device_keeps_its_request_and_its_address():
    (module,) = made(f"{BASE} {VIRTIO}").domain.modules
    assert (module.model, module.size, module.node) == ("virtio-mem", 512 * MIB, 1)
    assert (module.requested, module.address) == (64 * MIB, Address(0, 7))


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (
            NVDIMM.replace("file", "ram").replace(",mem-path=/var/nv", ""),
            "nv (nvdimm) is left out: libvirt has such memory on a file only, and n has none",
        ),
        (
            CXL,
            "mem (cxl-type3) is left out: libvirt has no CXL memory, and SRAT does not name this one",
        ),
    ],
)
def test_memory_that_libvirt_cannot_have_is_noted(words, note):
    assert note in made(f"{BASE} {words}").notes


def test_a_virtio_device_without_an_address_gets_a_root_port_and_a_note():
    xml = with_modules("x86_64").replace("<address type='pci' domain='0' bus='0' slot='9' function='0'/>", "")
    arguments = qemu_arguments(read(xml))
    assert any("libvirt chooses the PCI addresses of the virtio-mem device:" in note for note in arguments.notes)
    (device,) = [word for word in arguments.words if '"id": "virtiomem0"' in word]
    assert device.endswith('"bus": "pci.1", "addr": "0x0"}')


@pytest.mark.parametrize("command", [["translate", "--to", "libvirt"], ["export", "--as", "libvirt"]])
def test_a_domain_keeps_its_details(command, capsys, tmp_path):
    file = tmp_path / "other.xml"
    file.write_text(with_modules("x86_64").replace("<acpi nodeset='1'/>", "<alias name='ua-gpu'/><acpi nodeset='1'/>"))
    assert main([*command, "--libvirt", str(file)]) == 0
    shown = capsys.readouterr()
    assert "only what decides on nodes is in it: disks, interfaces, the loader" in shown.err
    assert "<hostdev mode='subsystem' type='pci' managed='no'>" in shown.out
    assert "<driver name='vfio' model='nvgrace_gpu_vfio_pci'/>" in shown.out
    again, given = read(shown.out), read(file.read_text())
    assert (again.name, again.kvm) == ("modules-x86_64", False)
    assert [(it.managed, it.driver, it.alias) for it in again.hostdevs] == [
        (it.managed, it.driver, it.alias) for it in given.hostdevs
    ]
    assert {it.page for it in again.modules} == {None, 4}
    tables = [Sandbox(qemu_arguments(it).words, dialect="10.0").tables() for it in (again, given)]
    assert tables[0] == tables[1]


def test_an_arm_machine_with_memory_modules_gets_firmware_which_they_need():
    words = qemu_arguments(read(with_modules("aarch64"))).words
    assert words[words.index("-bios") + 1] == "edk2-aarch64-code.fd"
    loader = "<os><loader readonly='yes' type='pflash'>/usr/share/AAVMF/AAVMF_CODE.fd</loader>"
    words = qemu_arguments(read(with_modules("aarch64").replace("<os firmware='efi'>", loader))).words
    assert words[words.index("-bios") + 1] == "/usr/share/AAVMF/AAVMF_CODE.fd"
