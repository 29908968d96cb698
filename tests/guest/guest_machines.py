"""Machines that are booted, and what their guests must see, written down by hand.

What they must see was found by booting Debian's kernels by hand, without any code of this project.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.header import TableHeader
from sandbox.acpi.slit import Slit, encode_slit
from sandbox.acpi.srat import GenericInitiatorAffinity, Srat, decode_srat, encode_srat
from sandbox.app import Sandbox
from sandbox.guest.boot import guest_kernel
from sandbox.guest.trial import Trial, try_guest
from sandbox.machine.tables import Tables
from sandbox.records import record, replace
from sandbox.scenario.model import AnyReply, Command, Scenario, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sandbox.acpi.srat import SratEntry

    Given = Callable[[Any], Mapping[str, bytes | None]]

Commands = tuple[tuple[str, dict[str, Any]], ...]

MACHINES: Final = {
    "q35": "-M q35 -nodefaults",
    "pc": "-M pc -nodefaults",
    "virt": "-M virt,gic-version=3 -cpu cortex-a57 -nodefaults",
}

TWO_NODES: Final = (
    "-smp 2 -m 512M -object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M "
    "-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1,cpus=1"
)
DEVICE: Final = "-device pci-testdev,id=dev0,addr=4"

BUCKET_ORDER: Final = (7, 6, 5, 4, 3, 9, 2, 8)
"""The order in which QEMU 9.2 and later lists gi0 to gi7 on nodes 2 to 9."""


@record
class Machine:
    """A machine that is booted.

    Attributes:
        name: what it shows.
        words: QEMU's arguments.
        seen: what the guest must see, in the shape of a forecast.
        kernel: the version.
        commands: what is executed before it runs.
        given: the tables that the guest is given, made from those of the words; None: QEMU's own.
        dialect: in which the words are read where tables are given.
    """

    name: str
    words: str
    seen: Mapping[str, Any]
    kernel: str = "6.12"
    commands: Commands = ()
    given: Given | None = None
    dialect: str = "10.0"

    def __str__(self) -> str:
        return f"{self.name}, {self.kernel}".replace(" ", "-")

    @property
    def arch(self) -> str:
        return "arm64" if "-M virt" in self.words else "x86"

    def tables(self) -> Mapping[str, bytes | None]:
        """The tables that the guest is given; none if it has QEMU's."""
        if self.given is None:
            return {}
        return self.given(Sandbox(shlex.split(self.words), dialect=self.dialect).tables())

    @property
    def scenario(self) -> Scenario:
        """The machine, held until its commands are executed."""
        steps = (*self.commands, ("cont", None))
        return Scenario(
            self.name,
            (*shlex.split(self.words), "-S"),
            dialect=self.dialect,
            steps=tuple(Step(Command(name, arguments, AnyReply())) for name, arguments in steps),
        )

    def boot(self, binary: Sequence[str]) -> Trial:
        """Forecast what its guest sees, and boot it."""
        tables = {name.lower(): table for name, table in self.tables().items()}
        kernel = guest_kernel(self.arch, self.kernel)
        return try_guest(self.scenario, kernel, binary, tables=Tables(**tables) if tables else None)


def empty_nodes(first: int, last: int) -> str:
    return " ".join(f"-numa node,nodeid={node}" for node in range(first, last + 1))


def initiators(nodes: Iterable[int], device: str = "dev0", first: int = 0) -> str:
    """Options for objects gi0, gi1... on the nodes."""
    options = (f"id=gi{number},pci-dev={device},node={node}" for number, node in enumerate(nodes, first))
    return " ".join(f"-object acpi-generic-initiator,{option}" for option in options)


def distances(count: int, value: Callable[[int, int], int]) -> str:
    """Options for the distances of the nodes 0 to count - 1; ``value`` is asked for unequal ones."""
    pairs = ((source, target) for source in range(count) for target in range(count) if source != target)
    return " ".join(f"-numa dist,src={s},dst={t},val={value(s, t)}" for s, t in pairs)


def uneven(source: int, target: int) -> int:
    """A distance that tells both its ends."""
    return 11 + 10 * min(source, target) + max(source, target)


def rows(pxms: Sequence[int], value: Callable[[int, int], int] = lambda _s, _t: 20) -> list[list[int]]:
    """The matrix that a guest has whose nodes are these PXMs; by default the kernel's own 10 and 20."""
    return [[10 if source == target else value(source, target) for target in pxms] for source in pxms]


def boots(
    initiators: str,
    matrix: list[list[int]],
    *,
    cpus: Mapping[int, str] | None = None,
    mib: Mapping[int, int] | None = None,
    has_cpu: str = "0-1",
    has_memory: str = "0-1",
    possible: str | None = None,
    access: Mapping[str, Any] | None = None,
    pci: Mapping[str, int] | None = None,
    lines: Sequence[str] = (),
) -> dict[str, Any]:
    """What a guest sees whose online nodes have the distances ``matrix``; by default CPUs 0 and 1 on nodes 0 and 1."""
    cpus = {0: "0", 1: "1"} if cpus is None else cpus
    mib = {0: 256, 1: 256} if mib is None else mib
    online = "0" if len(matrix) == 1 else f"0-{len(matrix) - 1}"
    nodes = [
        {"node": node, "cpus": cpus.get(node, ""), "memory_kib": mib.get(node, 0) * 1024, "distances": row}
        for node, row in enumerate(matrix)
    ]
    return {
        "outcome": "boots",
        "possible": possible or online,
        "online": online,
        "has_cpu": has_cpu,
        "has_memory": has_memory,
        "has_generic_initiator": initiators,
        "nodes": nodes,
        "access": access or {},
        "pci": {address: {"numa_node": node} for address, node in (pci or {}).items()},
        "kernel_lines": list(lines),
    }


def changed_srat(change: Callable[[tuple[SratEntry, ...]], Iterable[SratEntry]]) -> Given:
    """Tables whose SRAT has other entries."""

    def give(tables: Any) -> dict[str, bytes | None]:
        srat: Srat = decode_srat(tables.srat)
        return {"SRAT": encode_srat(replace(srat, entries=tuple(change(srat.entries)))), "SLIT": tables.slit}

    return give


def raw_srat(change: Callable[[bytes], bytes]) -> Given:
    """Tables whose SRAT has other bytes; ``change`` keeps its length."""
    return lambda tables: {"SRAT": change(tables.srat), "SLIT": tables.slit}


def with_initiators(*added: SratEntry) -> Given:
    """Tables whose SRAT has entries more, at its end."""
    return changed_srat(lambda entries: (*entries, *added))


def with_slit(distances: list[list[int]], *added: SratEntry) -> Given:
    """Tables with another SLIT, and whose SRAT has entries more."""
    table = encode_slit(Slit(TableHeader("SLIT", 1), tuple(bytes(row) for row in distances)))
    return lambda tables: {**with_initiators(*added)(tables), "SLIT": table}


def cut_last_length(srat: bytes) -> bytes:
    """The length of the last entry, a Generic Initiator, becomes 0."""
    return srat[:-31] + b"\0" + srat[-30:]


def initiator(pxm: int, flags: int = 1) -> GenericInitiatorAffinity:
    """The entry of the device 00:04.0 as the merged objects make it."""
    return GenericInitiatorAffinity(pxm, PciDeviceHandle(0, 0, 0x20), flags)


def with_cell(source: int, target: int, value: int) -> list[list[int]]:
    """Distances of ten domains: all 30, but for one."""
    found = rows(range(10), lambda _s, _t: 30)
    found[source][target] = value
    return found
