"""Drawing commands that QEMU answers with an error, and options with which it does not start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.campaign.draw_objects import initiator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.campaign.case import Command
    from sandbox.campaign.hand import Hand

BAD_VALUES: Final[tuple[object, ...]] = (-1, 1 << 32, 1 << 64, "3", 3.5, None, True, [], {}, "", [1, 2], 1e300)
BAD_IDS: Final[tuple[object, ...]] = ("1bad", "bad id", "", "-x", "ä", "a/b", "a" * 300, 5, None, "_x", ".x")


def draw_mistake(hand: Hand, alive: Sequence[str], initiators: Sequence[str]) -> Command:
    """Return a command that QEMU refuses, and survives.

    Args:
        hand: the draw.
        alive: ids of the objects that there are.
        initiators: those of them that have a node.
    """
    known = [*alive, "nothing"]
    choices = [_wrong_object(hand, known), _wrong_object(hand, known), _wrong_path(hand, known)]
    if initiators:
        choices.append(_wrong_setting(hand, initiators))
    choices.append(_wrong_command(hand))
    return hand.pick(choices)


def _right(hand: Hand) -> dict[str, Any]:
    if hand.pci_ids and hand.nodes:
        return initiator(hand)
    return {"qom-type": "iothread", "id": hand.fresh_id(), "poll-max-ns": 7}


def _wrong_object(hand: Hand, known: Sequence[str]) -> Command:
    members = _right(hand)
    way = hand.random.randrange(7)
    names = [name for name in members if name not in ("qom-type", "id")]
    if way == 0:
        del members[hand.pick(["id", "qom-type", *(names if "node" in members else ())])]
    elif way == 1:
        name = hand.pick(names)
        # texts and the names of devices are checked late: those that QEMU takes now would end it later
        wrong = [value for value in BAD_VALUES if not (isinstance(value, str) and name in ("pci-dev", "device"))]
        members[name] = hand.pick(wrong)
    elif way == 2:
        members[hand.pick(("foo", "nodes", "device" if "pci-dev" in members else "pci-dev"))] = hand.pick(
            (1, "x", None)
        )
    elif way == 3:
        members["id"] = hand.pick(BAD_IDS)
    elif way == 4 and len(known) > 1:
        members["id"] = hand.pick(known[:-1])
    elif way == 5:
        members["qom-type"] = hand.pick(("nope", "", "object", "pci-testdev", "memory-backend", 5, None))
    else:
        short: tuple[dict[str, Any] | None, ...] = (None, {}, {"id": "a"}, {"qom-type": "iothread"})
        return ("object-add", hand.pick(short))
    return ("object-add", members)


def _wrong_path(hand: Hand, known: Sequence[str]) -> Command:
    name = hand.pick(known)
    choices: tuple[Command, ...] = (
        ("object-del", {"id": "nothing"}),
        ("object-del", {"id": hand.pick((5, None, ""))}),
        ("object-del", {}),
        ("qom-get", {"path": f"/objects/{name}", "property": "nothing"}),
        ("qom-get", {"path": "/objects/nothing", "property": "node"}),
        ("qom-get", {"path": f"/objects/{name}"}),
        ("qom-list", {"path": "/objects/nothing"}),
        ("qom-list", {"path": 5}),
        ("qom-list-properties", {"typename": "nothing"}),
        ("qom-set", {"path": f"/objects/{name}", "property": "type", "value": "x"}),
        ("qom-set", {"path": f"/objects/{name}", "property": "nothing", "value": 1}),
        ("qom-set", {"path": "/objects/nothing", "property": "node", "value": 1}),
    )
    return hand.pick(choices)


def _wrong_setting(hand: Hand, initiators: Sequence[str]) -> Command:
    path = f"/objects/{hand.pick(initiators)}"
    choices: tuple[Command, ...] = (
        ("qom-set", {"path": path, "property": "node", "value": hand.pick(BAD_VALUES)}),
        ("qom-set", {"path": path, "property": "pci-dev", "value": hand.pick((5, None, True, [], 1.5))}),
        ("qom-get", {"path": path, "property": "node"}),
        ("qom-get", {"path": path, "property": "pci-dev"}),
    )
    return hand.pick(choices)


def _wrong_command(hand: Hand) -> Command:
    choices: tuple[Command, ...] = (
        ("frobnicate", None),
        ("object_add", {"id": "a"}),
        ("qom-list", None),
        ("qom-list", {"path": "/objects", "extra": 1}),
        ("query-memdev", {"x": 1}),
        ("qmp_capabilities", None),
        ("device_del", {"id": "nothing"}),
        ("human-monitor-command", {}),
    )
    return hand.pick(choices)


def draw_refusal(hand: Hand) -> None:
    """Spoil the command line, so that QEMU does not start or starts with a warning."""
    hand.cover("refused-starts")
    name = hand.fresh_id()
    wrong: tuple[tuple[list[str], tuple[str, ...]], ...] = (
        (
            hand.objects,
            (
                f"acpi-generic-initiator,id={name},pci-dev=nothing,node=0",
                f"acpi-generic-initiator,id={name},node=0",
                f"acpi-generic-initiator,id={name},pci-dev=x,node={hand.pick((-1, 'a', 128))}",
                f"iothread,id={hand.pick(('1a', 'b c', ''))}",
                f"{hand.pick(('nope', 'object', 'secret'))},id={name}",
            ),
        ),
        (
            hand.numa,
            (
                f"node,nodeid={hand.pick((0, 128, 127))}",
                f"dist,src=0,dst={hand.pick((0, 99, 200))},val={hand.pick((5, 10, 20, 300))}",
                hand.pick(("cpu,node-id=0,socket-id=99", "frob,a=1", "node,cpus=9999", "node,foo=1")),
            ),
        ),
        (hand.devices, ("nope", "pci-testdev,addr=0x20", "pci-testdev,bus=nothing", "pci-testdev,id=1")),
        (hand.machine, ("foo=1", "hmat=maybe", "memory-backend=nothing")),
    )
    if hand.chance(0.25):
        sizes, counts = ("0x", "1G,slots=1", "64M,maxmem=32M", "slots=2,maxmem=1"), ("0", "sockets=0", "2,maxcpus=1")
        hand.options.append(hand.pick((("-m", hand.pick(sizes)), ("-smp", hand.pick(counts)))))
        return
    values, choices = hand.pick(wrong)
    values.append(hand.pick(choices))
