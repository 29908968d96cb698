"""Drawing objects: initiators, ports and their companions, on the command line and over QMP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sandbox.campaign.hand import option_text

if TYPE_CHECKING:
    from sandbox.campaign.hand import Hand

INITIATOR: Final = "acpi-generic-initiator"
PORT: Final = "acpi-generic-port"
SERIES: Final = "nvidia-acpi-generic-initiator"

COUNTS: Final = (0, 1, 1, 2, 3, 5, 8, 8, 16, 30, 60)

COMPANIONS: Final[tuple[dict[str, Any], ...]] = (
    {"qom-type": "iothread"},
    {"qom-type": "iothread", "poll-max-ns": 1000},
    {"qom-type": "rng-builtin"},
    {"qom-type": "rng-random", "filename": "/dev/urandom"},
    {"qom-type": "secret", "data": "abc"},
    {"qom-type": "thread-context"},
    {"qom-type": "can-bus"},
    {"qom-type": "authz-simple", "identity": "someone"},
)
"""Objects that people have beside initiators; each takes a bucket of the table that QEMU walks."""


def draw_objects(hand: Hand) -> list[tuple[str, str]]:
    """Draw the objects of the command line.

    Returns:
        Type and id of each that can be deleted later.
    """
    made: list[dict[str, Any]] = []
    if hand.pci_ids and hand.nodes:
        made += [initiator(hand) for _ in range(hand.pick(COUNTS))]
    if made:
        hand.cover("objects")
    if hand.host_bridges and hand.nodes:
        made += [port(hand) for _ in range(hand.random.randrange(4))]
    for _ in range(hand.pick((0, 0, 0, 1, 3))):
        made.append(companion(hand))
        hand.cover("companions")
    if any(members["qom-type"] == SERIES for members in made):
        hand.cover("nvidia-objects")
    hand.objects += [as_option(hand, members) for members in made]
    hand.random.shuffle(hand.objects)
    return [(str(members["qom-type"]), str(members["id"])) for members in made]


def as_option(hand: Hand, members: dict[str, Any]) -> str:
    """Return an object as ``-object`` takes it: short form, JSON, or with numbers in other bases."""
    if hand.chance(0.1):
        hand.cover("json-objects")
        return json.dumps(members)
    if "node" in members and hand.chance(0.1):
        return option_text({**members, "node": hand.pick((f"{members['node']:#x}", f"0{members['node']:o}"))})
    return option_text(members)


def initiator(hand: Hand) -> dict[str, Any]:
    """Return the members of an initiator that is right."""
    device, node = hand.pick(hand.pci_ids), hand.random.randrange(hand.nodes)
    if hand.target.dialect == "v2":
        if hand.chance(0.4):
            run = {"numa-node-start": node, "numa-node-count": hand.random.randint(1, 9)}
            return {"qom-type": SERIES, "id": hand.fresh_id(), "device": device, **run}
        return {"qom-type": INITIATOR, "id": hand.fresh_id(), "device": device, "node": node}
    if hand.chance(0.05):
        device = f"/machine/peripheral/{device}"
    return {"qom-type": INITIATOR, "id": hand.fresh_id(), "pci-dev": device, "node": node}


def port(hand: Hand) -> dict[str, Any]:
    """Return the members of a Generic Port that is right."""
    hand.cover("ports")
    bus, node = hand.pick(hand.host_bridges), hand.random.randrange(hand.nodes)
    return {"qom-type": PORT, "id": hand.fresh_id("gp"), "pci-bus": bus, "node": node}


def companion(hand: Hand) -> dict[str, Any]:
    """Return the members of another object."""
    members = dict(hand.pick(COMPANIONS))
    typename = members.pop("qom-type")
    return {"qom-type": typename, "id": hand.fresh_id(), **members}
