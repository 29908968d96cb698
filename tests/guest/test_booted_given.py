"""What a real Linux makes of tables that no QEMU makes, given to it on x86."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from guest_checks import check_guest
from guest_machines import (
    BUCKET_ORDER,
    DEVICE,
    MACHINES,
    TWO_NODES,
    Machine,
    boots,
    changed_srat,
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

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity, GenericPortAffinity, MemoryAffinity, ProcessorAffinity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.acpi.srat import SratEntry

pytestmark = [pytest.mark.live, pytest.mark.guest]

TEN = f"{MACHINES['q35']} {TWO_NODES} {empty_nodes(2, 9)} {DEVICE}"
EIGHT = f"{TEN} {initiators(range(2, 10))}"
SCRAMBLED = f"{EIGHT} {distances(10, uneven)}"
SCRAMBLED_SEEN = boots("2-9", rows((0, 1, *BUCKET_ORDER), uneven))

V2_HANDLE = PciDeviceHandle(0, 0x20, 0)


def initiators_first(entries: tuple[SratEntry, ...]) -> Iterable[SratEntry]:
    return sorted(entries, key=lambda entry: not isinstance(entry, GenericInitiatorAffinity))


def without_node_1(entries: tuple[SratEntry, ...]) -> Iterable[SratEntry]:
    return [entry for entry in entries if not (isinstance(entry, MemoryAffinity) and entry.pxm == 1)]


GIVEN = [
    Machine(
        "the cover letter's eight nodes come in order, one object each",
        f"{TEN} {distances(10, uneven)}",
        boots("2-9", rows(range(10), uneven)),
        "6.1",
        given=with_initiators(*(GenericInitiatorAffinity(pxm, V2_HANDLE) for pxm in range(2, 10))),
    ),
    Machine(
        "bus and devfn in each other's place change nothing",
        SCRAMBLED,
        SCRAMBLED_SEEN,
        given=lambda tables: {"SRAT": tables.srat, "SLIT": tables.slit},
        dialect="9.0",
    ),
    Machine(
        "an initiator with flags 0 ends the pass",
        TEN,
        boots("2-3", rows(range(4))),
        given=with_initiators(initiator(2), initiator(3), initiator(4, 0), *map(initiator, range(5, 10))),
    ),
    Machine(
        "an initiator with flags 0 ahead of all takes the processors along",
        TEN,
        boots("", rows((0, 1)), cpus={0: "0-1"}, has_cpu="0"),
        given=changed_srat(lambda entries: (initiator(2, 0), *entries, initiator(3))),
    ),
    Machine(
        "only bit 0 of the flags counts",
        TEN,
        boots("2", rows(range(3))),
        given=with_initiators(initiator(2, 3), initiator(3, 2), initiator(4)),
    ),
    Machine(
        "initiators ahead of the processors are numbered first",
        SCRAMBLED,
        boots(
            "0-7",
            rows((*BUCKET_ORDER, 0, 1), uneven),
            cpus={8: "0", 9: "1"},
            mib={8: 256, 9: 256},
            has_cpu="8-9",
            has_memory="8-9",
        ),
        given=changed_srat(initiators_first),
    ),
    Machine(
        "a PXM beyond the limit ends the pass",
        TEN,
        boots("2", rows(range(3)), lines=["SRAT: Too many proximity domains."]),
        given=with_initiators(initiator(2), initiator(1024), initiator(3)),
    ),
    Machine(
        "a Generic Port makes no node",
        TEN,
        boots("2", rows(range(3))),
        given=with_initiators(GenericPortAffinity(2, PciDeviceHandle(0, 0, 0x20)), initiator(3)),
    ),
    Machine(
        "a disabled processor makes no node",
        TEN,
        boots("2", rows(range(3))),
        given=with_initiators(ProcessorAffinity(2, 7, flags=0), initiator(3)),
    ),
    Machine(
        "the same entry twice is one node",
        TEN,
        boots("2-3", rows(range(4))),
        "6.1",
        given=with_initiators(initiator(2), initiator(2), initiator(3)),
    ),
    Machine(
        "a distance of 11 to itself makes SLIT invalid",
        EIGHT,
        boots("2-9", rows(range(10)), lines=["SLIT table looks invalid. Not used."]),
        given=with_slit(with_cell(3, 3, 11)),
    ),
    Machine(
        "a distance of 10 to another makes SLIT invalid",
        EIGHT,
        boots("2-9", rows(range(10)), lines=["SLIT table looks invalid. Not used."]),
        "6.1",
        given=with_slit(with_cell(2, 3, 10)),
    ),
    Machine(
        "a distance of 255 one way is taken",
        TEN,
        boots("2-3", rows(range(4), lambda source, target: 255 if (source, target) == (2, 3) else 30)),
        given=with_slit(with_cell(2, 3, 255), *map(initiator, (2, 3))),
    ),
    Machine(
        "a small SLIT leaves 20 for the rest",
        TEN,
        boots("2-3", [[10, 21, 22, 20], [23, 10, 24, 20], [25, 26, 10, 20], [20, 20, 20, 10]]),
        given=with_slit([[10, 21, 22], [23, 10, 24], [25, 26, 10]], *map(initiator, (2, 3))),
    ),
    Machine(
        "an entry of length 0 behind an initiator is deadly",
        f"{TEN} {initiators((2, 3))}",
        {"outcome": "panics"},
        given=raw_srat(cut_last_length),
    ),
    Machine(
        "memory that no entry covers is deadly with an initiator",
        f"{TEN} {initiators((2,))}",
        {"outcome": "panics"},
        "6.1",
        given=changed_srat(without_node_1),
    ),
    Machine(
        "an entry of length 0 ahead of all leaves one node",
        f"{TEN} {initiators((2, 3))}",
        boots("", [[10]], cpus={0: "0-1"}, mib={0: 512}, has_cpu="0", has_memory="0"),
        given=raw_srat(lambda srat: srat[:49] + b"\0" + srat[50:]),
    ),
]


@pytest.mark.parametrize("machine", GIVEN, ids=str)
def test_a_guest_sees(machine, guests, qemu_x86):
    check_guest(guests.boot(machine, qemu_x86), machine.seen)
