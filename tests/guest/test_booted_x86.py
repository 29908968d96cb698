"""What a real Linux sees on x86."""

from __future__ import annotations

import pytest
from guest_checks import check_guest
from guest_machines import (
    BUCKET_ORDER,
    DEVICE,
    MACHINES,
    TWO_NODES,
    Machine,
    boots,
    distances,
    empty_nodes,
    initiators,
    rows,
    uneven,
)

pytestmark = [pytest.mark.live, pytest.mark.guest]

Q35 = f"{MACHINES['q35']} {TWO_NODES}"
TEN = f"{Q35} {empty_nodes(2, 9)} {DEVICE}"
EIGHT = f"{TEN} {initiators(range(2, 10))}"

HMAT = " ".join(
    f"-numa hmat-lb,initiator={source},target={target},hierarchy=memory,data-type=access-latency,latency={latency} "
    f"-numa hmat-lb,initiator={source},target={target},hierarchy=memory,data-type=access-bandwidth,bandwidth={width}M"
    for source, target, latency, width in (
        *((0, 0, 5, 200), (0, 1, 10, 100), (0, 2, 20, 100)),
        *((1, 0, 10, 100), (1, 1, 5, 200), (1, 2, 30, 50)),
        *((3, 0, 40, 50), (3, 1, 40, 50), (3, 2, 3, 400)),
    )
)


def reached(initiators: list[int], targets: list[int], latency: int = 0, bandwidth: int = 0) -> dict[str, object]:
    """A folder accessM; without latency one of a node without memory."""
    values = {"read_latency": latency, "write_latency": latency}
    values |= {"read_bandwidth": bandwidth, "write_bandwidth": bandwidth}
    return {"initiators": initiators, "targets": targets, **(values if latency else {})}


ACCESS = {
    "node0": {"access0": reached([0], [0], 5, 200), "access1": reached([0], [0, 3], 5, 200)},
    "node1": {"access0": reached([1], [1], 5, 200), "access1": reached([1], [1], 5, 200)},
    "node2": {"access0": reached([], [3])},
    "node3": {"access0": reached([2], [], 3, 400), "access1": reached([0], [], 20, 100)},
}
"""Node 2 is the initiator's, node 3 that of memory only: PXM 3 and 2."""

SCRAMBLED = f"{EIGHT} {distances(10, uneven)}"
SCRAMBLED_SEEN = boots("2-9", rows((0, 1, *BUCKET_ORDER), uneven))

FEW = [
    Machine(
        f"{count} initiators on {machine}",
        f"{MACHINES[machine]} {TWO_NODES} {empty_nodes(2, count + 1)} {DEVICE} {initiators(range(2, count + 2))}",
        boots(mask, rows(range(count + 2))),
        kernel,
    )
    for count, mask, machine, kernel in (
        (1, "2", "q35", "6.12"),
        (2, "2-3", "pc", "6.1"),
        (3, "2-4", "q35", "6.1"),
        (4, "2-5", "pc", "6.12"),
        (5, "2-6", "q35", "6.12"),
        (6, "2-7", "pc", "6.1"),
        (7, "2-8", "q35", "6.1"),
        (8, "2-9", "pc", "6.12"),
    )
]

MERGED = [
    Machine("eight merged objects come in bucket order", SCRAMBLED, SCRAMBLED_SEEN),
    Machine(
        "initiators are numbered before a node of memory only",
        f"{MACHINES['q35']} -smp 2 -m 768M -object memory-backend-ram,id=m0,size=256M "
        "-object memory-backend-ram,id=m1,size=256M -object memory-backend-ram,id=m2,size=256M "
        "-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1,cpus=1 -numa node,nodeid=2,memdev=m2 "
        f"{empty_nodes(3, 4)} {DEVICE} {initiators((4, 3))} {distances(5, uneven)}",
        boots("2-3", rows((0, 1, 4, 3, 2), uneven), mib={0: 256, 1: 256, 4: 256}, has_memory="0-1,4"),
    ),
    Machine(
        "two devices share a node",
        f"{Q35} {empty_nodes(2, 4)} {DEVICE} -device pci-testdev,id=dev1,addr=5 "
        f"{initiators((2, 3))} {initiators((3, 4), 'dev1', 2)}",
        boots("2-4", rows(range(5))),
    ),
    Machine(
        "an initiator on a node with a CPU adds it", f"{Q35} {DEVICE} {initiators((1,))}", boots("1", rows((0, 1)))
    ),
    Machine(
        "the node of CPU 0 comes first",
        f"{MACHINES['q35']} -smp 2 -m 640M -object memory-backend-ram,id=m0,size=256M "
        "-object memory-backend-ram,id=m1,size=384M -numa node,nodeid=0,memdev=m0,cpus=1 "
        f"-numa node,nodeid=1,memdev=m1,cpus=0 -numa node,nodeid=2 {DEVICE} {initiators((2,))} {distances(3, uneven)}",
        boots("2", rows((1, 0, 2), uneven), mib={0: 384, 1: 256}),
    ),
    Machine(
        "maxmem makes the last node possible and not online",
        f"{Q35.replace('-m 512M', '-m 512M,slots=2,maxmem=4G')} {empty_nodes(2, 9)}",
        boots("", rows((0, 1)), possible="0-2"),
    ),
    Machine(
        "maxmem and initiators",
        f"{Q35.replace('-m 512M', '-m 512M,slots=2,maxmem=4G')} {empty_nodes(2, 3)} {DEVICE} {initiators((2,))}",
        boots("2", rows((0, 1, 2)), possible="0-3"),
    ),
    Machine("without initiators empty nodes are absent", f"{Q35} {empty_nodes(2, 9)}", boots("", rows((0, 1)))),
    Machine(
        "a device behind a root port",
        f"{Q35} {empty_nodes(2, 3)} -device pcie-root-port,id=rp,chassis=1,addr=6 -device pci-testdev,id=dev0,bus=rp "
        f"{initiators((2, 3))}",
        boots("2-3", rows(range(4)), pci={"0000:01:00.0": -1}),
    ),
    Machine(
        "an expander gives its devices a node, an initiator does not",
        f"{Q35} {empty_nodes(2, 2)} {DEVICE} -device pxb-pcie,id=pxb,bus_nr=32,numa_node=1,addr=8 "
        f"-device pcie-root-port,id=rp,bus=pxb,chassis=1 -device pci-testdev,id=dev1,bus=rp {initiators((2,))}",
        boots("2", rows(range(3)), pci={"0000:00:04.0": -1, "0000:21:00.0": 1}),
    ),
    Machine(
        "memory is best reached from an initiator",
        f"{MACHINES['q35'].replace('q35', 'q35,hmat=on')} -smp 2 -m 768M -object memory-backend-ram,id=m0,size=256M "
        "-object memory-backend-ram,id=m1,size=256M -object memory-backend-ram,id=m2,size=256M "
        "-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1,cpus=1 -numa node,nodeid=2,memdev=m2 "
        f"-numa node,nodeid=3 {HMAT} {DEVICE} {initiators((3,))}",
        boots(
            "2",
            rows(range(4)),
            mib={0: 256, 1: 256, 3: 256},
            has_memory="0-1,3",
            access=ACCESS,
        ),
    ),
    Machine(
        "objects that were added and deleted before the machine runs",
        f"{Q35} {empty_nodes(2, 4)} {DEVICE} {initiators((2,))}",
        boots("2-3", rows((0, 1, 3, 4))),
        commands=(
            (
                "object-add",
                {"qom-type": "acpi-generic-initiator", "id": "gi1", "pci-dev": "dev0", "node": 3},
            ),
            ("object-del", {"id": "gi0"}),
            (
                "object-add",
                {"qom-type": "acpi-generic-initiator", "id": "gi2", "pci-dev": "dev0", "node": 4},
            ),
        ),
    ),
]


@pytest.mark.parametrize("machine", [*FEW, *MERGED], ids=str)
def test_a_guest_sees(machine, guests, qemu_x86):
    check_guest(guests.boot(machine, qemu_x86), machine.seen)
