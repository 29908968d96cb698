"""The machines on which the monitor is held against QEMU, and the commands that are put to each."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.app import Sandbox
from sandbox.campaign.cases import random_case
from sandbox.campaign.target import Target
from sandbox.errors import MachineExit, UnmodelledError

Q35_NUMA = (
    "-M q35 -nodefaults -smp 4,maxcpus=8,sockets=2,cores=2,threads=2 -m 256M,slots=3,maxmem=2G "
    "-object memory-backend-ram,id=m0,size=128M -object memory-backend-ram,id=m1,size=128M,share=on "
    "-numa node,memdev=m0 -numa node,memdev=m1 -numa node -object memory-backend-ram,id=m2,size=128M "
    "-device pc-dimm,id=dimm0,memdev=m2,node=1"
)

HAND_MADE = (
    "-M q35",
    "-M pc",
    "-M virt",
    "-M q35 -nodefaults",
    "-M pc -nodefaults",
    "-M virt -nodefaults",
    Q35_NUMA,
    f"{Q35_NUMA} -device e1000e,id=e -device pcie-root-port,id=rp,slot=1 -device virtio-net-pci,bus=rp,id=n",
    (
        "-M q35 -nodefaults -device pcie-root-port,id=rp,slot=1 -device x3130-upstream,id=up,bus=rp "
        "-device xio3130-downstream,id=d0,bus=up,chassis=2 -device pci-testdev,id=t,bus=d0"
    ),
    (
        "-M q35 -nodefaults -device pxb-pcie,id=px,bus_nr=32,numa_node=0 -device pcie-root-port,id=rp,bus=px,slot=3 "
        "-device pxb-pcie,id=py,bus_nr=64,bus=pcie.0 -device pcie-root-port,id=rq,bus=py,slot=4 -m 128M "
        "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0"
    ),
    "-M pc -nodefaults -device pci-bridge,id=br,chassis_nr=1 -device pci-testdev,bus=br,addr=3 -device pxb,bus_nr=50",
    "-M q35,cxl=on -nodefaults -m 256M -device pxb-cxl,id=cxl0,bus_nr=12 -device cxl-rp,id=crp,bus=cxl0,slot=2",
    "-M q35 -nodefaults -device VGA,id=v,vgamem_mb=32 -device nec-usb-xhci,id=u -device virtio-rng-pci,id=r,rombar=0",
    (
        "-M q35 -nodefaults -device e1000e,id=e,romfile= -device virtio-scsi-pci,disable-legacy=on,id=s "
        "-device pci-testdev,id=t,multifunction=on,addr=9.0 -device pci-testdev,addr=9.1,membar=4096,id=t1"
    ),
    "-M q35 -name guest=vm1,debug-threads=on -uuid 01234567-89AB-CDEF-0123-456789abcdef -nodefaults -device igb,id=i",
    "-M pc -nodefaults -object iothread,id=io0 -object iothread,id=io1,poll-max-ns=7 -object iothread,id=longer-name",
    "-M pc -nodefaults -chardev null,id=c0 -chardev ringbuf,id=ring -serial null -parallel null",
    "-M virt,gic-version=3 -cpu cortex-a57 -smp 3,maxcpus=4,sockets=2,clusters=1,cores=2,threads=1 -nodefaults -m 1G",
    (
        "-M virt -nodefaults -device pxb-pcie,id=px,bus_nr=20 -device pcie-root-port,id=rp,bus=px "
        "-device pcie-root-port,bus=pcie.0,slot=1 -device pci-bridge,shpc=off,bus=pcie.0,chassis_nr=7"
    ),
    "-M q35,acpi=off -nodefaults -m 64M",
    "-M pc,acpi=off,hpet=off -m 64M",
    "-M pc -usb -device usb-tablet -device AC97,audiodev=a -audiodev none,id=a -device intel-hda",
    "-M pc-q35-7.2 -smp 2,dies=2,maxcpus=4 -cpu EPYC",
    "-M pc-i440fx-8.1 -cpu Nehalem -smp 3 -boot order=d,menu=on -vga cirrus",
    "-M virt-8.2 -cpu cortex-a72 -smp 2 -nic none",
    (
        "-M q35,nvdimm=on -nodefaults -m 128M,slots=2,maxmem=1G -object memory-backend-ram,id=nv,size=64M "
        "-device nvdimm,id=nv0,memdev=nv -object memory-backend-ram,id=d,size=64M -device pc-dimm,memdev=d,slot=1"
    ),
    (
        "-M q35 -nodefaults -smp 2,maxcpus=4,sockets=4,cores=1 -device qemu64-x86_64-cpu,"
        "socket-id=3,core-id=0,thread-id=0,id=c3"
    ),
)

LATER_MACHINES = 14
"""How many of them are held against other versions than 10.0."""

SEED = 300
NUMBERS = range(14)

QUERIES = (
    "query-status",
    "query-version",
    "query-name",
    "query-uuid",
    "query-target",
    "query-kvm",
    "query-current-machine",
    "query-cpus-fast",
    "query-hotpluggable-cpus",
    "query-memdev",
    "query-memory-devices",
    "query-memory-size-summary",
    "query-iothreads",
    "query-pci",
    "query-chardev",
    "query-block",
    "query-events",
    "query-machines",
    "query-cpu-definitions",
)

TYPED = (
    "info name",
    "info version",
    "info status",
    "info uuid",
    "info kvm",
    "info numa",
    "info pci",
    "info cpus",
    "info memdev",
    "info memory-devices",
    "info memory_size_summary",
    "info iothreads",
    "info hotpluggable-cpus",
    "info numa x",
    "info nope",
    "info qom-tree /objects",
    "info qom-tree /nope",
    "help info numa",
    "help nope",
    "help stop",
    "? s",
    "qom-get /machine smp",
    "qom-get /machine type",
    "qom-list /",
    "qom-list /objects",
    "qom-list",
    "device_del",
    "device_del nope",
    "stop x",
    "stop",
)

PROPERTIES = (
    "type memory smp boot memory-backend graphics usb firmware kernel append phandle-start acpi x-oem-id "
    "x-oem-table-id dump-guest-core mem-merge default-bus-bypass-iommu max-ram-below-4g gic-version its nope"
).split()

HOST_FACTS = {"thread-id", "package"}
"""Members whose values are the host's or the build's."""

SINGLE = ("query-machines", "query-cpu-definitions")
"""Commands whose replies do not depend on the machine: long, and compared elsewhere."""


def machines(version: str = "10.0") -> list[list[str]]:
    """QEMU's arguments of every machine that is held against a QEMU version, the program first."""
    return [*hand_made(version), *random_machines()] if version == "10.0" else hand_made(version)


def hand_made(version: str = "10.0") -> list[list[str]]:
    """The machines that do not come from a campaign."""
    found = []
    for text in HAND_MADE if version == "10.0" else HAND_MADE[:LATER_MACHINES]:
        words = text.split()
        found.append(["qemu-system-aarch64" if words[1].startswith("virt") else "qemu-system-x86_64", *words])
    return found


def random_machines() -> list[list[str]]:
    """Machines of a campaign, without those that do not start."""
    targets = (Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc")), Target("aarch64", (10, 0, 2), "10.0", ("virt",)))
    found = []
    for number in NUMBERS:
        target = targets[number % 4 == 3]
        words = [target.program, *random_case(SEED, number, target).arguments, "-nodefaults"]
        try:
            Sandbox(words, dialect=target.dialect)
        except (MachineExit, UnmodelledError):
            continue
        found.append(words)
    return found


def commands(version: str = "10.0") -> list[tuple[str, dict[str, Any]]]:
    """The commands that are put to each machine."""
    asked: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in QUERIES if name not in SINGLE]
    asked += [("human-monitor-command", {"command-line": line}) for line in TYPED]
    asked += [("qom-get", {"path": "/machine", "property": name}) for name in PROPERTIES]
    asked += [("qom-list", {"path": path}) for path in ("/", "/objects", "/machine/peripheral", "nope")]
    if version == "11.1":
        asked += [("qom-list-get", {"paths": ["/objects"]}), ("qom-list-get", {"paths": ["/objects", "nope"]})]
    return asked


def normalised(value: Any) -> Any:
    """A reply without what is the host's, as JSON text, so that the order of members counts."""
    return json.dumps(_without_host_facts(value))


def _without_host_facts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: 0 if k in HOST_FACTS else _without_host_facts(member) for k, member in value.items()}
    if isinstance(value, list):
        return [_without_host_facts(item) for item in value]
    if isinstance(value, str) and "thread_id=" in value:
        return "\n".join(line.partition("thread_id=")[0] for line in value.splitlines())
    if isinstance(value, str) and "(memory-region)" in value:
        return "".join(line for line in value.splitlines(keepends=True) if "(memory-region)" not in line)
    return PACKAGE.sub("", value) if isinstance(value, str) else value


PACKAGE = re.compile(r"Debian \S+")
