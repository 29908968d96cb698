"""virtio-mem and virtio-pmem devices: machines with them, what is done to those, and what comes of it."""

from __future__ import annotations

import shlex
from typing import Any

from recorded_cases import Recorded, without_warnings

from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError

Asked = tuple[str, dict[str, Any]]

RECORDED = Recorded("virtio-memory")
BACKENDS = "-object memory-backend-ram,id=m9,size=256M -object memory-backend-ram,id=m8,size=128M"
PLAIN = f"-nodefaults -m 512M,maxmem=2G,slots=2 {BACKENDS}"
TWO_NODES = f"{PLAIN} -object memory-backend-ram,id=n0,size=512M -numa node,memdev=n0 -numa node"
BLOCK = 1 << 22

WHAT_IS_THERE: list[Asked] = [
    ("query-memory-devices", {}),
    ("query-memory-size-summary", {}),
    *(
        ("human-monitor-command", {"command-line": f"info {topic}"})
        for topic in ("memory-devices", "numa", "memory_size_summary")
    ),
]


def add(driver: str, device_id: str, **more: Any) -> Asked:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return "device_add", {"driver": driver, "id": device_id, **named}


def remove(device_id: str) -> Asked:
    return "device_del", {"id": device_id}


def forget(name: str) -> Asked:
    return "object-del", {"id": name}


def get(path: str, *names: str) -> list[Asked]:
    return [("qom-get", {"path": path, "property": name}) for name in names]


def put(path: str, name: str, value: Any) -> Asked:
    return "qom-set", {"path": path, "property": name, "value": value}


def typed(line: str) -> Asked:
    return "human-monitor-command", {"command-line": line}


RESET: Asked = ("system_reset", {})
REFUSED = (
    *(
        f"-M q35 {TWO_NODES} {devices}"
        for devices in (
            "-device virtio-mem-pci",
            "-device virtio-pmem-pci",
            "-device virtio-mem-pci,memdev=",
            "-device virtio-mem-pci,memdev=nope,node=9,block-size=1",
            "-device virtio-pmem-pci,memdev=nope",
            "-device virtio-mem-pci,memdev=pcie.0",
            "-device pc-dimm,memdev=pcie.0",
            "-device virtio-mem-pci,memdev=n0,node=9",
            "-device virtio-pmem-pci,memdev=n0",
            "-device virtio-mem-pci,memdev=m9,node=7",
            "-device virtio-mem-pci,memdev=m9,node=7,addr=0",
            "-device virtio-mem-pci,memdev=m9,node=7,requested-size=1",
            "-device virtio-mem-pci,memdev=m9,node=7,acpi-index=99999",
            "-device virtio-mem-pci,acpi-index=99999",
            "-device virtio-mem-pci,memdev=m9,node=x",
            "-device virtio-mem-pci,memdev=m9,prealloc=x",
            "-device virtio-mem-pci,memdev=m9,memaddr=4G",
            "-device virtio-mem-pci,memdev=m9,unplugged-inaccessible=x",
            "-device virtio-mem-pci,memdev=m9,size=1G",
            "-device virtio-mem-pci,memdev=m9,virtio-backend=x",
            "-device virtio-mem-pci,memdev=m9 -device virtio-mem-pci,memdev=m9",
            "-device virtio-pmem-pci,memdev=m9 -device virtio-pmem-pci,memdev=m9",
            "-device virtio-mem-pci,memdev=m9 -device pc-dimm,memdev=m9",
            "-device pc-dimm,memdev=m9 -device virtio-mem-pci,memdev=m9",
            "-device virtio-mem-pci,memdev=m9,block-size=4K",
            "-device virtio-mem-pci,memdev=m9,block-size=3M",
            "-device virtio-mem-pci,memdev=m9,block-size=512M",
            "-device virtio-mem-pci,memdev=m9,block-size=2M,requested-size=1M",
            "-device virtio-mem-pci,memdev=m9,memaddr=4097",
            "-device virtio-mem-pci,memdev=m9,memaddr=0x100200000,block-size=4M",
            "-device virtio-mem-pci,memdev=m9,memaddr=0x200000",
            "-device virtio-mem-pci,memdev=m9,dynamic-memslots=on,unplugged-inaccessible=off",
            "-device pc-dimm,memdev=m9,id=d -device virtio-mem-pci,memdev=m8,memaddr=0x100000000",
            "-device virtio-mem-pci,memdev=m9,id=v -device pc-dimm,memdev=m8,addr=0x100000000",
            "-device virtio-pmem-pci,memdev=m9 -device pc-dimm,memdev=m8,addr=0x100000000",
            "-object memory-backend-ram,id=big,size=2G -device virtio-mem-pci,memdev=big",
            "-object memory-backend-ram,id=odd,size=9M -device virtio-pmem-pci,memdev=odd",
            "-object memory-backend-ram,id=all,size=64M,prealloc=on -device virtio-mem-pci,memdev=all",
            "-mem-prealloc -device virtio-mem-pci,memdev=m9",
            "-overcommit mem-lock=on -device virtio-mem-pci,memdev=m9,dynamic-memslots=on,unplugged-inaccessible=off",
            '-device \'{"driver":"virtio-mem-pci","memdev":5}\'',
            '-device \'{"driver":"virtio-mem-pci","memdev":"m9","node":"1"}\'',
        )
    ),
    f"-M pc -nodefaults -m 512M {BACKENDS} -device virtio-mem-pci",
    f"-M pc -nodefaults -m 512M {BACKENDS} -device virtio-pmem-pci,memdev=m9",
    f"-M q35 {PLAIN} -device virtio-mem-pci,memdev=m9,node=1",
    f"-M q35 -nodefaults -m 512M,maxmem=1G {BACKENDS} -device virtio-mem-pci,memdev=m9 -device pc-dimm,memdev=m8",
)
"""Machines of an x86 QEMU that it refuses."""

ARM_REFUSED = (
    f"-M virt -nodefaults -m 512M {BACKENDS} -device virtio-mem-pci,memdev=m9",
    f"-M virt {TWO_NODES} -device virtio-mem-pci,memdev=m9,node=2",
    f"-M virt {TWO_NODES} -device virtio-mem-pci,memdev=m9,unplugged-inaccessible=on",
    f"-M virt {TWO_NODES} -device virtio-pmem-pci,memdev=m9",
)
"""Machines of an Arm QEMU that it refuses."""

VALUES = (
    "memdev memaddr node size requested-size block-size prealloc dynamic-memslots unplugged-inaccessible hotplugged"
)
SETS = [
    ("requested-size", 3), ("requested-size", 1 << 30), ("requested-size", "x"), ("requested-size", 1 << 23),
    ("node", 1), ("memdev", "m8"), ("block-size", 1 << 22), ("size", 5), ("memaddr", 5), ("prealloc", True),
    ("unplugged-inaccessible", "off"), ("addr", 5), ("nope", 5),
]  # fmt: skip
NEW = ("object-add", {"qom-type": "memory-backend-ram", "id": "z", "size": 1 << 26})
HUGE = ("object-add", {"qom-type": "memory-backend-ram", "id": "huge", "size": 1 << 31})

TAKEN: dict[str, tuple[str, list[Asked]]] = {
    "one of each": (
        (
            f"-M q35 {TWO_NODES} -device virtio-pmem-pci,memdev=m9,id=p "
            "-device virtio-mem-pci,memdev=m8,node=1,block-size=4M,requested-size=8M"
        ),
        [*WHAT_IS_THERE, *get("p", "memdev", "memaddr"), put("p", "memaddr", 5), put("p", "memdev", "m8"), forget("m9"),
         forget("m8"), remove("p"), remove("/machine/peripheral-anon/device[0]")],
    ),
    "the properties of virtio-mem": (
        f"-M q35 {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v,requested-size=16M,block-size=4M",
        [*get("v", *VALUES.split()), *(put("v", name, value) for name, value in SETS), *WHAT_IS_THERE, remove("v")],
    ),
    "beside modules": (
        (
            f"-M pc {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v,block-size=128M,node=1 "
            "-device pc-dimm,memdev=m8,id=d,node=1 -object memory-backend-ram,id=a,size=2M "
            "-object memory-backend-ram,id=b,size=256M -device virtio-pmem-pci,memdev=a "
            "-device virtio-mem-pci,memdev=b,block-size=256M,memaddr=0x140000000"
        ),
        [*WHAT_IS_THERE, *get("v", "unplugged-inaccessible")],
    ),
    "at JSON's turn": (
        (
            f"-M q35 {TWO_NODES} -device '{{\"driver\":\"virtio-mem-pci\",\"memdev\":\"m9\",\"id\":\"v\",\"node\":1,"
            "\"block-size\":4194304}' -device virtio-mem-pci,memdev=m8,block-size=2M"
        ),
        WHAT_IS_THERE,
    ),
    "where guests read what is not plugged": (
        f"-M pc {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v,block-size=2M,unplugged-inaccessible=auto",
        [*get("v", "unplugged-inaccessible"), remove("v")],
    ),
    "with words about the backend": (
        (
            f"-M q35 {TWO_NODES} -object memory-backend-memfd,id=f,size=64M "
            "-device virtio-mem-pci,memdev=f,id=v,block-size=2M,unplugged-inaccessible=off"
        ),
        get("v", "unplugged-inaccessible"),
    ),
    "old machines": (
        f"-M pc-q35-8.0 {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v,block-size=2M",
        get("v", "unplugged-inaccessible"),
    ),
    "without nodes": (
        (
            f"-M q35 -nodefaults -m 512M,maxmem=2G {BACKENDS} -device virtio-mem-pci,memdev=m9,block-size=2M "
            "-device virtio-pmem-pci,memdev=m8"
        ),
        WHAT_IS_THERE,
    ),
    "devices that come": (
        f"-S -M q35 {TWO_NODES} -device virtio-mem-pci,memdev=m8,block-size=2M -device pcie-root-port,id=rp",
        [NEW, HUGE, add("virtio-mem-pci", "q", bus="rp"),
         *(add("virtio-mem-pci", "q", bus="rp", **{"memdev": "z", **more}) for more in (
             {"memdev": "nope"}, {"memdev": "huge"}, {"memdev": "m8"}, {"memdev": 5}, {"memdev": "/machine"},
             {"node": 9}, {"node": "1"}, {"block_size": 5}, {"block_size": "2M"}, {"size": 1}, {"memaddr": 1},
             {"block_size": BLOCK, "requested_size": 1})),
         add("virtio-mem-pci", "q", memdev="z"), add("virtio-pmem-pci", "q", bus="rp", memdev="m8"), forget("z"), NEW,
         add("virtio-mem-pci", "q", bus="rp", memdev="z", block_size=BLOCK, node=1, requested_size=BLOCK),
         ("query-memory-devices", {}), forget("z"), remove("q"), put("q", "requested-size", 0), remove("q"),
         remove("q"), put("q", "requested-size", 0), put("q", "requested-size", "x"), ("query-memory-devices", {}),
         typed("device_add virtio-mem-pci,id=r,memdev=z"), *get("q", *VALUES.split())],
    ),
    "a device that goes at a reset": (
        f"-M pc {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v",
        [remove("v"), RESET],
    ),
    "a device that cannot go": (
        f"-M pc {TWO_NODES} -device virtio-pmem-pci,memdev=m9,id=p",
        [remove("p"), remove("p"), RESET, ("query-memory-devices", {})],
    ),
}  # fmt: skip
"""Machines of an x86 QEMU that it takes, and what is done to them."""

ARM_TAKEN: dict[str, tuple[str, list[Asked]]] = {
    "virtio-mem on virt": (
        f"-M virt {TWO_NODES} -device virtio-mem-pci,memdev=m9,id=v,node=1,block-size=4M -device pcie-root-port,id=rp",
        [*WHAT_IS_THERE, *get("v", *VALUES.split()),
         add("virtio-mem-pci", "w", bus="rp", memdev="m8", block_size=1 << 27), ("query-memory-devices", {}),
         remove("w"), ("query-memory-devices", {}), forget("m8"), remove("v")],
    ),
    "without ACPI": (f"-M virt,acpi=off {TWO_NODES} -device virtio-mem-pci,memdev=m9,block-size=2M", WHAT_IS_THERE),
}  # fmt: skip
"""Machines of an Arm QEMU that it takes, and what is done to them."""


def own(words: str, commands: list[Asked], program: str, dialect: str) -> dict[str, Any]:
    """What comes of a machine in the sandbox: replies and the end, or why it does not start."""
    try:
        vm = Sandbox([program, *shlex.split(words)], dialect=dialect, firmware="none")
    except MachineExit as end:
        return {"status": end.status, "stderr": without_warnings(end.stderr)}
    replies: list[Any] = []
    try:
        for name, arguments in commands:
            try:
                replies.append(vm.execute(name, arguments))
            except QemuError as error:
                replies.append([error.error_class, error.desc])
    except MachineExit as end:
        return {"replies": replies, "status": end.status, "stderr": without_warnings(end.stderr)}
    return {"replies": replies, "warnings": list(vm.machine.stderr)}


def machines() -> dict[str, tuple[str, list[Asked], str]]:
    """All cases: the words of the command line, the commands, and the program."""
    x86, arm = "qemu-system-x86_64", "qemu-system-aarch64"
    refused = {words: (words, [], x86) for words in REFUSED} | {words: (words, [], arm) for words in ARM_REFUSED}
    taken = {name: (*case, x86) for name, case in TAKEN.items()}
    return refused | taken | {name: (*case, arm) for name, case in ARM_TAKEN.items()}
