"""Machines whose objects are looked at, and what is asked of their types and objects."""

from __future__ import annotations

from typing import Any

Asked = tuple[str, dict[str, Any]]

MACHINES = {
    "q35": "qemu-system-x86_64 -M q35,cxl=on -nodefaults -m 256M,slots=2,maxmem=1G -device e1000e,id=e "
    "-device pcie-root-port,id=rp -device virtio-net-pci,id=v,bus=rp -device pci-bridge,id=b,chassis_nr=2 "
    "-device VGA,id=vga -device pxb-pcie,id=px,bus_nr=8 -device pcie-root-port,id=rp2,bus=px,slot=2 "
    "-device virtio-rng-pci,id=rng,bus=pcie.0,disable-legacy=on -device nec-usb-xhci,id=u,bus=pcie.0 "
    "-device x3130-upstream,id=up,bus=rp2 -object memory-backend-ram,id=m2,size=64M "
    "-device virtio-scsi-pci,id=vs,bus=pcie.0,addr=9.0,multifunction=on "
    "-device pci-testdev,membar=4096,addr=9.1,id=tt,acpi-index=3,bus=pcie.0 -device pc-dimm,id=dm,memdev=m2",
    "pc": "qemu-system-x86_64 -M pc,vmport=off,acpi=off -nodefaults -smp 2 -boot order=d,menu=on "
    "-device pci-bridge,id=b,chassis_nr=1 -device e1000,id=e,romfile=",
    "old": "qemu-system-x86_64 -M pc-q35-7.2 -nodefaults -device pcie-root-port,id=rp -device e1000e,id=e,bus=rp",
    "virt": "qemu-system-aarch64 -M virt -nodefaults -device virtio-net-pci,id=v -device pcie-root-port,id=rp "
    "-device pxb-pcie,id=px,bus_nr=8",
}

BUSES = {
    "q35": ("/machine/q35/pcie.0", "/machine/peripheral/rp/rp", "/machine/peripheral/b/b", "/machine/peripheral/px"),
    "pc": ("/machine/i440fx/pci.0", "/machine/peripheral/b/b"),
    "old": ("/machine/q35/pcie.0",),
    "virt": ("/machine/peripheral/rp/rp",),
}

TYPES: tuple[dict[str, Any], ...] = (
    {},
    {"abstract": True},
    {"implements": "device"},
    {"implements": "pci-device", "abstract": True},
    {"implements": "user-creatable"},
    {"implements": "acpi-generic-initiator"},
    {"implements": "nope"},
    {"implements": "cpu"},
    {"implements": "hotplug-handler"},
    {"implements": "pci-express-device"},
)

SHOWN = "device pci-device pcie-root-port virtio-net-pci pc-dimm nvdimm PCIE machine pc-q35-10.0-machine iothread nope"


def words(name: str) -> list[str]:
    """The arguments of a machine, the program first."""
    return MACHINES[name].split()


def paths(name: str) -> list[str]:
    """The objects of a machine that are looked at."""
    given = (part.partition(",")[0] for part in MACHINES[name].split("id=")[1:])
    devices = [f"/machine/peripheral/{text.split()[0]}" for text in given if not text.startswith("m2")]
    return ["/", "/machine", "/objects", *BUSES[name], *devices]


def type_questions() -> list[Asked]:
    """What is asked of types."""
    asked: list[Asked] = [("qom-list-types", arguments) for arguments in TYPES]
    for command in ("qom-list-properties", "device-list-properties"):
        asked += [(command, {"typename": name}) for name in SHOWN.split()]
    return asked


def value_questions(listed: list[list[dict[str, str]]], name: str) -> list[Asked]:
    """A qom-get of each property that the objects of a machine list."""
    return [
        ("qom-get", {"path": path, "property": entry["name"]})
        for path, entries in zip(paths(name), listed, strict=True)
        for entry in entries
        if not entry["type"].startswith("child<") and entry["name"] not in ("rtc-time", "mac")
    ]
