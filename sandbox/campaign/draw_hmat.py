"""Drawing the options behind HMAT: latencies, bandwidths, memory-side caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.hmat_options import ASSOCIATIVITIES, DATA_TYPES, HIERARCHIES, LATENCIES, POLICIES

if TYPE_CHECKING:
    from sandbox.campaign.hand import Hand

MOST_NODES: Final = 8


def draw_hmat(hand: Hand, initiators: list[int]) -> None:
    """Draw ``-machine hmat=on`` and its ``-numa`` options.

    Args:
        hand: the draw.
        initiators: nodes to which ``-numa node`` gave CPUs, and those of Generic Initiators on the command line.
    """
    if not initiators or not hand.numa or hand.nodes > MOST_NODES or hand.chance(0.6):
        return
    hand.machine.append("hmat=on")
    hand.cover("hmat")
    known: set[int] = set()
    for _ in range(hand.random.randint(1, 3)):
        hierarchy = hand.pick((HIERARCHIES[0], HIERARCHIES[0], *HIERARCHIES))
        known |= _measure(hand, initiators, hierarchy, LATENCIES) & _measure(
            hand, initiators, hierarchy, DATA_TYPES[len(LATENCIES) :]
        )
    for node in sorted(known):
        if hand.chance(0.5):
            _caches(hand, node)


def _measure(hand: Hand, initiators: list[int], hierarchy: str, kinds: tuple[str, ...]) -> set[int]:
    """Draw the values of one kind between all or some nodes; return the nodes that they lead to."""
    kind = hand.pick(kinds)
    mark = f"hierarchy={hierarchy},data-type={kind},"
    if any(mark in option for option in hand.numa):
        return set()
    reached = set()
    unit = hand.pick((1, 5, 10, 100))
    for initiator in sorted(set(initiators)):
        for target in range(hand.nodes):
            if hand.chance(0.2):
                continue
            count = hand.random.randint(1, 90) * unit
            value = f"latency={count}" if kind in LATENCIES else f"bandwidth={count}M"
            hand.numa.append(f"hmat-lb,initiator={initiator},target={target},{mark}{value}")
            reached.add(target)
    return reached


def _caches(hand: Hand, node: int) -> None:
    hand.cover("hmat-caches")
    size = 0
    for level in range(1, hand.random.randint(1, 3) + 1):
        size += hand.pick((1, 8, 64))
        hand.numa.append(
            f"hmat-cache,node-id={node},size={size}K,level={level},associativity={hand.pick(ASSOCIATIVITIES)},"
            f"policy={hand.pick(POLICIES)},line={hand.pick((8, 64, 128))}"
        )
