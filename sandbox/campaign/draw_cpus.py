"""Drawing CPUs: ``-smp`` in its forms, CPU models, and which node has which CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.campaign.hand import Hand

MOST_FOR_GICV2: Final = 8
FIRST_MODULES: Final = (9, 1, 0)


@record
class Topology:
    """The CPUs of a machine.

    Attributes:
        possible: how many there can be.
        levels: the levels above one CPU, outermost first: QEMU's name and how many there are in the next outer one.
        is_given: whether ``-smp`` gives every level.
    """

    possible: int
    levels: tuple[tuple[str, int], ...] = ()
    is_given: bool = False


def draw_cpus(hand: Hand, family: str) -> Topology:
    """Draw ``-smp``, ``-cpu`` and, on virt, the interrupt controller that so many CPUs need."""
    topology = _smp(hand, family)
    if family != "virt":
        if hand.chance(0.2):
            hand.options.append(("-cpu", hand.pick(("qemu64", "max", "Haswell", "EPYC", "Skylake-Server,-avx512f"))))
            hand.cover("cpu-models")
        return topology
    hand.options.append(("-cpu", hand.pick(("cortex-a57", "cortex-a72", "max", "neoverse-n1", "cortex-a53"))))
    if topology.possible > MOST_FOR_GICV2:
        hand.machine.append(f"gic-version={hand.pick(('3', 'max'))}")
    elif hand.chance(0.5):
        hand.machine.append(f"gic-version={hand.pick(('2', '3', 'max'))}")
    return topology


def _smp(hand: Hand, family: str) -> Topology:
    middles = ["clusters"] if family == "virt" else ["dies"]
    if family != "virt" and hand.target.version >= FIRST_MODULES:
        middles.append("modules")
    levels = [("sockets", hand.pick((1, 1, 2, 3)))]
    levels += [(middle, hand.pick((1, 1, 1, 2, 3))) for middle in middles]
    levels += [("cores", hand.pick((1, 2, 3, 4))), ("threads", hand.pick((1, 1, 2)))]
    style = hand.random.randrange(6)
    if style == 0:
        return Topology(1)
    if style == 1:
        count = hand.pick((1, 2, 4, 8, 8))
        hand.options.append(("-smp", hand.pick((f"{count}", f"cpus={count}"))))
        return Topology(count)
    if style == 2:
        count, most = sorted(hand.random.choices((1, 2, 3, 4, 6, 8, 12, 16), k=2))
        hand.options.append(("-smp", f"{count},maxcpus={most}"))
        hand.cover("absent-cpus")
        return Topology(most)
    hand.cover("cpu-topology")
    if style == 3:
        levels = [level for level in levels if level[0] in ("sockets", "cores", "threads")]
    possible = 1
    for _, count in levels:
        possible *= count
    text = ",".join(f"{name}={count}" for name, count in levels)
    if style == 4:
        present = hand.random.randint(1, possible)
        text = f"{present},maxcpus={possible},{text}"
        hand.cover("absent-cpus")
    hand.options.append(("-smp", text))
    return Topology(possible, tuple(levels), is_given=True)


def draw_cpu_places(hand: Hand, topology: Topology, count: int) -> tuple[list[list[str]], list[str]]:
    """Draw which node has which CPU; mostly QEMU places them itself.

    Args:
        hand: the draw.
        topology: the CPUs.
        count: how many nodes there are.

    Returns:
        For each node the parts of its ``-numa node`` that place CPUs there, and the ``-numa cpu`` options behind.
    """
    places: list[list[str]] = [[] for _ in range(count)]
    options: list[str] = []
    if hand.chance(0.65):
        return places, options
    if hand.chance(0.3) and topology.is_given:
        sockets = topology.levels[0][1]
        options = [f"cpu,node-id={hand.random.randrange(count)},socket-id={socket}" for socket in range(sockets)]
        hand.cover("cpu-objects")
        return places, options
    hand.cover("placed-cpus")
    cpu = 0
    while cpu < topology.possible:
        run = min(hand.pick((1, 1, 2, 4)), topology.possible - cpu)
        places[hand.random.randrange(count)].append(f"cpus={cpu}" if run == 1 else f"cpus={cpu}-{cpu + run - 1}")
        cpu += run
    return places, options
