"""What query-pci and qom-get tell of each PCI device type: sandbox/monitor/data/pci_headers.json and pci_values.json.

A type is put on the root bus of a machine that firmware has not touched; what a type needs to start (a drive, memory, a
character device) is there. Types that want more than that (a host device, a vhost-user server) have no entry.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

from pci_live import LiveQemu, QemuDiedError

from sandbox.machine.pci.catalog import pci_type, pci_typenames

BACKENDS = [
    *("-nodefaults", "-m", "256M,slots=2,maxmem=4G", "-blockdev", "null-co,node-name=d", "-chardev", "null,id=ch"),
    *("-fsdev", "local,id=f,path=/tmp,security_model=none", "-object", "cryptodev-backend-builtin,id=c"),
    *("-object", "memory-backend-ram,id=m,size=256M", "-object", "memory-backend-ram,id=m2,size=1M"),
    *("-audiodev", "none,id=a", "-object", "can-bus,id=cb"),
]
NEEDS = (
    ("virtio-blk", "drive=d"),
    ("nvme", "drive=d,serial=s"),
    ("virtio-9p", "fsdev=f,mount_tag=t"),
    ("virtio-crypto", "cryptodev=c"),
    ("virtio-pmem", "memdev=m"),
    ("virtio-mem", "memdev=m"),
    ("ivshmem-plain", "memdev=m"),
    ("acpi-erst", "memdev=m"),
    ("pci-ipmi", "bmc=b"),
    ("AC97", "audiodev=a"),
    ("ES1370", "audiodev=a"),
    ("virtio-sound", "audiodev=a"),
    ("kvaser", "canbus=cb"),
    ("mioe3680", "canbus0=cb,canbus1=cb"),
    ("pcm3680", "canbus0=cb,canbus1=cb"),
    ("pci-bridge", "chassis_nr=3"),
    ("pci-serial-", "chardev1=ch"),
    ("pci-serial", "chardev=ch"),
    ("pxb", "bus_nr=9"),
    ("cxl-type3", "persistent-memdev=m,lsa=m2"),
)
SOURCES = {"x86_64": "q35,cxl=on", "aarch64": "virt"}
MACHINES = (
    ("x86_64", ["-M", "q35,usb=on"]),
    ("x86_64", ["-M", "pc,usb=on"]),
    ("x86_64", ["-M", "pc,usb=on,x-south-bridge=piix4-isa"]),
    ("aarch64", ["-M", "virt"]),
    ("x86_64", ["-M", "q35", "-device", "amd-iommu"]),
    ("x86_64", ["-M", "q35", "-nodefaults", "-device", "igb,addr=4"]),
)
PLACED = {"type", "parent_bus", "realized", "hotplugged", "hotpluggable", "addr", "busnr", "mac", "id", "bus"}
UNUSUAL_NONE = {"str": "", "string": ""}
HUNG = {"ivshmem-doorbell"}


def arguments_for(name: str, target: str) -> list[str]:
    """QEMU's arguments for a machine with one device of a type, called x."""
    machine, place = SOURCES[target], "addr=4"
    more: list[str] = []
    if name.startswith("pci-ipmi"):
        more = ["-device", "ipmi-bmc-sim,id=b"]
    elif name.startswith("cxl-") and target == "x86_64":
        more, place = ["-device", "pxb-cxl,bus_nr=32,id=px"], "bus=px"
        if name == "cxl-type3":
            more, place = [*more, "-device", "cxl-rp,bus=px,id=r"], "bus=r"
    elif name in ("pxb", "vfio-pci-igd-lpc-bridge"):
        machine, place = "pc", "addr=4" if name == "pxb" else "addr=1f.0"
    needs = next((f",{needed}" for start, needed in NEEDS if name.startswith(start)), "")
    return ["-M", machine, *BACKENDS, *more, "-device", f"{name},{place},id=x{needs}"]


def found_of(name: str, target: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What query-pci tells of one device of a type, and its unusual values; None where it does not start."""
    arguments = arguments_for(name, target)
    try:
        with LiveQemu(target, arguments, timeout=10) as qemu:
            buses = qemu.execute("query-pci")
            values = unusual_values(qemu, name, arguments[-1])
    except QemuDiedError:
        return None
    devices = [device for bus in buses for device in bus["devices"] if device["qdev_id"] == "x"]
    return (devices[-1], values) if devices else None


def unusual_values(qemu: LiveQemu, name: str, given: str) -> dict[str, Any]:
    """The values of a device's properties that are not their defaults, without those that depend on its place."""
    skipped = PLACED | {part.partition("=")[0] for part in given.split(",")}
    values = {}
    for declared in qemu.execute("qom-list-properties", typename=name):
        key, kind = declared["name"], declared["type"]
        if key in skipped or key.startswith("legacy-") or kind.startswith("child<"):
            continue
        value = qemu.property("/machine/peripheral/x", key)
        usual = "" if kind.startswith("link<") else UNUSUAL_NONE.get(kind)
        if value is not None and value != declared.get("default-value", usual):
            values[key] = value.replace("/machine/peripheral/x", "PATH") if isinstance(value, str) else value
    return values


def creatable(target: str) -> list[str]:
    kinds = ((name, pci_type(name, target)) for name in pci_typenames(target))
    return [name for name, kind in kinds if not (kind.is_abstract or kind.is_internal) and name not in HUNG]


def builtin_headers(target: str, arguments: list[str]) -> dict[str, dict[str, Any]]:
    """What query-pci tells of the devices that a machine has by itself, by type."""
    with LiveQemu(target, arguments) as qemu:
        places: dict[int, str] = {}

        def visit(path: str, depth: int) -> None:
            for name, typename in qemu.children(path):
                if typename != "memory-region" and "cpu" not in typename:
                    inner = f"{path}/{name}"
                    if "return" in qemu.call("qom-get", {"path": inner, "property": "busnr"}):
                        places[qemu.property(inner, "addr")] = typename
                    if depth:
                        visit(inner, depth - 1)

        visit("/machine", 4)
        devices = [device for bus in qemu.execute("query-pci") for device in bus["devices"]]
    found = ((places.get(device["slot"] << 3 | device["function"]), device) for device in devices)
    return {typename: device for typename, device in found if typename is not None}


def as_text(device: dict[str, Any]) -> str:
    """A header as the file has it: ``vendor:device class pin [subsystem] [bridge=...] region ...``."""
    ids = device["id"]
    words = [f"{ids['vendor']:04x}:{ids['device']:04x}", f"{device['class_info']['class']:04x}", str(device["irq_pin"])]
    if "subsystem" in ids:
        words.append(f"{ids['subsystem-vendor']:04x}:{ids['subsystem']:04x}")
    if "pci_bridge" in device:
        bus = device["pci_bridge"]["bus"]
        ranges = (bus[name] for name in ("io_range", "memory_range", "prefetchable_range"))
        words.append("bridge=" + ",".join(f"{entry['base']:x}-{entry['limit']:x}" for entry in ranges))
    for region in device["regions"]:
        kind = region["type"]
        if kind == "memory":
            kind = f"{'pref' if region['prefetch'] else 'mem'}{'64' if region['mem_type_64'] else '32'}"
        words.append(f"{region['bar']}={kind}:{region['size']:x}")
    return " ".join(words)


def harvest() -> tuple[dict[str, str], dict[str, str]]:
    """The rows of the two files: descriptions of classes as ``class NNNN``, then the types; and the types' values."""
    devices: dict[str, dict[str, Any]] = {}
    values: dict[str, str] = {}
    for target in SOURCES:
        for name in creatable(target):
            if name not in devices and (found := found_of(name, target)) is not None:
                devices[name] = found[0]
                if found[1]:
                    values[name] = json.dumps(found[1])
    for target, arguments in MACHINES:
        devices = builtin_headers(target, arguments) | devices
    classes = {d["class_info"]["class"]: d["class_info"]["desc"] for d in devices.values() if "desc" in d["class_info"]}
    rows = {f"class {number:04x}": classes[number] for number in sorted(classes)}
    rows |= {name: as_text(devices[name]) for name in sorted(devices)}
    return rows, dict(sorted(values.items()))
