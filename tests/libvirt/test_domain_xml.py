"""Domain XML: what is read, what is written, what is refused with line and column."""

from __future__ import annotations

import shlex

import pytest
from libvirt_domains import HAND, PLAIN_PC, domains

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.libvirt.arguments import qemu_arguments
from sandbox.libvirt.domain import Address, Cell, Controller, Domain, Hostdev
from sandbox.libvirt.from_machine import domain_of
from sandbox.libvirt.read import read_domain
from sandbox.libvirt.write import write_domain

NUMA = "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node -numa node"
BASE = f"-M q35 -m 128M {NUMA}"
GPU = "-device vfio-pci,host=0009:01:00.0,id=gpu,addr=4"


def read(xml: str) -> Domain:
    return read_domain(xml.encode(), "d.xml")


def made(words: str):
    return domain_of(shlex.split(words), "10.0")


def initiator(node: int, device: str = "gpu") -> str:
    return f"-object acpi-generic-initiator,id=g{node},pci-dev={device},node={node}"


def test_a_domain_written_by_hand_is_read():
    domain = read(HAND)
    assert (domain.arch, domain.machine, domain.gic, domain.cpu) == ("aarch64", "virt-9.2", "3", "cortex-a57")
    assert (domain.memory, domain.max_memory, domain.slots) == (2 << 20, 8 << 20, 2)
    assert (domain.vcpus, domain.started_vcpus) == (4, 2)
    assert domain.cells[1] == Cell(1, 1 << 20, (1, 3), ((2, 44),))
    assert domain.controllers[1] == Controller(1, "pcie-expander-bus", Address(0, 5), bus_number=180, node=1)
    first, second = domain.hostdevs
    assert (first.host, first.nodes, first.iommufd, first.managed) == ("0009:01:00.0", (2, 4), True, False)
    assert (second.host, second.alias, second.rom_bar) == ("0009:02:00.1", "ua-second", False)
    assert domain.iothreads == (1, 2)
    assert domain.rngs == ("rng-random",)


@pytest.mark.parametrize("name", domains())
def test_what_is_written_reads_as_the_same_domain(name):
    domain = read(domains()[name])
    again = read(write_domain(domain))
    assert [strip(it) for it in again.hostdevs] == [strip(it) for it in domain.hostdevs]
    assert again.modules == domain.modules
    assert (again.cells, again.controllers, again.topology) == (domain.cells, domain.controllers, domain.topology)
    assert (again.memory, again.vcpus, again.started_vcpus) == (domain.memory, domain.vcpus, domain.started_vcpus)


def strip(hostdev: Hostdev) -> tuple:
    return hostdev.host, hostdev.nodes, hostdev.address, hostdev.alias, hostdev.rom_bar, hostdev.iommufd, hostdev.driver


@pytest.mark.parametrize(
    ("unit", "kib"), [("KiB", 3), ("k", 3), ("b", 1), ("KB", 3), ("MiB", 3 << 10), ("GB", 2929688), ("T", 3 << 30)]
)
def test_memory_is_rounded_up_to_kib(unit, kib):
    xml = PLAIN_PC.replace("<memory>524288</memory>", f"<memory unit='{unit}'>3</memory>")
    without_cells = xml.partition("<cpu>")[0] + xml.partition("</cpu>")[2]
    assert read(without_cells).memory == kib


def test_arguments_of_the_users_own_come_last():
    words = qemu_arguments(read(PLAIN_PC)).words
    assert words[-1] == "acpi-generic-initiator,id=own,pci-dev=test,node=1"
    assert len(Sandbox(words, dialect="10.0").tables().decoded_srat().entries) > 3


def test_a_device_without_an_address_gets_a_root_port_and_a_note():
    xml = PLAIN_PC.replace("pc-i440fx", "pc-q35").replace("pci-root", "pcie-root").partition("<qemu:comm")[0]
    hostdev = (
        "<hostdev type='pci'><source><address domain='9' bus='1' slot='0' function='0'/></source>"
        "<acpi nodeset='1'/></hostdev>"
    )
    xml = xml.replace("<memballoon", f"{hostdev}<memballoon") + "</domain>"
    xml = xml.replace("<controller type='pci' index='1' model='pci-bridge'>", "<x>").replace(
        "</controller>\n    <host", "</x><host"
    )
    arguments = qemu_arguments(read(xml))
    (note,) = arguments.notes
    assert "libvirt chooses the PCI addresses of 0009:01:00.0" in note
    entries = Sandbox(arguments.words, dialect="10.0").tables().decoded_srat().entries
    assert [entry.handle.bdf for entry in entries if entry.type == 5] == ["0000:01:00.0"]


BAD = {
    "<domain": ("d.xml:1:1: not XML: unclosed token", None),
    "<!DOCTYPE x><domain type='kvm'/>": ("document type declaration", None),
    "<network/>": ("d.xml:1:1: <network type=''> is no domain of QEMU's", None),
    "<domain type='xen'/>": ("type='xen'> is no domain of QEMU's", None),
    "<domain type='kvm'/>": ("<type> is missing", None),
    "arch": ("the architecture riscv64", ("arch='x86_64'", "arch='riscv64'")),
    "vcpu": ("d.xml:4:3: <vcpu> is 'x'; it must be a whole number", ("<vcpu>2", "<vcpu>x")),
    "unit": ("the unit 'X' of <cell> is not known", ("unit='KiB'", "unit='X'")),
    "cell memory": ("attribute memory of <cell> is 'much'", ("memory='524288'", "memory='much'")),
    "cpus": ("'0..1' is no set of numbers", ("cpus='0-1'", "cpus='0..1'")),
    "index": ("attribute index of <controller> is missing", ("index='1'", "")),
    "model": ("a PCI controller of model 'nvme' is not modelled", ("model='pci-bridge'", "model='nvme'")),
    "source": ("<hostdev> has no <source><address/></source>", ("<memballoon", "<hostdev type='pci'/><memballoon")),
    "sgx": (
        "a memory device of model 'sgx-epc' is not modelled",
        ("<memballoon", "<memory model='sgx-epc'/><memballoon"),
    ),
    "dimm": ("<target><size> is missing", ("<memballoon", "<memory model='dimm'/><memballoon")),
    "hmat": ("<interconnects> moves a table", ("</numa>", "<interconnects/></numa>")),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_refused_with_its_place(name):
    message, change = BAD[name]
    xml = name if change is None else PLAIN_PC.replace(*change)
    assert change is None or xml != PLAIN_PC
    with pytest.raises(InputError) as error:
        read(xml)
    assert message in str(error.value)


def test_a_command_line_becomes_a_domain():
    root_port = "-device pcie-root-port,id=rp,chassis=1,port=2,addr=1c.1"
    second = "-device vfio-pci,host=02:00.0,id=second,bus=rp,rombar=0"
    domain = made(f"{BASE} {root_port} {GPU} {second} {initiator(1)} {initiator(2, 'second')}").domain
    assert domain.controllers == (
        Controller(0, "pcie-root"),
        Controller(1, "pcie-root-port", Address(0, 0x1C, 1), chassis=1, port=2),
    )
    assert domain.hostdevs == (
        Hostdev("0009:01:00.0", (1,), Address(0, 4)),
        Hostdev("0000:02:00.0", (2,), Address(1, 0), rom_bar=False),
    )
    assert [cell.memory for cell in domain.cells] == [128 << 10, 0, 0]


def test_a_bridge_has_a_lower_index_than_those_below_it():
    """libvirt refuses any other: "index must be larger than bus"."""
    bridges = "-device pci-bridge,id=b,chassis_nr=2 -device pci-bridge,id=a,chassis_nr=6,bus=b,addr=3"
    deepest = "-device pci-bridge,id=c,chassis_nr=9,bus=a,addr=4"
    domain = made(f"{BASE.replace('q35', 'pc')} {bridges} {deepest}").domain
    assert [(it.index, it.address.bus) for it in domain.controllers[1:]] == [(1, 0), (2, 1), (3, 2)]


@pytest.mark.parametrize(("chassis", "kept"), [((1, 2), (1, 2)), ((2, 3), (None, None)), ((1, 0), (None, None))])
def test_chassis_that_libvirt_might_give_again_are_left_to_it(chassis, kept):
    ports = " ".join(f"-device pcie-root-port,id=p{it},chassis={it},addr={8 + it}" for it in chassis)
    assert tuple(it.chassis for it in made(f"{BASE} {ports}").domain.controllers[1:]) == kept


def test_what_libvirt_has_no_word_for_is_said_otherwise():
    words = "-M virt,gic-version=max -m 128M -smp 12 -numa node,mem=128M -M virt-5.0"
    assert made(words.replace("-smp 12", "-smp 12,sockets=3,clusters=2,cores=2")).domain.gic == "3"
    modules = made(f"{BASE} -smp 8,modules=2,cores=2,threads=2")
    assert modules.domain.topology == (("sockets", 1), ("cores", 4), ("threads", 2))
    assert modules.notes == ("libvirt has no modules: the cores of 2 modules are given as one",)
    bridge = made(f"{BASE} -device pcie-pci-bridge,id=b,addr=9")
    assert bridge.notes == ("b: libvirt takes a pcie-to-pci-bridge behind a root port only, and refuses this one",)


def test_nodes_of_a_device_become_one_set():
    domain = made(f"{BASE} {GPU} {initiator(2)} {initiator(1)}").domain
    assert "<acpi nodeset='1-2'/>" in write_domain(domain)


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (f"{GPU} {initiator(1)} -device virtio-rng-pci,id=rng", "rng (virtio-rng-pci) is left out"),
        (f"-device pci-testdev,id=t {initiator(1, 't')}", "t and its initiators are left out"),
        (
            f"-device pci-testdev {initiator(1, '/machine/peripheral-anon/device[0]')}",
            "device[0] and its initiators are left out: libvirt gives initiators to hostdevs only",
        ),
        (
            "-M cxl=on -object acpi-generic-port,id=p,pci-bus=c,node=1 -device pxb-cxl,id=c,bus=pcie.0",
            "Generic Ports are left out",
        ),
        (f"{GPU} {initiator(1)} -device usb-tablet", "usb-tablet without an id is left out"),
        (f"{GPU.replace('vfio-pci', 'vfio-pci-nohotplug')} {initiator(1)}", "as vfio-pci, not vfio-pci-nohotplug"),
    ],
)
def test_what_a_domain_does_not_say_is_noted(words, note):
    notes = made(f"{BASE} {words}").notes
    assert any(note in it for it in notes)


def test_what_moves_a_table_and_is_left_out_is_noted_as_such():
    latency = "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    words = BASE.replace("q35 -m 128M", "q35,hmat=on -m 128M,slots=1,maxmem=1G").replace("memdev", "cpus=0,memdev")
    notes = made(f"{words} {latency}").notes
    assert any(note.startswith("HMAT is left out") and "only nodes with CPUs" in note for note in notes)


def test_a_device_of_the_host_needs_no_id():
    anonymous = GPU.replace(",id=gpu", "")
    by_path = initiator(2, "/machine/peripheral-anon/device[1]")
    second = anonymous.replace("0009:01", "0009:02").replace("addr=4", "addr=5")
    domain = made(f"{BASE} {anonymous} {second} {by_path}").domain
    assert [(it.host, it.nodes) for it in domain.hostdevs] == [("0009:01:00.0", ()), ("0009:02:00.0", (2,))]


@pytest.mark.parametrize(("words", "name"), [("-name a", "a"), ("-name guest=b/c,process=x", "b-c"), ("", "guest")])
def test_the_name_is_that_of_the_machine(words, name):
    assert made(f"{BASE} {words}").domain.name == name


@pytest.mark.parametrize(
    ("machine", "taken"),
    [("pc-q35-noble", "q35"), ("pc-i440fx-rhel7.6.0", "pc"), ("pc-q35-12.0", "q35"), ("pc-q35-9.2", "pc-q35-9.2")],
)
def test_a_machine_type_of_a_distribution_is_the_newest_of_its_family(machine, taken):
    made = qemu_arguments(read(PLAIN_PC.replace("pc-i440fx-9.2", machine)))
    assert made.words[made.words.index("-machine") + 1].startswith(f"{taken},")
    noted = f"QEMU itself has no machine {machine} in dialect 10.0: taken as its newest {taken}"
    assert made.notes == (() if machine == taken else (noted,))


def test_the_order_that_libvirts_ids_give_is_noted():
    """As a live QEMU lists gi0 to gi7 on nodes 1 to 8."""
    nodes = f"-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0{' -numa node' * 8}"
    notes = made(f"{nodes} {GPU} {' '.join(initiator(node) for node in range(1, 9))}").notes
    (note,) = [it for it in notes if it.startswith("libvirt names")]
    assert "come as 6 5 4 3 2 8 1 7, and Linux" in note


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (f"{BASE} -numa node,nodeid=9", "QEMU does not start with this command line"),
        (f"{BASE} {GPU.replace('0009:01:00.0', 'x')} {initiator(1)}", "'x' is no PCI address of the host"),
    ],
)
def test_a_command_line_that_is_no_domain_is_refused(words, message):
    with pytest.raises(InputError, match=message):
        made(words)


def test_a_v2_command_line_is_translated_first():
    v2 = "-M virt -object nvidia-acpi-generic-initiator,id=gi0,device=gpu,numa-node-start=1,numa-node-count=2"
    with pytest.raises(InputError, match="translate it to a merged one first"):
        domain_of(shlex.split(v2))


def test_a_v2_machine_of_pc_has_nodes_in_its_domain_where_that_is_asked_for(capsys):
    words = shlex.split(f"{BASE} {GPU.replace('vfio-pci', 'vfio-pci-nohotplug')}")
    words += ["-object", "nvidia-acpi-generic-initiator,id=gi0,device=gpu,numa-node-start=1,numa-node-count=2"]
    assert main(["translate", "--to", "libvirt", "--", *words]) == 0
    captured = capsys.readouterr()
    assert "--on-x86 makes the objects" in captured.err
    assert "nodeset" not in captured.out
    assert main(["translate", "--to", "libvirt", "--on-x86", "--", *words]) == 0
    captured = capsys.readouterr()
    assert "<acpi nodeset='1-2'/>" in captured.out
    assert "note: v2 makes no entries on pc and q35" in captured.err


def test_commands_take_and_give_domain_xml(capsys, tmp_path):
    file = tmp_path / "d.xml"
    scenario = "scenarios/grace-hopper-mig.yaml"
    assert main(["translate", "--to", "libvirt", "-o", str(file), scenario]) == 0
    assert "their nodes come as 7 6 5 4 3 9 2 8" in capsys.readouterr().err
    text = file.read_text()
    assert "<acpi nodeset='2-9'/>" in text
    assert main(["export", "--as", "libvirt", scenario]) == 0
    assert capsys.readouterr().out == text
    assert main(["lint", "--libvirt", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "order-scrambled" in shown
    assert "libvirt names the objects of <acpi nodeset> gi0, gi1 and so on itself" in " ".join(shown.split())
    assert main(["export", "--as", "args", "--libvirt", str(file)]) == 0
    assert '"qom-type": "acpi-generic-initiator", "id": "gi7"' in capsys.readouterr().out


def test_what_libvirt_alone_decides_is_noted(capsys, tmp_path):
    file = tmp_path / "d.xml"
    gpu = "<hostdev type='pci'><source><address bus='1'/></source><acpi nodeset='1'/></hostdev>"
    file.write_text(PLAIN_PC.replace("<memballoon model='none'/>", gpu))
    for words in (["lint"], ["export", "--as", "yaml"], ["translate", "--to", "10.0"]):
        main([*words, "--libvirt", str(file)])
        notes = capsys.readouterr().err
        assert "libvirt adds devices that are not in it" in notes
        assert "libvirt chooses the PCI addresses of 0000:01:00.0" in notes


def test_a_domain_takes_distances_of_the_host(capsys, tmp_path):
    (tmp_path / "d.xml").write_text(PLAIN_PC)
    (tmp_path / "host").write_text("node distances:\nnode   0   4\n  0:  10  80\n  4:  80  10\n")
    words = ["--distances-from", str(tmp_path / "host"), "--map", "0,4=0-1", "--libvirt", str(tmp_path / "d.xml")]
    assert main(["translate", "--to", "libvirt", *words]) == 0
    assert "<sibling id='1' value='80'/>" in capsys.readouterr().out
