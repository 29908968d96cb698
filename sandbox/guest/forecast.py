"""The forecast of what a Linux guest makes of a machine and its tables.

The simplest use::

    from sandbox.app import Sandbox
    from sandbox.guest.facts import facts_of
    from sandbox.guest.forecast import forecast
    from sandbox.guest.kernels import find_kernel

    vm = Sandbox("-M q35 -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0")
    print(forecast(vm.tables(), facts_of(vm.machine), find_kernel("x86", "6.12")).masks)

Nothing is read but what it is given; it takes about a millisecond.

Source: Linux 6.1, 6.12 and 7.3, and guests that were booted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.affinity import Claim
from sandbox.guest.distances import read_distances
from sandbox.guest.explain import hidden_devices, losses, losses_of_nodes, surprises
from sandbox.guest.hazards import doomed, hazards
from sandbox.guest.memory import NO_NODE, NodeMemory, place_memory
from sandbox.guest.modules import Plugged, plug_modules, virtio_notes
from sandbox.guest.nodes import NodeMaker, NodeState
from sandbox.guest.passes import read_affinity
from sandbox.guest.processors import arm64_nodes, x86_nodes
from sandbox.guest.result import BOOTS, PANICS, Forecast, Loss, masks_of
from sandbox.records import replace
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.guest.access import Reached
    from sandbox.guest.affinity import Affinity
    from sandbox.guest.facts import GuestMachine, PciPlace
    from sandbox.guest.kernels import Kernel
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables


def forecast(
    tables: Tables,
    machine: GuestMachine,
    kernel: Kernel,
    origins: Sequence[Origin] = (),
    declared: int = 0,
    behind: bytes = b"",
) -> Forecast:
    """Return what a guest sees.

    Args:
        tables: what firmware hands to it.
        machine: what it finds beside the tables.
        kernel: its kernel.
        origins: where the device structures of SRAT come from, initiators first; empty if that is not known.
        declared: how many nodes the command line declares; 0 if that is not known.
        behind: what lies behind SRAT in memory, which a kernel reads if its last entry is cut short.

    Raises:
        DecodeError: SRAT is too short to have a header.
    """
    affinity = read_affinity(tables.srat, kernel, behind)
    found = _Forecaster(tables, machine, kernel, affinity, origins, declared).run()
    return doomed(found, machine.fatal) if machine.fatal else found


class _Forecaster:
    """Goes through a kernel's start, as far as nodes are concerned."""

    def __init__(
        self,
        tables: Tables,
        machine: GuestMachine,
        kernel: Kernel,
        affinity: Affinity,
        origins: Sequence[Origin],
        declared: int,
    ) -> None:
        self.tables = tables
        self.machine = machine
        self.kernel = kernel
        self.origins = origins
        self.declared = declared
        self.affinity = affinity
        self.distances = read_distances(tables.slit, self.affinity.nodes)
        self.said = self.affinity.said
        if self.distances.invalid:
            self.said.append("ACPI: SLIT table looks invalid. Not used.")
        self.windows = self.add_windows()
        self.memory = NodeMemory(())
        self.rejected = self.affinity.rejected
        if not self.rejected:
            self.memory = place_memory(self.affinity.claims, machine.ram, kernel)
            self.said += self.memory.said
            self.rejected = self.memory.rejected

    @property
    def known(self) -> Mapping[int, int]:
        """The node of each domain, for whatever asks after SRAT was read: arm64 forgets them where it rejects SRAT."""
        return self.affinity.nodes if self.kernel.is_x86 or not self.rejected else {}

    def add_windows(self) -> tuple[int, ...]:
        """Give each CXL window a node of a domain that no table names."""
        nodes, added = self.affinity.nodes, []
        for _ in range(self.machine.windows):
            pxm = max(nodes, default=-1) + 1
            if len(nodes) >= self.kernel.max_nodes or pxm >= self.kernel.max_pxms:
                self.said.append("ACPI: ACPI NUMA: Too many proximity domains while processing CFMWS.")
                break
            added.append(nodes.setdefault(pxm, len(nodes)))
        self.affinity.parsed.update(added)
        return tuple(added)

    def run(self) -> Forecast:
        if self.rejected:
            return self.without_srat()
        bare = [part for part in self.memory.parts if part.node == NO_NODE]
        if bare:
            start, end = bare[0].start, bare[0].end
            return self.panic(
                f"RAM from {start:#x} to {end - 1:#x} is on no node: too little for the kernel to reject SRAT, but it"
                " crashes when it sets that RAM up"
            )
        with_memory = {part.node for part in self.memory.parts}
        set_up = set(self.memory.claimed - {NO_NODE}) if self.kernel.is_old else with_memory
        cpus = self.processor_nodes(sorted(set_up))
        possible = set(self.affinity.parsed)
        online = possible
        if self.kernel.is_x86:
            online = set_up | set(cpus.values()) | self.affinity.initiators
        return self.done(possible, set(online), cpus, with_memory)

    def processor_nodes(self, with_memory: Sequence[int]) -> dict[int, int]:
        if self.kernel.is_x86:
            return x86_nodes(self.machine, self.affinity.processors, with_memory, self.affinity.initiators)
        return arm64_nodes(self.machine, self.affinity.gicc, self.affinity.nodes)

    def without_srat(self) -> Forecast:
        """The kernel drops SRAT and makes up node 0 with everything on it; initiators keep their mark."""
        ram = self.machine.ram
        self.say_fallback(0 if self.kernel.is_x86 else ram[0].start, ram[-1].end - 1)
        left = sorted(self.affinity.initiators - {0})
        if left and self.kernel.is_x86:
            return self.panic(
                f"SRAT is rejected ({self.rejected}) after Generic Initiators have been put on"
                f" node{'s' if len(left) > 1 else ''} {list_text(left)}; the kernel sets them up although only node 0"
                " is left"
            )
        self.memory = NodeMemory(tuple(Claim(0, found.start, found.end) for found in ram))
        return self.done({0}, {0}, {cpu.number: 0 for cpu in self.machine.cpus}, {0})

    def say_fallback(self, first: int, last: int) -> None:
        span = f"[mem {first:#018x}-{last:#018x}]"
        if self.kernel.is_x86:
            self.said += ["No NUMA configuration found", f"Faking a node at {span}"]
            return
        if self.kernel.is_old and self.affinity.fails_to_read:
            self.said.append("NUMA: Failed to initialise from firmware")
        self.said.append(f"NUMA: Faking a node at {span}")

    def panic(self, why: str) -> Forecast:
        lost = (Loss("everything", why), *losses(self.affinity, self.distances, self.origins, ""))
        return Forecast(
            kernel=self.kernel,
            outcome=PANICS,
            masks=None,
            nodes=(),
            domains=self.affinity.nodes,
            said=tuple(self.said),
            why=why,
            lost=lost,
            notes=self.machine.notes,
        )

    def done(self, possible: set[int], online: set[int], cpus: Mapping[int, int], with_memory: set[int]) -> Forecast:
        plugged = self.add_modules(possible, online, with_memory)
        if not self.kernel.is_x86:
            self.said += self.processor_lines()
        self.said += plugged.said
        affinity = self.affinity
        state = NodeState(
            affinity, self.memory, self.distances, self.rejected, self.windows, frozenset(online), plugged.sizes
        )
        maker = NodeMaker(state, self.machine, self.origins)
        nodes = tuple(maker.node(number, cpus) for number in sorted(possible))
        lost = [*losses(affinity, self.distances, self.origins, self.rejected), *plugged.lost]
        lost += hidden_devices(self.machine)
        if not self.rejected:
            lost += losses_of_nodes(nodes, affinity, self.declared, {it.pxm for it in self.machine.modules})
            lost += plugged.moved
        reached = self.read_hmat(online, {found.node for found in nodes if found.cpus})
        return Forecast(
            kernel=self.kernel,
            outcome=BOOTS,
            masks=masks_of(nodes, with_memory, self.printed_initiators(max(possible))),
            nodes=nodes,
            domains=affinity.nodes,
            devices=self.devices(online),
            access=reached.folders,
            said=tuple(self.said),
            why=self.rejected,
            lost=tuple(lost),
            surprises=() if self.rejected else (*surprises(nodes, affinity, self.origins), *reached.overruled),
            hazards=hazards(self.machine, cpus, self.kernel),
            notes=(*self.machine.notes, *virtio_notes(self.machine, affinity.nodes)),
        )

    def printed_initiators(self, last: int) -> set[int]:
        """Return the nodes that are printed as initiators; ``last`` is the last possible node."""
        return {node for node in self.affinity.initiators if node <= last or not self.kernel.cuts_masks}

    def add_modules(self, possible: set[int], online: set[int], with_memory: set[int]) -> Plugged:
        """Plug in memory modules.

        One of a domain without a node goes to the node of the first memory entry. Its node comes online in any case;
        old kernels leave the memory itself offline.
        """
        first = self.affinity.claims[0].node if self.affinity.claims and not self.rejected else 0
        plugged = plug_modules(self.machine, self.known, first)
        sizes = {node: size for node, size in plugged.sizes.items() if node in possible}
        online.update(sizes)
        if not self.kernel.onlines_modules:
            return replace(plugged, sizes={})
        with_memory.update(sizes)
        return replace(plugged, sizes=sizes)

    def processor_lines(self) -> list[str]:
        """What an arm64 kernel says of each processor entry after it has set up its nodes."""
        if self.affinity.disabled:
            return []
        present = {cpu.id: cpu.mpidr for cpu in self.machine.cpus}
        return [
            f"ACPI: NUMA: SRAT: PXM {pxm} -> MPIDR {present[uid]:#x} -> Node {self.known.get(pxm, NO_NODE)}"
            for uid, pxm in self.affinity.gicc.items()
            if uid in present
        ]

    def devices(self, online: set[int]) -> tuple[tuple[PciPlace, int], ...]:
        """Return the node of each PCI device: that of its expander's _PXM if it is online, else -1."""
        nodes = {pxm: node for pxm, node in self.known.items() if node in online}
        return tuple(
            (place, NO_NODE if place.pxm is None else nodes.get(place.pxm, NO_NODE)) for place in self.machine.devices
        )

    def read_hmat(self, online: set[int], with_cpu: set[int]) -> Reached:
        """Return what HMAT makes."""
        from sandbox.guest.access import NOTHING, Situation, read_access

        srat, hmat = self.tables.srat, self.tables.hmat
        if srat is None or hmat is None or self.affinity.disabled:
            return NOTHING
        situation = Situation(self.known, online, with_cpu, self.kernel.max_nodes, not self.kernel.is_old)
        return read_access(srat, hmat, situation)
