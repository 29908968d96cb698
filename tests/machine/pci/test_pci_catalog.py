from __future__ import annotations

import pytest

from sandbox.errors import QemuError
from sandbox.machine.pci.catalog import DeviceType, OtherDevice, find_type, pci_type, pci_typenames


def chain(name):
    return (name, *pci_type(name).ancestors)


def test_types_know_their_ancestors():
    assert chain("pci-testdev") == ("pci-testdev", "pci-device", "device", "object")
    assert chain("cxl-rp") == (
        *("cxl-rp", "pcie-root-port-base", "pcie-slot", "pcie-port", "base-pci-bridge"),
        *("pci-device", "device", "object"),
    )
    assert chain("pxb-cxl")[:4] == ("pxb-cxl", "pxb-pcie", "pxb", "pci-device")


def test_vfio_pci_can_be_hotplugged_and_its_sister_cannot():
    assert pci_type("vfio-pci").hotpluggable
    assert not pci_type("vfio-pci-nohotplug").hotpluggable
    assert pci_type("vfio-pci-nohotplug").is_a("vfio-pci")


@pytest.mark.parametrize(
    ("name", "interfaces"),
    [
        ("pci-testdev", {"conventional"}),
        ("e1000e", {"express"}),
        ("virtio-net-pci", {"express", "conventional"}),
        ("virtio-net-pci-transitional", {"conventional"}),
        ("vfio-pci", {"express", "conventional"}),
        ("cxl-type3", {"express", "cxl"}),
        ("pxb-pcie", {"conventional"}),
    ],
)
def test_types_have_the_interfaces_that_qemu_gives_them(name, interfaces):
    assert pci_type(name).interfaces == interfaces


def test_only_types_that_are_express_everywhere_are_express_only():
    assert pci_type("nvme").is_express_only
    assert not pci_type("virtio-blk-pci").is_express_only


@pytest.mark.parametrize(
    ("alias", "typename"),
    [
        ("virtio-net", "virtio-net-pci"),
        ("ahci", "ich9-ahci"),
        ("lsi", "lsi53c895a"),
        ("e1000-82540em", "e1000"),
        ("ac97", "AC97"),
    ],
)
def test_an_alias_stands_for_its_type(alias, typename):
    found = find_type(alias)
    assert isinstance(found, DeviceType)
    assert found.typename == typename


@pytest.mark.parametrize(
    ("name", "desc"),
    [
        ("foo", "'foo' is not a valid device model name"),
        ("pcie-testdev", "'pcie-testdev' is not a valid device model name"),
        ("virtio-crypto", "'virtio-crypto' is not a valid device model name"),
        ("memory-backend-ram", "'memory-backend-ram' is not a valid device model name"),
        ("pcie-port", "Parameter 'driver' expects a non-abstract device type"),
        ("device", "Parameter 'driver' expects a non-abstract device type"),
        ("mch", "Parameter 'driver' expects a pluggable device type"),
        ("q35-pcihost", "Parameter 'driver' expects a pluggable device type"),
    ],
)
def test_types_that_users_cannot_create_are_refused(name, desc):
    with pytest.raises(QemuError) as refused:
        find_type(name)
    assert refused.value.desc == desc


@pytest.mark.parametrize(
    ("name", "kind"),
    [("pc-dimm", "no bus"), ("usb-kbd", "bus usb-bus"), ("amd-iommu", "sysbus"), ("isa-serial", "bus ISA")],
)
def test_types_that_are_not_for_pci_are_known_as_such(name, kind):
    assert find_type(name) == OtherDevice(name, kind)


def test_each_target_has_types_of_its_own():
    assert isinstance(find_type("vmware-svga"), DeviceType)
    with pytest.raises(QemuError, match="'vmware-svga' is not a valid device model name"):
        find_type("vmware-svga", "aarch64")
    assert "unplugged-inaccessible" in pci_type("virtio-mem-pci").properties
    assert "unplugged-inaccessible" not in pci_type("virtio-mem-pci", "aarch64").properties


def test_every_type_is_readable_and_descends_from_pci_device():
    for target in ("x86_64", "aarch64"):
        for name in pci_typenames(target):
            kind = pci_type(name, target)
            assert name == "pci-device" or kind.is_a("pci-device")
            assert {"addr", "busnr", "multifunction", "type"} <= kind.properties.keys()


def test_bridges_and_expanders_are_told_apart():
    bridges = {name for name in pci_typenames() if pci_type(name).is_bridge and not pci_type(name).is_abstract}
    assert bridges == {
        *("pcie-root-port", "ioh3420", "cxl-rp", "x3130-upstream", "xio3130-downstream", "cxl-upstream"),
        *("cxl-downstream", "pci-bridge", "pci-bridge-seat", "pcie-pci-bridge", "i82801b11-bridge"),
    }
    assert {name for name in pci_typenames() if pci_type(name).is_expander} == {"pxb", "pxb-pcie", "pxb-cxl"}


def test_network_models_are_those_with_a_netdev():
    assert pci_type("igb").is_network
    assert not pci_type("rocker").is_network
    assert not pci_type("virtio-net-pci-base").is_network
