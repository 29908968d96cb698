"""What a real Linux sees on arm64; Debian's kernels know 16 nodes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_checks import check_guest
from guest_machines import (
    BUCKET_ORDER,
    DEVICE,
    MACHINES,
    TWO_NODES,
    Machine,
    boots,
    cut_last_length,
    distances,
    empty_nodes,
    initiator,
    initiators,
    raw_srat,
    rows,
    uneven,
    with_cell,
    with_initiators,
    with_slit,
)

from sandbox.acpi.srat import decode_srat
from sandbox.guest.boot import guest_kernel
from sandbox.guest.trial import try_guest
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario

pytestmark = [pytest.mark.live, pytest.mark.guest]

COVER_LETTER = Path(__file__).parents[2] / "scenarios" / "grace-hopper-mig.yaml"

VIRT = f"{MACHINES['virt']} {TWO_NODES}"
TEN = f"{VIRT} {empty_nodes(2, 9)} {DEVICE}"
EIGHT = f"{TEN} {initiators(range(2, 10))}"
SCRAMBLED = f"{EIGHT} {distances(10, uneven)}"

MERGED = [
    Machine(
        "eight merged objects come in bucket order",
        SCRAMBLED,
        boots("2-9", rows((0, 1, *BUCKET_ORDER), uneven)),
        kernel,
    )
    for kernel in ("6.1", "6.12")
] + [
    Machine(
        "of 20 nodes 16 are left",
        f"{VIRT} {empty_nodes(2, 19)} {DEVICE} {initiators(range(2, 20))}",
        boots("2-15", rows(range(16))),
    ),
    Machine("without initiators empty nodes are absent", f"{VIRT} {empty_nodes(2, 9)}", boots("", rows((0, 1))), "6.1"),
    Machine(
        "initiators are numbered before a node of memory only",
        f"{MACHINES['virt']} -smp 2 -m 768M -object memory-backend-ram,id=m0,size=256M "
        "-object memory-backend-ram,id=m1,size=256M -object memory-backend-ram,id=m2,size=256M "
        "-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1,cpus=1 -numa node,nodeid=2,memdev=m2 "
        f"{empty_nodes(3, 4)} {DEVICE} {initiators((4, 3))} {distances(5, uneven)}",
        boots("2-3", rows((0, 1, 4, 3, 2), uneven), mib={0: 256, 1: 256, 4: 256}, has_memory="0-1,4"),
    ),
    Machine(
        "an initiator on a node with a CPU adds it",
        f"{VIRT} {empty_nodes(2, 2)} {DEVICE} {initiators((1, 2))}",
        boots("1-2", rows(range(3))),
    ),
    Machine(
        "the node of CPU 0 comes first",
        f"{MACHINES['virt']} -smp 2 -m 640M -object memory-backend-ram,id=m0,size=256M "
        "-object memory-backend-ram,id=m1,size=384M -numa node,nodeid=0,memdev=m0,cpus=1 "
        f"-numa node,nodeid=1,memdev=m1,cpus=0 -numa node,nodeid=2 {DEVICE} {initiators((2,))} {distances(3, uneven)}",
        boots("2", rows((1, 0, 2), uneven), mib={0: 384, 1: 256}),
    ),
]

GIVEN = [
    Machine(
        "an initiator with flags 0 ends the pass",
        TEN,
        boots("2-3", rows(range(4))),
        "6.1",
        given=with_initiators(initiator(2), initiator(3), initiator(4, 0), *map(initiator, range(5, 10))),
    ),
    Machine(
        "a distance of 10 to another makes SLIT invalid",
        EIGHT,
        boots("2-9", rows(range(10))),
        given=with_slit(with_cell(2, 3, 10)),
    ),
    Machine(
        "an entry of length 0 leaves one node, and initiators that are not there",
        f"{TEN} {initiators((2, 3))}",
        boots("2-3", [[10]], cpus={0: "0-1"}, mib={0: 512}, has_cpu="0", has_memory="0"),
        given=raw_srat(cut_last_length),
    ),
]


@pytest.mark.parametrize("machine", [*MERGED, *GIVEN], ids=str)
def test_a_guest_sees(machine, guests, qemu_arm):
    check_guest(guests.boot(machine, qemu_arm), machine.seen)


@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_the_cover_letters_nodes_are_2_to_9_in_order(kernel, guests, qemu_arm):
    scenario = load_scenario(COVER_LETTER.read_text(), str(COVER_LETTER))
    guests.needs("arm64", kernel)
    trial = try_guest(scenario, guest_kernel("arm64", kernel), qemu_arm)
    check_guest(trial, boots("2-9", rows(range(10)), cpus={0: "0-1", 1: "2-3"}, mib={0: 1024, 1: 1024}))
    booted = trial.boot
    assert booted.view is not None
    shown = decode_srat(booted.view.tables["SRAT"])
    assert shown.entries == emulate(scenario).tables().decoded_srat().entries
    assert shown.header.oem_revision == 2
    assert any("nvidia-acpi-generic-initiator" in change for change in booted.changes)
