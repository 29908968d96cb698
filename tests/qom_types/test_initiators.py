"""What each dialect's objects put into SRAT, and what a bad value does."""

import pytest

from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError

NODES = "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node -numa node -numa node"
VIRT = f"-M virt -m 128M {NODES}"
Q35 = f"-M q35,cxl=on -m 128M {NODES}"


def initiators(sandbox: Sandbox) -> list[tuple[int, bytes]]:
    entries = sandbox.tables().decoded_srat().entries
    return [(entry.pxm, entry.handle.encode()[:4]) for entry in entries if entry.type == 5]


def v2(*objects: str) -> Sandbox:
    devices = "-device vfio-pci-nohotplug,id=dev0,addr=04.0 -device pci-testdev,id=other,addr=05.0"
    return Sandbox(f"{VIRT} {devices} {' '.join(f'-object {text}' for text in objects)}", dialect="v2", firmware="none")


def merged(dialect: str, *objects: str, firmware: str = "none") -> Sandbox:
    devices = (
        "-device pci-testdev,id=dev0,addr=04.0 -device pcie-root-port,id=rp1,addr=06.0 "
        "-device pci-testdev,id=behind,bus=rp1 -device pxb-cxl,id=cxl.1,bus_nr=64,bus=pcie.0"
    )
    words = " ".join(f"-object {text}" for text in objects)
    return Sandbox(f"{Q35} {devices} {words}", dialect=dialect, firmware=firmware)


def test_v2_writes_devfn_where_the_specification_has_the_bus():
    assert initiators(v2("acpi-generic-initiator,id=g,device=dev0,node=2")) == [(2, b"\0\0\x20\0")]


def test_v2_gives_a_run_of_nodes_in_ascending_order():
    sandbox = v2("nvidia-acpi-generic-initiator,id=g,device=dev0,numa-node-start=1,numa-node-count=3")
    assert [pxm for pxm, _ in initiators(sandbox)] == [1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "acpi-generic-initiator,id=g,device=nope,node=2",
        "acpi-generic-initiator,id=g,device=other,node=2",
        "acpi-generic-initiator,id=g,device=dev0,node=128",
        "nvidia-acpi-generic-initiator,id=g,device=dev0,numa-node-start=128,numa-node-count=1",
        "nvidia-acpi-generic-initiator,id=g,device=dev0,numa-node-start=2,numa-node-count=0",
    ],
)
def test_v2_ignores_silently_what_it_cannot_use(text):
    assert initiators(v2(text)) == []


def test_v2_keeps_the_earlier_node_when_a_later_one_is_too_large():
    sandbox = v2("acpi-generic-initiator,id=g,device=dev0,node=3")
    sandbox.execute("qom-set", {"path": "/objects/g", "property": "node", "value": 500})
    sandbox.reset()
    assert [pxm for pxm, _ in initiators(sandbox)] == [3]


def test_v2_node_of_the_nvidia_type_moves_its_start():
    sandbox = v2("nvidia-acpi-generic-initiator,id=g,device=dev0,numa-node-start=1,numa-node-count=2")
    sandbox.execute("qom-set", {"path": "/objects/g", "property": "node", "value": 2})
    sandbox.reset()
    assert [pxm for pxm, _ in initiators(sandbox)] == [2, 3]


def test_v2_an_empty_device_is_the_only_one_of_its_type():
    assert len(initiators(v2("acpi-generic-initiator,id=g,device=,node=2"))) == 1


def test_9_0_swaps_the_two_bytes_and_9_2_does_not():
    text = "acpi-generic-initiator,id=g,pci-dev=dev0,node=2"
    assert initiators(merged("9.0", text)) == [(2, b"\0\0\x20\0")]
    assert initiators(merged("9.2", text)) == [(2, b"\0\0\0\x20")]


def test_the_bus_behind_a_root_port_is_0_before_firmware_and_1_after():
    text = "acpi-generic-initiator,id=g,pci-dev=behind,node=2"
    assert initiators(merged("10.0", text)) == [(2, b"\0\0\0\0")]
    assert initiators(merged("10.0", text, firmware="enumerated")) == [(2, b"\0\0\1\0")]


@pytest.mark.parametrize("path", ["dev0", "/machine/peripheral/dev0", "peripheral/dev0"])
def test_a_device_is_found_by_id_and_by_path(path):
    assert len(initiators(merged("10.0", f"acpi-generic-initiator,id=g,pci-dev={path},node=2"))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acpi-generic-initiator,id=g,pci-dev=dev0,node=128", "acpi-generic-initiator: Invalid NUMA node specified"),
        ("acpi-generic-initiator,id=g,pci-dev=dev0,node=9", "acpi-generic-initiator: Specified node 9 is invalid."),
        (
            "acpi-generic-initiator,id=g,pci-dev=nope,node=1",
            "acpi-generic-initiator: Specified device must be a PCI device.",
        ),
        ("acpi-generic-port,id=g,pci-bus=cxl.1,node=128", "acpi-generic-initiator: Invalid NUMA node specified"),
        ("acpi-generic-port,id=g,pci-bus=cxl.1,node=9", "acpi-generic-port: node 9 is invalid."),
        ("acpi-generic-port,id=g,pci-bus=rp1,node=1", "acpi-generic-port: device must be a CXL host bridge."),
    ],
)
def test_on_the_command_line_a_bad_value_ends_the_start(text, message):
    with pytest.raises(MachineExit) as caught:
        merged("10.0", text)
    assert (caught.value.status, caught.value.stderr) == (1, message)


def test_object_add_of_node_128_ends_a_running_machine_at_once():
    sandbox = merged("10.0")
    with pytest.raises(MachineExit):
        sandbox.execute("object-add", {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "dev0", "node": 128})


def test_object_add_of_an_undeclared_node_ends_the_machine_when_it_next_makes_its_tables():
    sandbox = merged("10.0")
    before = sandbox.tables()
    added = {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "dev0", "node": 9}
    assert sandbox.execute("object-add", added) == {}
    assert sandbox.tables() == before
    with pytest.raises(MachineExit, match=r"Specified node 9 is invalid\."):
        sandbox.reset()
    with pytest.raises(MachineExit, match=r"Specified node 9 is invalid\."):
        sandbox.execute("query-status")


def test_ports_stand_behind_all_initiators_and_carry_hid_and_uid():
    sandbox = merged(
        "10.0",
        "acpi-generic-port,id=a,pci-bus=cxl.1,node=3",
        "acpi-generic-initiator,id=b,pci-dev=dev0,node=1",
        "acpi-generic-initiator,id=zz,pci-dev=dev0,node=2",
    )
    entries = [entry for entry in sandbox.tables().decoded_srat().entries if entry.type in (5, 6)]
    assert [entry.type for entry in entries] == [5, 5, 6]
    assert entries[-1].handle.encode() == b"ACPI0016" + (64).to_bytes(4, "little") + bytes(4)


def test_a_node_named_by_an_initiator_is_an_initiator_for_hmat():
    hmat = (
        "-M q35,hmat=on -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
        "-device pci-testdev,id=dev0 -object acpi-generic-initiator,id=g,pci-dev=dev0,node=1 "
        "-numa hmat-lb,initiator=1,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    )
    assert Sandbox(hmat, dialect="10.0").tables().hmat is not None
    with pytest.raises(MachineExit, match="Invalid initiator=1, it isn't an initiator proximity domain"):
        Sandbox(hmat.replace("-object acpi-generic-initiator,id=g,pci-dev=dev0,node=1 ", ""), dialect="10.0")


def test_eight_objects_come_in_bucket_order():
    nodes = " ".join(f"-numa node,nodeid={node}" for node in range(1, 10))
    objects = " ".join(f"-object acpi-generic-initiator,id=gi{i},pci-dev=dev0,node={i + 2}" for i in range(8))
    sandbox = Sandbox(
        f"-M virt -m 2G -object memory-backend-ram,id=m0,size=2G -numa node,memdev=m0 {nodes} "
        f"-device pci-testdev,id=dev0 {objects}",
        dialect="10.0",
    )
    assert [pxm for pxm, _ in initiators(sandbox)] == [7, 6, 5, 4, 3, 9, 2, 8]


def test_an_amd_iommu_takes_the_first_free_slot_with_a_device_of_its_own():
    # As a live QEMU 10.0.2 places them: VGA 1, network 2, AMDVI-PCI 3, so the next device comes to 4.
    sandbox = Sandbox(
        f"-M q35 -m 128M {NODES} -device amd-iommu -device pci-testdev,id=dev0 "
        "-object acpi-generic-initiator,id=g,pci-dev=dev0,node=1",
        dialect="10.0",
    )
    assert initiators(sandbox) == [(1, b"\0\0\0\x20")]


def test_no_property_of_an_initiator_is_readable():
    sandbox = merged("10.0", "acpi-generic-initiator,id=g,pci-dev=dev0,node=1")
    for name in ("node", "pci-dev"):
        with pytest.raises(QemuError) as caught:
            sandbox.execute("qom-get", {"path": "/objects/g", "property": name})
        assert caught.value.desc == f"Property 'acpi-generic-initiator.{name}' is not readable"
