"""Random cases: made from the seed, the number and the binary alone, so that each can be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.campaign.case import Case
from sandbox.campaign.draw_cpus import draw_cpu_places, draw_cpus
from sandbox.campaign.draw_devices import draw_devices, draw_memory_modules
from sandbox.campaign.draw_history import draw_history
from sandbox.campaign.draw_hmat import draw_hmat
from sandbox.campaign.draw_machine import NODE_COUNTS, draw_distances, draw_machine_type, draw_memory
from sandbox.campaign.draw_mistakes import draw_refusal
from sandbox.campaign.draw_objects import draw_objects
from sandbox.campaign.draw_virtio_memory import draw_virtio_memory
from sandbox.campaign.hand import Hand

if TYPE_CHECKING:
    from sandbox.campaign.target import Target

NATIVE = "native"
"""The kind of cases in which both sides get the same words."""


def random_case(seed: int, number: int, target: Target) -> Case:
    """Return a case of a campaign.

    Args:
        seed: the campaign's seed.
        number: which case, counted from 0.
        target: the QEMU that it is for.
    """
    hand = Hand(f"{seed}/{number}/{target.arch}/{target.version}/{target.dialect}", target)
    family, version = draw_machine_type(hand)
    topology = draw_cpus(hand, family)
    places, options = draw_cpu_places(hand, topology, hand.pick(NODE_COUNTS))
    draw_memory(hand, family, version, places)
    with_cpus = [node for node, parts in enumerate(places) if parts]
    hand.numa += options if hand.numa else []
    draw_distances(hand)
    draw_hmat(hand, with_cpus)
    draw_devices(hand, family, version)
    draw_memory_modules(hand, family)
    draw_virtio_memory(hand, family)
    objects = draw_objects(hand)
    if hand.chance(0.04):
        draw_refusal(hand)
    commands = draw_history(hand, objects)
    return Case(seed, number, NATIVE, family, hand.arguments(), commands, frozenset(hand.covers))
