from __future__ import annotations

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pci_replay import plugged

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.machine.pci.builtin import builtin_devices, builtin_topology
from sandbox.machine.pci.defaults import startup_requests
from sandbox.machine.pci.enumerate import enumerate_buses
from sandbox.machine.pci.options import BuiltinOptions, DeviceRequest, Drive
from sandbox.machine.pci.qom import read_bus_property, read_property

BARE = BuiltinOptions(defaults=False)


@contextmanager
def refused(desc):
    with pytest.raises(QemuError) as caught:
        yield
    assert caught.value.desc == desc


def places(topology):
    return {device.path: (device.bus.path, device.devfn) for device in topology.devices}


def test_a_device_goes_to_the_first_slot_whose_function_0_is_free():
    topology = plugged("q35", ["edu,addr=1", "edu,addr=2.1", "edu,id=a,multifunction=on", "edu,id=b"])
    assert (topology.device("a").address, topology.device("b").address) == ("02.0", "03.0")


def test_that_slot_may_have_other_functions_already():
    with refused("PCI: 1.0 indicates single function, but 1.1 is already populated."):
        plugged("q35", ["edu,addr=1.1", "edu"])


def test_a_bridge_makes_a_bus_of_its_own_name():
    topology = plugged("q35", ["pcie-root-port,id=rp1"])
    bus = topology.tree.secondary(topology.device("rp1"))
    assert (bus.name, bus.typename, bus.path) == ("rp1", "PCIE", "/machine/peripheral/rp1/rp1")


@pytest.mark.parametrize(
    ("machine", "bridge", "names"),
    [
        ("q35", "pcie-root-port,chassis={}", ["pcie.0", "pcie.1"]),
        ("pc", "pci-bridge,chassis_nr={}", ["pci.1", "pci.2"]),
        ("q35", "pci-bridge,chassis_nr={}", ["pci.0", "pci.1"]),
        ("q35", "cxl-rp,chassis={}", ["cxl.0", "cxl.1"]),
    ],
)
def test_buses_without_a_name_are_counted_by_type(machine, bridge, names):
    topology = plugged(machine, [bridge.format(1), bridge.format(2)])
    assert [bus.name for bus in topology.buses[1:]] == names


def test_the_root_bus_wins_over_a_bridges_bus_of_the_same_name():
    topology = plugged("q35", ["pcie-root-port", "edu,bus=pcie.0,id=a", "edu,bus=pcie.0/pcie-root-port,id=b"])
    assert topology.device("a").bus is topology.tree.root
    assert topology.device("b").bus.path == "/machine/peripheral-anon/device[0]/pcie.0"


def test_without_a_bus_a_device_goes_to_the_newest_expander():
    topology = plugged("q35", ["pxb-pcie,id=p,bus_nr=9", "pcie-root-port,id=rp"])
    assert topology.device("rp").bus.name == "p"


def test_an_expander_has_its_bus_number_from_the_start():
    topology = plugged("q35", ["pxb-cxl,id=cxl.1,bus_nr=222", "cxl-rp,id=rp,bus=cxl.1", "cxl-type3,id=m,bus=rp"])
    numbers = enumerate_buses(topology)
    assert (numbers[topology.device("rp").bus], numbers[topology.device("m").bus]) == (222, 0)
    bus = topology.device("rp").bus
    assert (bus.name, bus.typename, bus.acpi_uid) == ("cxl.1", "pxb-cxl-bus", 222)
    assert bus.path == "/machine/unattached/device[22]/cxl.1"
    assert read_bus_property(bus, "acpi_uid") == 222


def test_a_conventional_expander_puts_devices_behind_a_bridge_of_its_name():
    topology = plugged("pc", ["pxb,id=p,bus_nr=9", "edu,id=e,bus=p"])
    bus = topology.device("e").bus
    assert (bus.name, bus.path) == ("p", "/machine/unattached/device[23]/p")
    assert (bus.parent.typename, bus.parent.bus.name, bus.parent.bus.typename) == (
        "pci-bridge",
        "pxb-internal",
        "pxb-bus",
    )


def test_igb_takes_places_for_its_virtual_functions():
    topology = plugged("q35", ["igb,id=g,addr=2"])
    virtual = [device for device in topology.devices if device.physical is topology.device("g")]
    assert [device.address for device in virtual] == ["12.0", "12.2", "12.4", "12.6", "13.0", "13.2", "13.4", "13.6"]
    assert {device.typename for device in virtual} == {"igbvf"}


def test_a_pcie_device_in_another_slot_below_a_port_is_warned_of():
    topology = plugged("q35", ["pcie-root-port,id=rp", "e1000e,bus=rp", "e1000e,bus=rp", "edu,bus=rp", "igb,bus=rp"])
    assert topology.warnings == (
        "PCI: slot 1 is not valid for e1000e, parent device only allows plugging into slot 0.",
    )


def test_what_is_not_for_pci_is_not_plugged():
    with pytest.raises(UnmodelledError, match="pc-dimm is not a PCI device"):
        builtin_topology("q35").plug("pc-dimm")


def test_a_bridge_called_like_one_of_its_properties_ends_qemu():
    with pytest.raises(MachineExit) as ended:
        plugged("q35", ["pcie-root-port,id=slot"])
    assert ended.value.status == -6


def test_unknown_devices_on_the_system_bus_are_refused():
    with refused("Device 'foo' not found"):
        plugged("q35", ["edu,bus=/foo"])


def test_other_devices_share_the_ids():
    topology = builtin_topology("q35", BARE)
    assert topology.take_place("dimm0") == "/machine/peripheral/dimm0"
    assert topology.take_place(None) == "/machine/peripheral-anon/device[0]"
    with refused("Duplicate device ID 'dimm0'"):
        topology.plug("edu", {}, "dimm0")
    topology.leave_place("dimm0")
    assert topology.plug("edu", {}, "dimm0").path == "/machine/peripheral/dimm0"
    assert topology.plug("edu").path == "/machine/peripheral-anon/device[1]"


def test_amd_iommu_brings_a_pci_device():
    topology = builtin_topology("q35", BARE)
    assert topology.plug_iommu("amd-iommu") == "/machine/peripheral-anon/device[0]"
    assert [d.address for d in topology.devices if d.typename == "AMDVI-PCI"] == ["01.0"]
    with refused("QEMU does not support multiple vIOMMUs for x86 yet."):
        topology.plug_iommu("intel-iommu", "x")
    assert topology.plug("edu", {}, "x").address == "02.0"


def test_removing_a_bridge_removes_what_is_behind_it():
    topology = plugged("virt", ["pcie-root-port,id=a", "x3130-upstream,id=b,bus=a", "igb,id=c,bus=b", "edu,id=d"])
    before = places(plugged("virt", ["pcie-root-port,id=a", "edu,id=d"]))
    gone = topology.remove("b")
    assert gone[-1].id == "b"
    assert {device.id for device in gone} == {"b", "c", None}
    assert topology.device("c") is None
    assert places(topology) == before
    with refused("Bus 'b' not found"):
        topology.plug("edu", {"bus": "b"})


def test_what_a_removed_port_had_to_itself_is_free_again():
    topology = plugged("pc", ["pci-bridge,id=br,chassis_nr=1", "pcie-root-port,id=a,bus=br,chassis=3,acpi-index=4"])
    topology.remove("a")
    topology.plug("pcie-root-port", {"bus": "br", "chassis": "3", "acpi-index": "4"}, "a")


def test_properties_are_read_from_the_device():
    topology = plugged("q35", ["pcie-root-port,id=rp,addr=4,multifunction=on", "vfio-pci-nohotplug,id=gpu,bus=rp"])
    numbers = enumerate_buses(topology, "seabios")
    port, gpu = topology.device("rp"), topology.device("gpu")
    read = [read_property(port, name, numbers) for name in ("addr", "busnr", "multifunction", "rombar", "chassis")[:4]]
    assert read == [32, 0, True, -1]
    assert read_property(gpu, "busnr", numbers) == 1
    assert read_property(gpu, "parent_bus", numbers) == "/machine/peripheral/rp/rp"
    assert (read_property(gpu, "hotpluggable", numbers), read_property(gpu, "type", numbers)) == (False, gpu.typename)
    with refused("Property 'vfio-pci-nohotplug.foo' not found"):
        read_property(gpu, "foo", numbers)
    with pytest.raises(UnmodelledError):
        read_property(gpu, "sysfsdev", numbers)
    with refused("Property 'PCIE.acpi_uid' not found"):
        read_bus_property(gpu.bus, "acpi_uid")


def test_plain_devices_come_before_virtio_drives_and_those_before_json():
    asked = [DeviceRequest("a", from_json=True), DeviceRequest("b")]
    found = startup_requests("virt", [Drive(None, name="x"), Drive("none"), Drive("virtio")], asked)
    assert [request.driver for request in found] == ["b", "virtio-blk-pci", "virtio-blk-pci", "a"]
    assert len(startup_requests("q35", [Drive(None)], asked)) == 2


@pytest.mark.parametrize(
    ("machine", "drive", "desc"),
    [
        ("q35", Drive("scsi"), "machine type does not support if=scsi,bus=0,unit=0"),
        ("virt", Drive("ide"), "machine type does not support if=ide,bus=0,unit=0"),
        ("virt", Drive("floppy"), "machine type does not support if=floppy,bus=0,unit=0"),
        ("pc", Drive("sd"), "machine type does not support if=sd,bus=0,unit=0"),
        ("q35", Drive("mtd"), "machine type does not support if=mtd,bus=0,unit=0"),
    ],
)
def test_drives_without_a_place_are_refused(machine, drive, desc):
    with refused(desc):
        builtin_topology(machine, BuiltinOptions(drives=(drive,)))


@pytest.mark.parametrize(
    ("vga", "desc"),
    [("foo", "unknown vga type: foo"), ("std,x", "unknown vga type: std,x"), ("tcx", "TCX framebuffer not available")],
)
def test_unknown_graphics_are_refused(vga, desc):
    with refused(desc):
        builtin_devices("pc", BuiltinOptions(vga=vga))


def test_numbering_that_never_ends_is_not_modelled():
    ports = [f"pcie-root-port,id=p{i},chassis={i}" for i in range(2)]
    with pytest.raises(UnmodelledError):
        enumerate_buses(plugged("q35", [ports[0] + ",bus-reserve=254", ports[1]]), "seabios")
    behind = ["pxb-pcie,id=p,bus_nr=255", "pcie-root-port,bus=p", "pcie-root-port,bus=p,chassis=7"]
    with pytest.raises(UnmodelledError):
        enumerate_buses(plugged("q35", behind), "seabios")


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "bus": st.sampled_from(["pcie.0", "a", "b", "nope"]),
        "addr": st.sampled_from(["1", "2.1", "3", "0", "99"]),
        "multifunction": st.sampled_from(["on", "off", "x"]),
        "chassis": st.sampled_from(["1", "2"]),
    },
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["edu", "pcie-root-port", "igb", "pxb-pcie", "VGA", "mch"]),
        OPTIONS,
        st.sampled_from(["a", "b", "c", None]),
    ),
    max_size=8,
)


@given(STEPS)
def test_a_refused_device_leaves_no_trace(steps):
    topology = builtin_topology("q35", BARE)
    for driver, options, name in steps:
        before = places(topology), {bus.path for bus in topology.buses}, topology.device("a")
        try:
            topology.plug(driver, options, name)
        except QemuError:
            assert (places(topology), {bus.path for bus in topology.buses}, topology.device("a")) == before
