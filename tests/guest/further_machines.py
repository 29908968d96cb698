"""Machines at the edges of what a kernel accepts, by what is odd about them; their boots are recorded.

Each entry: the machine's words, the kernels, and, where no QEMU makes them, SRAT and SLIT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guest_machines import DEVICE, MACHINES, TWO_NODES, Machine, empty_nodes, initiators
from srat_bytes import MIB, gicc, initiator, memory, of_length, port, processor, slit, srat, table, x2apic

if TYPE_CHECKING:
    from collections.abc import Iterator

Q35: Final = f"{MACHINES['q35']} {TWO_NODES}"
VIRT: Final = f"{MACHINES['virt']} {TWO_NODES.replace('512M', '1G').replace('256M', '512M')}"
GIB: Final = 1 << 30

LOW: Final = memory(0, 0, 640 << 10)
NODE_0: Final = memory(0, MIB, 255 * MIB)
NODE_1: Final = memory(1, 256 * MIB, 256 * MIB)
ALL: Final = LOW + NODE_0 + NODE_1
CPUS: Final = processor(0, 0) + processor(1, 1)
GICCS: Final = gicc(0, 0) + gicc(1, 1)
ARM_0: Final = memory(0, GIB, 512 * MIB)
ARM_1: Final = memory(1, GIB + 512 * MIB, 512 * MIB)
ARM_ALL: Final = ARM_0 + ARM_1

OLD: Final = ("6.1",)
NEW: Final = ("6.12",)
BOTH: Final = ("6.1", "6.12")


def even(count: int) -> list[list[int]]:
    return [[10 if row == column else 30 + row + column for column in range(count)] for row in range(count)]


def ending_in(body: bytes) -> bytes:
    """A SRAT with all processors and memory that ends in a few bytes."""
    return srat(CPUS, ALL, body)


X86_TABLES: Final = (
    ("low RAM is on no node", BOTH, srat(CPUS, NODE_0, NODE_1, initiator(2))),
    ("a byte is on no node", BOTH, srat(CPUS, LOW, NODE_0, memory(1, 256 * MIB + 1, 256 * MIB - 1), initiator(2))),
    (
        "a node has 100 bytes",
        BOTH,
        srat(
            CPUS,
            *(LOW, NODE_0, memory(3, 256 * MIB, 100), memory(1, 256 * MIB + 100, 256 * MIB - 100)),
            initiator(2),
        ),
    ),
    (
        "a page belongs to two nodes",
        NEW,
        srat(CPUS, LOW, memory(0, MIB, 255 * MIB + 100), memory(1, 256 * MIB + 100, 256 * MIB - 100)),
    ),
    ("a header without entries", NEW, table(b"SRAT", 1, b"")),
    ("two bytes at the end", OLD, ending_in(initiator(2) + b"\5\0")),
    ("three bytes of length 0 at the end", NEW, ending_in(b"\5\0\0")),
    ("three bytes of length 0 behind an initiator", OLD, ending_in(initiator(2) + b"\5\0\0")),
    ("length 0 between processors", OLD, srat(processor(0, 0), of_length(initiator(2), 0), processor(1, 1), ALL)),
    ("a longer processor", OLD, srat(of_length(processor(0, 0), 32), processor(1, 1), ALL)),
    ("a longer x2APIC processor", NEW, srat(x2apic(0, 0), of_length(x2apic(1, 1), 32), ALL, initiator(2))),
    ("a shorter x2APIC processor", NEW, srat(CPUS, ALL, of_length(x2apic(2, 7), 23))),
    ("longer memory", NEW, srat(CPUS, LOW, NODE_0, of_length(NODE_1, 48), initiator(2))),
    ("shorter memory that is disabled", OLD, srat(CPUS, ALL, of_length(memory(5, 0, 0, 0), 39))),
    ("a shorter initiator", OLD, srat(CPUS, ALL, of_length(initiator(2), 31), initiator(3))),
    ("an initiator of 8 bytes", NEW, srat(CPUS, ALL, of_length(initiator(2), 8), initiator(3), initiator(4))),
    ("a longer initiator", NEW, srat(CPUS, ALL, of_length(initiator(2), 40), initiator(3))),
    ("an initiator of 255 bytes", OLD, srat(CPUS, ALL, initiator(2)[:1] + b"\xff" + initiator(2)[2:], initiator(3))),
    ("entries of no known type", NEW, srat(CPUS, b"\x09\x08" + bytes(6), ALL, b"\xff\x03\x09", initiator(2))),
    ("processors of Arm", OLD, srat(gicc(5, 0), CPUS, ALL, initiator(2))),
    ("revision 0", OLD, srat(CPUS, LOW, NODE_0, memory(257, 256 * MIB, 256 * MIB), initiator(300), revision=0)),
    ("a wide x2APIC domain", NEW, srat(x2apic(300, 0), x2apic(1, 1), LOW, NODE_0, NODE_1, initiator(44))),
    ("a negative domain", NEW, srat(CPUS, ALL, initiator(2), initiator(0xFFFFFFFF), initiator(3))),
    ("the same memory twice", OLD, srat(CPUS, ALL, NODE_1, initiator(2))),
    (
        "an overlap where there is no RAM",
        NEW,
        srat(CPUS, memory(0, 0, 0xC0000), memory(1, 0xB0000, 0x150000), memory(0, 2 * MIB, 254 * MIB), NODE_1),
    ),
    (
        "an overlap beyond RAM",
        OLD,
        srat(CPUS, LOW, NODE_0, memory(1, 256 * MIB, GIB), memory(0, 512 * MIB, GIB), initiator(2)),
    ),
    ("a node inside another", NEW, srat(CPUS, memory(0, 0, 512 * MIB), memory(1, 64 * MIB, MIB))),
    (
        "nodes that alternate",
        OLD,
        srat(
            CPUS, LOW, memory(0, MIB, 63 * MIB), memory(1, 64 * MIB, 64 * MIB), memory(0, 128 * MIB, 128 * MIB), NODE_1
        ),
    ),
    ("memory of length 0", NEW, srat(CPUS, ALL, memory(5, 256 * MIB, 0), initiator(2))),
    ("memory that wraps around", OLD, srat(CPUS, ALL, memory(5, 0xFFFFFFFF00000000, 0x200000000), initiator(2))),
    ("memory up to the last address", NEW, srat(CPUS, LOW, NODE_0, memory(1, 256 * MIB, (1 << 64) - 256 * MIB))),
    ("nothing is enabled but an initiator", OLD, srat(processor(0, 0, 0), memory(0, 0, 512 * MIB, 0), initiator(1))),
    ("memory and an initiator", NEW, srat(ALL, initiator(2))),
    ("processors that are not there", OLD, srat(processor(2, 8), x2apic(4, 254), ALL, initiator(5))),
    ("one processor on two nodes", NEW, srat(processor(0, 0), processor(1, 1), processor(1, 0), ALL, initiator(2))),
    ("x2APIC ids beyond 254", OLD, srat(CPUS, x2apic(6, 255), x2apic(7, 300), ALL, initiator(2))),
    ("a port ahead of all", NEW, srat(port(9), CPUS, ALL, port(8, 0), initiator(2), initiator(2, 3, 0))),
)
"""On x86: what is odd, the kernels, SRAT."""

CUT_SHORT: Final = srat(CPUS, ALL, initiator(2), initiator(3)[:16]), slit(*even(4))
"""The flags of the last initiator lie in the header of the SLIT that follows."""

ARM_TABLES: Final = (
    ("a byte is on no node", BOTH, (GICCS, ARM_0, memory(1, GIB + 512 * MIB + 1, 512 * MIB - 1), initiator(2))),
    ("a page is on no node", BOTH, (GICCS, ARM_0, memory(1, GIB + 512 * MIB + 4096, 512 * MIB - 4096), initiator(2))),
    ("a hole in a node", BOTH, (GICCS, memory(0, GIB, 100 * MIB), memory(0, GIB + 200 * MIB, 312 * MIB), ARM_1)),
    ("nodes overlap", BOTH, (GICCS, memory(0, GIB, 600 * MIB), ARM_1, initiator(2))),
    ("a shorter processor", OLD, (of_length(gicc(0, 0), 17), gicc(1, 1), ARM_ALL, initiator(2))),
    ("a longer processor", NEW, (of_length(gicc(0, 0), 24), gicc(1, 1), ARM_ALL, initiator(2))),
    ("a processor that is disabled", OLD, (gicc(0, 0), gicc(1, 1, 0), ARM_ALL, initiator(2))),
    ("no processors", NEW, (initiator(2), ARM_ALL)),
    ("one processor on two nodes", OLD, (gicc(1, 0), gicc(0, 0), gicc(1, 1), ARM_ALL, initiator(2))),
    ("a domain that pass 1 does not reach", BOTH, (initiator(2, 0), gicc(5, 0), gicc(1, 1), ARM_ALL)),
    ("a processor beyond the last domain", NEW, (gicc(256, 0), gicc(1, 1), ARM_ALL, initiator(2))),
    ("memory of length 0", BOTH, (GICCS, ARM_ALL, memory(5, GIB, 0), initiator(2))),
    ("memory that wraps around", BOTH, (GICCS, ARM_ALL, memory(5, 0xFFFFFFFF00000000, 0x200000000), initiator(2))),
    ("memory where there is no RAM", OLD, (GICCS, ARM_ALL, memory(5, 1 << 40, GIB), initiator(2))),
    ("a node that is not covered", BOTH, (GICCS, ARM_0, initiator(2))),
    (
        "more memory entries than a kernel keeps",
        BOTH,
        (GICCS, *(memory(place & 1, GIB + place * 16 * MIB, 16 * MIB) for place in range(64)), initiator(2)),
    ),
    ("entries of x86", NEW, (processor(7, 0), x2apic(8, 1), GICCS, ARM_ALL, initiator(2), port(3))),
    ("nothing", NEW, ()),
)
"""On arm64: what is odd, the kernels, the entries of SRAT."""

FOUR_SOCKETS: Final = (
    f"{MACHINES['q35']} -m 512M -smp 2,maxcpus=4,sockets=4,cores=1,threads=1 "
    "-object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M "
    f"-numa node,memdev=m0 -numa node,memdev=m1 {empty_nodes(2, 3)} "
    + " ".join(f"-numa cpu,node-id={number},socket-id={number}" for number in range(4))
)
ROOMY: Final = Q35.replace("-m 512M", "-m 512M,slots=2,maxmem=4G")
MODULE: Final = f"{DEVICE} -object memory-backend-ram,id=mem,size=256M"
NVDIMM: Final = f"{MODULE} -device nvdimm,memdev=mem,id=nv0,node=2"
DIMM: Final = f"{MODULE} -device pc-dimm,memdev=mem,id=d0,node=2"
CROOKED: Final = (
    "-object memory-backend-ram,id=small,size=2M -device pc-dimm,memdev=small,id=d0,node=3 "
    "-object memory-backend-ram,id=next,size=128M -device pc-dimm,memdev=next,id=d1,node=0 "
    "-object memory-backend-ram,id=last,size=128M -device pc-dimm,memdev=last,id=d2,node=1,addr=0x{:x}"
)
"""A module that is no whole block, one behind it that starts at none, and one that does."""

SIXTEEN: Final = (
    Q35.replace("-smp 2", "-cpu Dhyana -smp 16,sockets=1,cores=16")
    .replace("cpus=0", "cpus=0-7")
    .replace("cpus=1", "cpus=8-15")
)
LOST_PROCESSORS: Final = srat(initiator(2, 0), CPUS, ALL)

ARM_ROOMY: Final = VIRT.replace("-m 1G", "-bios QEMU_EFI.fd -m 1G,slots=2,maxmem=4G")
WITHOUT_ITS: Final = VIRT.replace("gic-version=3", "gic-version=3,its=off")
NO_ITS: Final = f"{WITHOUT_ITS} {empty_nodes(2, 3)} {DEVICE} {initiators((2,))}"
FAR_BUS: Final = (
    "-device pxb-pcie,id=ex0,bus=pcie.0,bus_nr=32,numa_node=1 -device pcie-root-port,id=rp0,bus=ex0,chassis=1 "
    "-device pci-testdev,id=far,bus=rp0 "
    "-device pxb-pcie,id=ex1,bus=pcie.0,bus_nr=8,numa_node=1 -device pcie-root-port,id=rp1,bus=ex1,chassis=2"
)
SIXTEEN_BUSES: Final = VIRT.replace("gic-version=3", "gic-version=3,highmem-ecam=off")
ARM_CROOKED: Final = f"{ARM_ROOMY.replace('slots=2', 'slots=3')} {empty_nodes(2, 3)} {CROOKED.format(6 * GIB)}"
ARM_MODULE: Final = f"{ARM_ROOMY} {empty_nodes(2, 3)} {DIMM} {initiators((2,))}"

OWN: Final = (
    (
        "a processor that -device plugs in",
        BOTH,
        f"{FOUR_SOCKETS} -device qemu64-x86_64-cpu,socket-id=3,core-id=0,thread-id=0",
    ),
    (
        "an NVDIMM on a node of its own",
        BOTH,
        f"{ROOMY.replace('q35', 'q35,nvdimm=on')} {empty_nodes(2, 3)} {NVDIMM} {initiators((3,))}",
    ),
    (
        "memory modules that are no blocks",
        BOTH,
        f"{ROOMY.replace('slots=2', 'slots=3')} {empty_nodes(2, 3)} {CROOKED.format(5 * GIB)}",
    ),
    (
        "a memory module on the node of an initiator",
        BOTH,
        f"{ROOMY} {empty_nodes(2, 3)} {DIMM} {initiators((2,))}",
    ),
)
"""Machines whose tables are their own: what is odd, the kernels, the words."""


def named(what: str, arch: str) -> str:
    return f"{what}-{arch}".replace(" ", "-")


def _machines() -> Iterator[Machine]:
    for what, kernels, found in X86_TABLES:
        for kernel in kernels:
            yield Machine(named(what, "x86"), Q35, {}, kernel, given=lambda _own, srat=found: {"SRAT": srat})
    for kernel in BOTH:
        both = dict(zip(("SRAT", "SLIT"), CUT_SHORT, strict=True))
        name = named("an initiator that is cut short", "x86")
        yield Machine(name, Q35, {}, kernel, given=lambda _own, both=both: both)
    for what, kernels, entries in ARM_TABLES:
        for kernel in kernels:
            found = srat(*entries, revision=3)
            yield Machine(named(what, "arm64"), VIRT, {}, kernel, given=lambda _own, srat=found: {"SRAT": srat})
    for kernel in BOTH:
        name = named("processors of Hygon that are lost", "x86")
        yield Machine(name, SIXTEEN, {}, kernel, given=lambda _own: {"SRAT": LOST_PROCESSORS})
    for kernel in BOTH:
        yield Machine(named("a memory module on the node of an initiator", "arm64"), ARM_MODULE, {}, kernel)
        yield Machine(named("memory modules that are no blocks", "arm64"), ARM_CROOKED, {}, kernel)
    for kernel in BOTH:
        yield Machine(named("a bus without configuration space", "arm64"), f"{SIXTEEN_BUSES} {FAR_BUS}", {}, kernel)
    for kernel in BOTH:
        yield Machine(named("no interrupt translation service", "arm64"), NO_ITS, {}, kernel)
    for what, kernels, words in OWN:
        for kernel in kernels:
            yield Machine(named(what, "x86"), words, {}, kernel)


FURTHER: Final = tuple(_machines())

IN_ANY_CASE: Final = tuple(
    machine
    for machine in FURTHER
    if (machine.name, machine.kernel)
    in {
        ("a-byte-is-on-no-node-x86", "6.12"),
        ("an-initiator-that-is-cut-short-x86", "6.12"),
        ("a-processor-that--device-plugs-in-x86", "6.12"),
        ("a-byte-is-on-no-node-arm64", "6.12"),
    }
)
"""Those that are booted in any run; the others are, and all are recorded, with ``pytest --record``."""
