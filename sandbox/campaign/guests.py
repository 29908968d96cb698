"""Cases in which a real Linux is booted, and what it sees is held against the forecast.

Machines are small, so that a boot takes seconds: few processors, little memory, no history.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from qom_types.dialects import V2
from sandbox.campaign.bench import Verdict
from sandbox.campaign.case import Case
from sandbox.campaign.draw_cpus import Topology, draw_cpu_places
from sandbox.campaign.draw_devices import draw_devices, draw_memory_modules
from sandbox.campaign.draw_hmat import draw_hmat
from sandbox.campaign.draw_machine import draw_backend, draw_distances, draw_machine_type, draw_size
from sandbox.campaign.draw_objects import draw_objects
from sandbox.campaign.hand import Hand
from sandbox.campaign.ran import Ran
from sandbox.campaign.sides import Difference
from sandbox.errors import MachineExit
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.given import given_by
from sandbox.guest.kernels import find_kernel
from sandbox.records import replace
from sandbox.scenario.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.campaign.bench import Bench
    from sandbox.campaign.target import Target
    from sandbox.guest.trial import Trial

GUEST: Final = "guest"
"""The kind of cases in which guests are booted."""

ARCHITECTURES: Final = {"x86_64": "x86", "aarch64": "arm64"}
LINUX: Final = ("6.12", "6.1")
NODE_COUNTS: Final = (1, 2, 2, 3, 4, 4, 6, 8, 10, 10, 12, 18)
MIB: Final = 1 << 20
SIZES: Final = (8, 32, 64, 128, 128, 256, 256, 512)
"""How much memory nodes have, in MiB."""
LEAST: Final = 512
"""How much memory a machine has at least, in MiB."""
LEAST_FOR_EDK2: Final = 128
"""How much the first node with memory has on virt, in MiB: edk2 looks at no other."""
ABOVE_4G: Final = 4096

SMP: Final = (
    "1",
    "2",
    "4",
    "2,maxcpus=6",
    "3,maxcpus=3,sockets=3,cores=1,threads=1",
    "4,maxcpus=4,sockets=2,cores=2,threads=1",
    "3,maxcpus=8,sockets=2,cores=2,threads=2",
)
MODELS: Final = {
    "x86_64": ("qemu64", "max", "Haswell", "EPYC"),
    "aarch64": ("cortex-a57", "cortex-a72", "neoverse-n1"),
}

NOT_BOOTED: Final = frozenset({"acpi=off", "hpet=off", "pit=off"})
"""Properties of machines on which this kernel has no tables or no clock."""
MOST_DRAWS: Final = 50


def guest_case(seed: int, number: int, target: Target) -> Case:
    """Return the case of a number: a machine that the sandbox starts, and whose guest nothing may kill by chance."""
    for draw in range(MOST_DRAWS):
        case = _drawn(seed, number, draw, target)
        try:
            given = given_by(guest_scenario(case, target))
        except MachineExit:
            continue
        machine = facts_of(given.machine)
        if not forecast(given.tables, machine, find_kernel(machine.arch, LINUX[0])).hazards:
            break
    return case


def _drawn(seed: int, number: int, draw: int, target: Target) -> Case:
    hand = Hand(f"guest/{seed}/{number}/{draw}/{target.arch}/{target.version}/{target.dialect}", target)
    if hand.chance(0.3 if target.arch == "aarch64" else 0.1):
        hand.target = replace(target, dialect=V2)
        hand.cover("v2")
    family, version = draw_machine_type(hand)
    hand.machine = [part for part in hand.machine if part not in NOT_BOOTED]
    hand.covers = {(step, name) for step, name in hand.covers if name != "acpi-off"}
    topology = _draw_cpus(hand)
    places, options = draw_cpu_places(hand, topology, hand.pick(NODE_COUNTS))
    _draw_memory(hand, family, places)
    hand.numa += options
    draw_distances(hand)
    draw_hmat(hand, [node for node, parts in enumerate(places) if parts])
    draw_devices(hand, family, version)
    draw_memory_modules(hand, family)
    draw_objects(hand)
    hand.cover(f"Linux {hand.pick(LINUX)}")
    return Case(seed, number, GUEST, family, hand.arguments(), (), frozenset(hand.covers), dialect=hand.target.dialect)


def guest_scenario(case: Case, target: Target) -> Scenario:
    """Return the scenario of a case."""
    return Scenario(GUEST, (target.program, *case.arguments), dialect=case.dialect)


def check_guest(bench: Bench, case: Case) -> Verdict:
    """Hold the forecast of a case against the guest that is booted.

    Raises:
        Interrupted: the campaign is to end.
        SandboxError: the guest could not be booted, or did not tell what it sees.
    """
    from sandbox.guest.boot import guest_kernel

    began, before = time.monotonic(), time.thread_time()
    version = next(found.split()[1] for found in sorted(case.features) if found.startswith("Linux "))
    kernel = guest_kernel(ARCHITECTURES[bench.target.arch], version)
    trial = bench.boot(guest_scenario(case, bench.target), kernel)
    own = time.thread_time() - before
    found = _difference(trial)
    taken = time.monotonic() - began
    return Verdict("different" if found else "equal", found, "", taken, own, ran=Ran(1, features=case.features))


def check_kernels(targets: Sequence[Target]) -> None:
    """Check that there is what guests are booted from.

    Raises:
        InputError: something is missing; the message names the remedy.
    """
    from sandbox.guest.boot import guest_kernel

    for arch in {ARCHITECTURES[target.arch] for target in targets}:
        for version in LINUX:
            guest_kernel(arch, version)


def _difference(trial: Trial) -> Difference | None:
    """Return the first difference, as a campaign names it: the number of a node is no part of its kind."""
    for check in trial.checks:
        for found in check.differences:
            what = f"{found.path}: forecast {found.expected}, guest {found.actual}"
            return Difference(f"guest: {check.what.rpartition(' ')[2]}", 0, what)
    return None


def _draw_cpus(hand: Hand) -> Topology:
    text = hand.pick(SMP)
    hand.options.append(("-smp", text))
    present, *rest = text.split(",")
    counts = {name: int(number) for name, _, number in (part.partition("=") for part in rest)}
    possible = counts.pop("maxcpus", int(present))
    topology = Topology(possible, tuple(counts.items()), is_given=bool(counts))
    hand.cover(*(["cpu-topology"] if counts else []), *(["absent-cpus"] if possible > int(present) else []))
    if hand.target.arch == "aarch64":
        hand.machine.append(f"gic-version={hand.pick(('2', '3'))}")
    if hand.target.arch == "aarch64" or hand.chance(0.4):
        hand.options.append(("-cpu", hand.pick(MODELS[hand.target.arch])))
        hand.cover("cpu-models")
    return topology


def _draw_memory(hand: Hand, family: str, places: Sequence[Sequence[str]]) -> None:
    """Draw memory, spread over some of the nodes."""
    count = len(places)
    with_memory = sorted(hand.random.sample(range(count), hand.random.randint(1, min(count, 4))))
    sizes = {node: hand.pick(SIZES) for node in with_memory}
    lacking = LEAST - sum(sizes.values())
    if family != "virt" and hand.chance(0.1):
        lacking = ABOVE_4G - sum(sizes.values())
        hand.cover("pci-hole")
    sizes[hand.pick(with_memory)] += max(lacking, 0)
    if family == "virt":
        sizes[with_memory[0]] = max(sizes[with_memory[0]], LEAST_FOR_EDK2)
    draw_size(hand, sum(sizes.values()) * MIB)
    for node, parts in enumerate(places):
        backend = [f"memdev={draw_backend(hand, sizes[node] * MIB)}"] if node in sizes else []
        hand.numa.append(",".join(("node", f"nodeid={node}", *parts, *backend)))
    hand.nodes = count
    hand.cover(*(["memory-only-nodes"] if any(not places[node] for node in with_memory) else []))
    hand.cover(*(["empty-nodes"] if count > len(with_memory) else []))
