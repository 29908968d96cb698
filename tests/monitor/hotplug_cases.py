"""Machines whose devices come and go, and what is done to them."""

from __future__ import annotations

from typing import Any

Asked = tuple[str, dict[str, Any]]


def add(driver: str, device_id: str, **more: Any) -> Asked:
    return "device_add", {"driver": driver, "id": device_id, **more}


def remove(device_id: str) -> Asked:
    return "device_del", {"id": device_id}


def at(path: str) -> Asked:
    return "qom-list", {"path": path}


def typed(line: str) -> Asked:
    return "human-monitor-command", {"command-line": line}


RESET: Asked = ("system_reset", {})
PCI: Asked = ("query-pci", {})
PERIPHERAL = at("/machine/peripheral")
MODULES: Asked = ("query-memory-devices", {})
SUMMARY: Asked = ("query-memory-size-summary", {})

CASES: dict[str, tuple[str, list[Asked]]] = {
    "ports of virt": (
        ("qemu-system-aarch64 -M virt -nodefaults -device pcie-root-port,id=rp -device pcie-root-port,id=rp2,slot=2 "
        "-device virtio-net-pci,id=n,bus=rp"),
        [remove("n"), add("virtio-net-pci", "n2", bus="rp2"), at("/machine/peripheral/rp2/rp2"), remove("n2"),
         PERIPHERAL, at("/machine/peripheral/rp2/rp2"), add("pci-testdev", "n2", bus="rp2"), remove("n2"), RESET,
         PERIPHERAL, PCI, add("pci-testdev", "n3", bus="rp"), add("pci-testdev", "n3", bus="pcie.0"), remove("rp")],
    ),
    "bridges with a controller of their own": (
        ("qemu-system-x86_64 -M q35 -nodefaults -device pcie-pci-bridge,id=pb "
        "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"),
        [add("virtio-net-pci", "n2", bus="pb", addr="1"), add("pci-testdev", "n3", bus="pb", addr="2"),
         add("pci-testdev", "n9", bus="pb"), at("/machine/peripheral/pb/pb"), remove("n2"),
         at("/machine/peripheral/pb/pb"), add("pci-testdev", "n4", bus="pb", addr="3"),
         at("/machine/peripheral/pb/pb"), remove("n3"), RESET, remove("n4"), PERIPHERAL],
    ),
    "the chipset's controller of q35": (
        ("qemu-system-x86_64 -M q35 -nodefaults -device pcie-root-port,id=rp -device pcie-root-port,id=rp2,slot=2 "
        "-device virtio-net-pci,id=n,bus=rp"),
        [remove("n"), remove("n"), PERIPHERAL, RESET, PERIPHERAL, add("e1000e", "m", bus="rp2"), remove("m"), RESET,
         PERIPHERAL, add("pci-bridge", "deep", bus="rp", chassis_nr=4), add("pci-testdev", "x", bus="deep", addr="2"),
         PERIPHERAL, ("qom-get", {"path": "/machine/peripheral/x", "property": "hotplugged"}), PCI],
    ),
    "the chipset's controller of pc": (
        ("qemu-system-x86_64 -M pc -nodefaults -device pci-bridge,id=br,chassis_nr=1 "
        "-device pci-testdev,id=t1,bus=br,addr=3 -device pci-testdev,id=t0"),
        [remove("t0"), remove("t0"), add("pci-testdev", "t5"), PCI, RESET, PERIPHERAL, remove("t5"), RESET, PERIPHERAL,
         PCI, at("/machine/i440fx/pci.0"), add("pci-testdev", "t6", addr="9.0"), PCI, remove("br")],
    ),
    "memory modules": (
        ("qemu-system-x86_64 -M q35,nvdimm=on -nodefaults -m 256M,slots=3,maxmem=1G "
        "-object memory-backend-ram,id=m2,size=128M -object memory-backend-ram,id=m3,size=64M"),
        [MODULES, add("pc-dimm", "dm", memdev="m2"), MODULES, SUMMARY, ("object-del", {"id": "m2"}), remove("dm"),
         RESET, MODULES, add("nvdimm", "nv", memdev="m3"), MODULES, add("pc-dimm", "dm", memdev="m2"),
         add("pc-dimm", "d3", memdev="m2"), add("pc-dimm", "d3"), ("qom-get", {"path": "dm", "property": "addr"}),
         typed("info memory-devices"), typed("info numa")],
    ),
    "memory modules that are refused": (
        ("qemu-system-x86_64 -M q35 -nodefaults -m 256M,slots=3,maxmem=1G -device pcie-root-port,id=rp "
        "-object memory-backend-ram,id=m2,size=128M"),
        [*(add("pc-dimm", "d", **{"memdev": "m2", name: value}) for name, value in (
            ("memdev", True), ("node", "1"), ("slot", "1"), ("addr", "x"), ("node", 2**33), ("slot", 2**33),
            ("slot", 2**64 - 1), ("bus", "nope"), ("bus", "rp"), ("node", -1), ("node", 1.5), ("memdev", "nope"),
            ("hotplugged", True), ("realized", "x"), ("size", 5), ("nope", 1), ("node", 1), ("slot", 3),
            ("addr", 4096))),
         add("nvdimm", "n", memdev="m2", unarmed="x"), add("pc-dimm", "d"), add("pc-dimm", "d", memdev="m2", slot=1),
         add("pc-dimm", "d", memdev="m2"), typed("device_add pc-dimm,id=e,memdev=m2"),
         typed("device_add pc-dimm,id=e,memdev=m2,node=x"), MODULES],
    ),
    "virtio memory": (
        ("qemu-system-aarch64 -M virt -nodefaults -m 256M,maxmem=1G -device pcie-root-port,id=rp "
        "-object memory-backend-ram,id=m2,size=128M"),
        [add("virtio-mem-pci", "v", bus="rp", memdev="m2", **{"block-size": 1 << 21, "requested-size": 1 << 22}),
         remove("v"), ("qom-set", {"path": "v", "property": "requested-size", "value": 0}), MODULES, PERIPHERAL,
         at("/machine/peripheral/rp/rp"), remove("v"), MODULES, PERIPHERAL, ("object-del", {"id": "m2"})],
    ),
    "what is refused": (
        ("qemu-system-x86_64 -M q35 -nodefaults -device pcie-root-port,id=rp -device pci-testdev,id=d0 "
        "-device pci-testdev"),
        [("device_add", {"id": "q"}), ("device_add", {"driver": 5}), ("device_add", {"driver": "nope"}),
         ("device_add", {"driver": "e1000e", "bus": "nope"}), ("device_add", {"driver": "e1000e", "bus": 5}),
         ("device_add", {"driver": "e1000e", "bus": "rp", "foo": 1}), add("VGA", "v", bus="rp"),
         add("pci-device", "p", bus="rp"), add("mch", "p", bus="rp"), add("pci-testdev", "d0", bus="rp"),
         add("pci-testdev", "t", bus="rp", addr="zz"), add("pci-testdev", "t", bus="rp", addr="0.1"),
         add("pci-testdev", "t", bus="rp", multifunction="on"), add("pci-testdev", "t", bus="rp", membar="x"),
         remove("d0"), remove("nope"), remove("/machine/peripheral-anon/device[0]"), remove("/machine/peripheral"),
         ("device_del", {}), ("device_del", {"id": 5}), ("device_del", {"id": "d0", "x": 1}),
         typed("device_add pci-testdev,bus=rp,id=t,foo=1"), typed("device_add pci-testdev,bus=rp,id=t"),
         typed("device_del d0"), typed("device_add"), PERIPHERAL,
         *(("qom-set", {"path": "d0", "property": name, "value": value}) for name, value in (
             ("addr", 5), ("realized", True), ("realized", "x"), ("hotplugged", True), ("busnr", 3), ("type", "x"),
             ("parent_bus", "x"), ("legacy-addr", "x"), ("nope", 1))),
         ("qom-set", {"path": "/machine/peripheral-anon/device[0]", "property": "addr", "value": 5})],
    ),
    "states": (
        "qemu-system-x86_64 -M q35 -nodefaults",
        [("query-status", {}), ("stop", {}), ("cont", {}), ("cont", {}), ("query-status", {}), ("stop", {}),
         ("stop", {}), ("query-status", {}), typed("info status"), ("system_powerdown", {}), RESET,
         ("query-status", {}), typed("c"), typed("s"), typed("system_powerdown"), typed("system_reset")],
    ),
    "resets that halt": (
        "qemu-system-x86_64 -M q35 -nodefaults -no-reboot -action shutdown=pause",
        [RESET, ("query-status", {}), ("cont", {}), RESET, ("query-status", {}), typed("info status"), ("cont", {}),
         typed("c"), ("stop", {}), RESET, ("query-status", {}), ("system_powerdown", {})],
    ),
}  # fmt: skip


def session(name: str) -> tuple[list[str], list[Asked]]:
    """The arguments of a machine, the program first, and the commands."""
    words, commands = CASES[name]
    return words.split(), commands
