"""Machines for the tests of firmware: trees of bridges with a Generic Initiator on each device behind them."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from sandbox.app import Sandbox
from sandbox.campaign.pci_trees import random_tree
from sandbox.live import LiveTables, start
from sandbox.live.firmware import FirmwareTables
from sandbox.live.machine import LiveMachine
from sandbox.live.ram import ram_of_words
from sandbox.live.version import qemu_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.live.session import LiveSession

DIALECTS = {(9, 2): "9.2", (10, 0): "10.0", (11, 1): "11.1"}
EDK2_PLACES = (
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.fd",
)
PATIENCE = 50.0


def dialect_of(binary: Sequence[str]) -> str:
    dialect = DIALECTS.get(qemu_version(binary)[:2])
    if dialect is None:
        pytest.skip(f"no dialect for this QEMU; install one of {', '.join(DIALECTS.values())}")
    return dialect


def find_edk2() -> str:
    found = next((place for place in (os.environ.get("AAVMF", ""), *EDK2_PLACES) if Path(place).is_file()), None)
    if found is None:
        pytest.skip("no edk2 for Arm: `make qemu` installs one, or the variable AAVMF names one")
    return found


def node_words(family: str, memory: str = "256M", nodes: int = 1) -> list[str]:
    """A machine with one node that has memory, and others that have none."""
    backend = ["-object", f"memory-backend-ram,id=m0,size={memory}", "-numa", "node,memdev=m0"]
    firmware = ["-cpu", "cortex-a57", "-bios", find_edk2()] if family == "virt" else []
    return ["-M", family, "-m", memory, *firmware, *backend, *(["-numa", "node"] * nodes)]


def initiator(name: str, device: str, node: int) -> tuple[str, dict[str, object]]:
    return "object-add", {"qom-type": "acpi-generic-initiator", "id": name, "pci-dev": device, "node": node}


def tree_words(seed: int, family: str) -> list[str]:
    tree = random_tree(Random(seed), family)
    objects = [
        f"acpi-generic-initiator,id=gi{index},pci-dev={device},node={index + 1}"
        for index, device in enumerate(tree.endpoints)
    ]
    distances = ["-numa", "dist,src=0,dst=1,val=17"] if len(objects) == 1 else []
    options = [word for text in objects for word in ("-object", text)]
    return [*node_words(family, nodes=len(objects)), *distances, *tree.words, *options]


def predicted(words: Sequence[str], dialect: str) -> LiveTables:
    tables = Sandbox(list(words), dialect=dialect, firmware="enumerated").tables()
    return LiveTables(tables.srat, tables.slit, tables.hmat)


def running(session: LiveSession, words: Sequence[str], dialect: str) -> tuple[LiveMachine, FirmwareTables]:
    """A machine whose processors run, and what reads its firmware's tables."""
    firmware = FirmwareTables(session, ram_of_words(words, dialect), PATIENCE)
    return LiveMachine(session, dialect, "as asked for", runs=True, installed=firmware), firmware


def installed_tables(binary: Sequence[str], words: Sequence[str], dialect: str) -> LiveTables:
    with start(binary, words) as session:
        tables = running(session, words, dialect)[0].tables()
        return LiveTables(tables.srat, tables.slit, tables.hmat)


def gi_nodes(srat: bytes | None) -> list[int]:
    """The proximity domains of the type 5 entries, in their order (ACPI 6.5, 5.2.16.6)."""
    assert srat is not None
    return [int.from_bytes(entry[4:8], "little") for entry in _entries(srat) if entry[0] == 5]


def _entries(srat: bytes) -> Iterator[bytes]:
    at = 48
    while at < len(srat):
        yield srat[at : at + srat[at + 1]]
        at += srat[at + 1]
