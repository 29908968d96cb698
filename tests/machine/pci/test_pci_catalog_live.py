"""The catalogue and what is read from devices, against live QEMUs."""

from __future__ import annotations

import pytest
from pci_catalog_from_qemu import MACHINES, Harvest
from pci_live import LiveQemu, missing_binary
from pci_replay import plugged

from sandbox.machine.pci.catalog import DEVICE_PROPERTIES, pci_type
from sandbox.machine.pci.enumerate import enumerate_buses
from sandbox.machine.pci.qom import read_bus_property, read_property

pytestmark = pytest.mark.live

SAMPLE = (
    "vfio-pci", "pci-testdev", "virtio-net-pci", "virtio-blk-pci-non-transitional", "nvme", "e1000e", "igb", "cxl-rp",
    "pcie-root-port", "pci-bridge", "pxb-cxl", "xio3130-downstream", "virtio-mem-pci", "qemu-xhci",
)  # fmt: skip
READ = ("type", "addr", "busnr", "multifunction", "rombar", "acpi-index", "parent_bus", "hotpluggable", "realized")


@pytest.fixture(params=["x86_64", "aarch64"])
def harvest(request):
    missing = missing_binary(request.param)
    if missing:
        pytest.skip(missing)
    arguments = ["-M", MACHINES[request.param], "-nodefaults", "-device", "pcie-root-port,id=rp0"]
    with LiveQemu(request.param, arguments) as qemu:
        yield Harvest(qemu, request.param)


def test_the_catalogue_is_what_qemu_says_of_itself(harvest):
    for name in harvest.pci:
        kind = pci_type(name, harvest.target, harvest.version)
        assert [name, *kind.ancestors[:-1]] == harvest.chain(name)
        assert kind.interfaces == {key for key, names in harvest.interfaces.items() if name in names}
        assert kind.is_abstract == (name in harvest.abstract)
        if not kind.is_abstract:
            _, alias, internal = harvest.listing[name]
            assert (kind.alias, kind.is_internal) == (alias, internal)
    concrete = {name: pci_type(name, harvest.target, harvest.version) for name in harvest.pci - harvest.abstract}
    fixed = {name for name, kind in concrete.items() if not kind.hotpluggable}
    assert harvest.not_hotpluggable() == fixed


def test_types_have_the_properties_that_qemu_lists(harvest):
    for name in SAMPLE:
        properties = dict(pci_type(name, harvest.target, harvest.version).properties)
        for inherited in DEVICE_PROPERTIES:
            del properties[inherited]
        assert set(properties.items()) == harvest.all_properties(name)


@pytest.mark.parametrize(
    ("target", "machine", "devices"),
    [
        (
            "x86_64",
            "q35",
            [
                *("pcie-root-port,id=rp,addr=4,multifunction=on", "edu,id=e,bus=rp", "igb,id=g,addr=6"),
                *(
                    "pxb-pcie,id=p,bus_nr=20",
                    "pcie-root-port,id=q,bus=p,chassis=2,hotplug=off",
                    "virtio-rng-pci,id=r,bus=q",
                ),
            ],
        ),
        ("x86_64", "pc", ["pci-bridge,id=b,chassis_nr=1", "edu,id=e,rombar=0", "edu,id=f,bus=b,acpi-index=4"]),
        (
            "aarch64",
            "virt",
            ["pcie-root-port,id=rp", "edu,id=e,bus=rp", "pcie-pci-bridge,id=b", "edu,id=f,bus=b,addr=1"],
        ),
    ],
)
def test_properties_read_as_in_qemu(target, machine, devices):
    missing = missing_binary(target)
    if missing:
        pytest.skip(missing)
    topology = plugged(machine, devices)
    numbers = enumerate_buses(topology)
    arguments = [argument for device in devices for argument in ("-device", device)]
    with LiveQemu(target, ["-M", machine, "-nodefaults", *arguments]) as qemu:
        for device in topology.devices:
            if device.id is not None:
                found = {name: read_property(device, name, numbers) for name in READ}
                assert found == {name: qemu.property(device.path, name) for name in READ}
        for bus in topology.buses:
            assert read_bus_property(bus, "type") == qemu.property(bus.path, "type")
            assert bus.acpi_uid == qemu.property(bus.path, "acpi_uid")
