"""For each rule the smallest input that makes it speak, and one beside it that keeps it silent."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.acpi.handles import PciDeviceHandle, RawDeviceHandle
from sandbox.acpi.header import TableHeader, with_checksum
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GiccAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    Srat,
    UnknownStructure,
    encode_srat,
)
from sandbox.lint.rules import lint_scenario, lint_tables
from sandbox.lint.view import View
from sandbox.scenario.model import AnyReply, Command, Scenario, Step

if TYPE_CHECKING:
    from sandbox.acpi.srat import SratEntry
    from sandbox.lint.model import Finding

RAM = "-object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0"


def machine(nodes: int, family: str = "q35", ram: str = RAM) -> str:
    """A machine whose node 0 has all RAM and CPUs."""
    cpu = " -cpu cortex-a57" if family.startswith("virt") else ""
    return f"-M {family}{cpu} -m 128M {ram}{' -numa node' * (nodes - 1)}"


TESTDEV = "-device pci-testdev,id=dev0,addr=04.0"
DIMM = "-object memory-backend-ram,id=d,size=128M -device pc-dimm,id=d0,memdev=d"
ROOM = "-m 128M,maxmem=1G,slots=2"
BEHIND_PORT = (
    "-device pcie-root-port,id=rp0,addr=05.0,chassis=1,hotplug=off "
    "-device vfio-pci-nohotplug,host=01:00.0,id=dev0,bus=rp0,addr=00.0"
)
GPU = "-device vfio-pci-nohotplug,host=01:00.0,id=dev0,addr=04.0"


def merged(node: int, object_id: str = "gi0", device: str = "dev0") -> str:
    return f"-object acpi-generic-initiator,id={object_id},pci-dev={device},node={node}"


def several(first: int, count: int, object_id: str = "gi0", device: str = "dev0") -> str:
    """The object of v2 for a run of nodes."""
    members = f"device={device},numa-node-start={first},numa-node-count={count}"
    return f"-object nvidia-acpi-generic-initiator,id={object_id},{members}"


def scenario(*words: str, steps: tuple[Step, ...] = (), dialect: str | None = None) -> Scenario:
    return Scenario("a case", tuple(shlex.split(" ".join(words))), dialect=dialect, steps=steps)


def do(name: str, **arguments: Any) -> Step:
    plain = {key.replace("_", "-"): value for key, value in arguments.items()}
    return Step(Command(name, plain or None, AnyReply()))


def add(node: int, object_id: str = "gi0", device: str = "dev0") -> Step:
    return do("object-add", qom_type="acpi-generic-initiator", id=object_id, pci_dev=device, node=node)


def found(subject: Scenario | View) -> tuple[Finding, ...]:
    return lint_tables(subject) if isinstance(subject, View) else lint_scenario(subject)


def only(findings: tuple[Finding, ...], code: str) -> Finding:
    """The one finding of a code."""
    (one,) = [it for it in findings if it.code == code]
    return one


ROOT_PORT = "-device pcie-root-port,id=rp0,addr=05.0,chassis=1"
TWO = f"{TESTDEV} -device pci-testdev,id=dev1,addr=05.0"
FILTERED = "-M q35 -m 128M -netdev hubport,id=n0,hubid=0"
FILTER = do("object-add", qom_type="filter-buffer", id="f0", netdev="n0", interval=1000, position="id=io0")
DISTANCE = "-numa dist,src=0,dst=1,val="

SETUPS: dict[str, tuple[Scenario, Scenario]] = {
    "GI001": (
        scenario("-M q35 -m 128M -numa node,nodeid=3"),
        scenario("-M q35 -m 128M"),
    ),
    "GI002": (
        scenario(machine(2), "-device pcie-root-port,id=dev0,chassis=1 -device pci-testdev,id=dev0", merged(1)),
        scenario(machine(2), "-device pcie-root-port,id=rp0,chassis=1 -device pci-testdev,id=dev0", merged(1)),
    ),
    "GI003": (scenario("-M q35 -m 128M", TESTDEV, merged(0)), scenario(machine(1), TESTDEV, merged(0))),
    "GI004": (
        scenario(machine(2, "q35,acpi=off"), TESTDEV, merged(1)),
        scenario(machine(2, "q35,acpi=on"), TESTDEV, merged(1)),
    ),
    "GI005": (scenario(machine(2), GPU, several(1, 1)), scenario(machine(2, "virt"), GPU, several(1, 1))),
    "GI006": (
        scenario(FILTERED, dialect="10.0", steps=(do("object-add", qom_type="iothread", id="io0"), FILTER)),
        scenario(FILTERED, dialect="10.0", steps=(FILTER,)),
    ),
    "GI101": (scenario(machine(2), TESTDEV, merged(128)), scenario(machine(2), TESTDEV, merged(1))),
    "GI102": (scenario(machine(2), TESTDEV, merged(2)), scenario(machine(2), TESTDEV, merged(1))),
    "GI103": (scenario(machine(2), TESTDEV, merged(1, device="x")), scenario(machine(2), TESTDEV, merged(1))),
    "GI104": (
        scenario(machine(2), "-device qemu-xhci -device usb-tablet,id=tab", merged(1, device="tab")),
        scenario(machine(2), "-device qemu-xhci,id=tab", merged(1, device="tab")),
    ),
    "GI105": (scenario(machine(2, "virt"), GPU, several(1, 0)), scenario(machine(2, "virt"), GPU, several(1, 1))),
    "GI201": (
        scenario(machine(2), ROOT_PORT, "-device pci-testdev,id=dev0,bus=rp0", merged(1)),
        scenario(machine(2), ROOT_PORT, "-device vfio-pci-nohotplug,host=01:00.0,id=dev0,bus=rp0", merged(1)),
    ),
    "GI202": (
        scenario(machine(2, "virt"), GPU, merged(1)),
        scenario(machine(2, "virt"), BEHIND_PORT, merged(1)),
    ),
    "GI301": (scenario(machine(2), TESTDEV, merged(0)), scenario(machine(2), TESTDEV, merged(1))),
    "GI302": (
        scenario(machine(5, "virt"), GPU, several(1, 2), several(2, 3, "gi1")),
        scenario(machine(5, "virt"), GPU, several(1, 2), several(3, 2, "gi1")),
    ),
    "GI303": (
        scenario(machine(3), TWO, merged(1), merged(1, "gi1", "dev1")),
        scenario(machine(3), TWO, merged(1), merged(2, "gi1", "dev1")),
    ),
    "GI304": (scenario(machine(8, "virt"), GPU, several(1, 7)), scenario(machine(9, "virt"), GPU, several(1, 8))),
    "GI305": (scenario(machine(10, "virt"), GPU, several(1, 9)), scenario(machine(9, "virt"), GPU, several(1, 8))),
    "GI306": (
        scenario(machine(2), "-m 128M,maxmem=1G,slots=1", TESTDEV, merged(1)),
        scenario(machine(3), "-m 128M,maxmem=1G,slots=1", TESTDEV, merged(1)),
    ),
    "GI307": (scenario(machine(3), TESTDEV, merged(1)), scenario(machine(2), TESTDEV, merged(1))),
    "GI308": (
        scenario(machine(17, "virt"), GPU, several(1, 8), several(9, 8, "gi1")),
        scenario(machine(16, "virt"), GPU, several(1, 8), several(9, 7, "gi1")),
    ),
    "GI309": (
        scenario(machine(4), ROOM, TESTDEV, f"{DIMM},node=2", merged(1)),
        scenario(machine(4), ROOM, TESTDEV, f"{DIMM},node=3", merged(1)),
    ),
    "GI310": (
        scenario(machine(2), ROOM, DIMM.replace("size=128M", "size=192M")),
        scenario(machine(2), ROOM, DIMM.replace("size=128M", "size=256M")),
    ),
    "GI401": (
        scenario(machine(2), TESTDEV, merged(1), dialect="9.0"),
        scenario(machine(2), TESTDEV, merged(1), dialect="9.2"),
    ),
    "GI402": (
        scenario(machine(2, "virt"), ROOT_PORT, GPU.replace("addr=04.0", "bus=rp0"), several(1, 1)),
        scenario(machine(2, "virt"), ROOT_PORT, GPU, several(1, 1)),
    ),
    "GI404": (scenario(machine(2, "virt"), GPU, several(1, 1)), scenario(machine(2, "virt"), GPU, merged(1))),
    "GI403": (
        scenario(machine(2), GPU.replace("01:00.0", "0009:01:00.0"), merged(1)),
        scenario(machine(2), GPU.replace("01:00.0", "0000:01:00.0"), merged(1)),
    ),
    "GI501": (
        scenario(machine(3), TESTDEV, merged(2, "a"), merged(1, "c")),
        scenario(machine(3), TESTDEV, merged(1, "a"), merged(2, "c")),
    ),
    "GI502": (
        scenario(
            machine(3, ram="-smp 1 -numa node,cpus=0 -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0"),
            TESTDEV,
            merged(2),
        ),
        scenario(
            machine(3, ram="-smp 1 -object memory-backend-ram,id=m0,size=128M -numa node,cpus=0,memdev=m0 -numa node"),
            TESTDEV,
            merged(2),
        ),
    ),
    "GI503": (scenario(machine(3), TESTDEV, merged(2)), scenario(machine(3), TESTDEV, merged(1))),
    "GI601": (scenario(machine(2), TESTDEV, merged(1)), scenario(machine(2), TESTDEV, merged(1), f"{DISTANCE}20")),
    "GI602": (
        scenario(machine(2), TESTDEV, merged(1), f"{DISTANCE}10"),
        scenario(machine(2), TESTDEV, merged(1), f"{DISTANCE}11"),
    ),
    "GI701": (
        scenario(machine(2, "virt"), GPU, several(1, 2045)),
        scenario(machine(2, "virt"), GPU, several(1, 2044)),
    ),
    "GI702": (
        scenario(machine(2, "virt"), GPU, several(1, 70000)),
        scenario(machine(2, "virt"), GPU, several(1, 2040)),
    ),
}

CPU = ProcessorAffinity(0, 0)
MEMORY = MemoryAffinity(0, 0, 1 << 30)


def initiator(pxm: int, devfn: int = 0x20, bus: int = 0, flags: int = 1) -> GenericInitiatorAffinity:
    return GenericInitiatorAffinity(pxm, PciDeviceHandle(0, bus, devfn), flags)


def srat(*entries: SratEntry, revision: int = 3) -> bytes:
    return encode_srat(Srat(TableHeader("SRAT", revision), entries))


def slit(*rows: list[int]) -> bytes:
    return encode_slit(Slit(TableHeader("SLIT", 1), tuple(map(bytes, rows))))


def cut(data: bytes, offset: int, new: bytes) -> bytes:
    """The table with other bytes at an offset, and the right checksum."""
    return with_checksum(data[:offset] + new + data[offset + len(new) :])


GOOD = srat(CPU, MEMORY, initiator(1))
HMAT = (Path(__file__).parents[2] / "scenarios" / "expected" / "hmat-hmat.dat").read_bytes()
NEAR = slit([10, 20], [20, 10])

TABLES: dict[str, tuple[View, View]] = {
    "GI501": (View(srat(CPU, MEMORY, initiator(2), initiator(1))), View(srat(CPU, MEMORY, initiator(1), initiator(2)))),
    "GI602": (View(slit=slit([10, 20, 20], [20, 11, 20], [20, 20, 10])), View(slit=NEAR)),
    "GI603": (View(srat(CPU, MEMORY, initiator(2)), NEAR), View(GOOD, NEAR)),
    "GI801": (View(with_checksum(GOOD, 1)), View(GOOD)),
    "GI802": (View(cut(GOOD, 4, b"\1")), View(GOOD)),
    "GI803": (View(slit=cut(NEAR, 36, b"\3")), View(slit=NEAR)),
    "GI804": (View(cut(GOOD, 49, b"\0")), View(GOOD)),
    "GI805": (View(srat(CPU, MEMORY, UnknownStructure(200, b"1234"))), View(GOOD)),
    "GI806": (
        View(srat(CPU, MEMORY, initiator(1, flags=0), initiator(2))),
        View(srat(CPU, MEMORY, initiator(1), initiator(2))),
    ),
    "GI807": (
        View(srat(GiccAffinity(0, 0), MEMORY, initiator(256))),
        View(srat(CPU, MEMORY, initiator(256))),
    ),
    "GI808": (
        View(srat(CPU, MemoryAffinity(256, 0, 4096), revision=1)),
        View(srat(CPU, MemoryAffinity(256, 0, 4096), revision=3)),
    ),
    "GI809": (
        View(srat(CPU, MEMORY, GenericInitiatorAffinity(1, RawDeviceHandle(2, bytes(16))))),
        View(GOOD),
    ),
    "GI810": (View(srat(CPU, MEMORY, initiator(1, devfn=0, bus=0x20))), View(GOOD)),
    "GI811": (View(hmat=cut(HMAT, 44, b"\xff")), View(hmat=HMAT)),
    "GI851": (View(srat(CPU, MEMORY, initiator(1), initiator(1))), View(srat(CPU, MEMORY, initiator(1), initiator(2)))),
    "GI852": (
        View(srat(CPU, MEMORY, MemoryAffinity(1, (1 << 30) - 1, 4096))),
        View(srat(CPU, MEMORY, MemoryAffinity(1, 1 << 30, 4096))),
    ),
    "GI853": (
        View(srat(CPU, MEMORY, MemoryAffinity(1, 1 << 30, 0))),
        View(srat(CPU, MEMORY, MemoryAffinity(1, 1 << 30, 0, 0))),
    ),
    "GI854": (View(srat(CPU)), View(GOOD)),
    "GI855": (View(GOOD, ram=((0, (1 << 30) + (1 << 20) + 1),)), View(GOOD, ram=((0, (1 << 30) + (1 << 20)),))),
}
