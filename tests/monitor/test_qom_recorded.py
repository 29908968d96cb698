"""Types, objects and their properties as a QEMU 10.0.2 told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from monitor_replies import UNMODELLED, load, own_replies
from qom_cases import MACHINES, paths, type_questions, words

WIRING = ("child<memory-region>", "child<irq>")
PARTS = ("virtio-bus", "virtio-backend", "xhci-core", "u.0")
"""Names of what a device consists of, which only QEMU has."""

RECORDED = list(load("qom.json")["machines"])


def comparable(reply: dict[str, Any], path: str) -> dict[str, Any]:
    """A reply to qom-list without what only QEMU has: wiring, and the parts that a device is made of."""
    entries = reply.get("return")
    if entries is None:
        return reply
    kept = [entry for entry in entries if entry["type"] not in WIRING and entry["name"] not in PARTS]
    if any(entry["type"] in WIRING or entry["name"] in PARTS for entry in entries):
        kept.sort(key=lambda entry: entry["name"])  # fewer entries stand in other buckets
    return {"return": kept, "path": path}


def assert_lists_agree(live: dict[str, Any]) -> None:
    own = own_replies(
        words(live["name"]), [("qom-list", {"path": path}) for path in paths(live["name"])], firmware="none"
    )
    for path, ours, theirs in zip(paths(live["name"]), own, live["lists"], strict=True):
        expected = comparable(theirs, path)
        found = {"return": ours["return"], "path": path}
        if len(expected["return"]) != len(theirs["return"]):
            found["return"] = sorted(found["return"], key=lambda entry: entry["name"])
        assert json.dumps(found) == json.dumps(expected)


def assert_types_agree(live: dict[str, Any]) -> None:
    own = own_replies(words(live["name"]), type_questions())
    for question, ours, theirs in zip(type_questions(), own, live["types"], strict=True):
        assert theirs is None or json.dumps(ours) == json.dumps(theirs), question


def assert_values_agree(live: dict[str, Any]) -> None:
    asked = [(name, arguments) for name, arguments in live["asked"]]
    own = own_replies(words(live["name"]), asked, firmware="none")
    unknown = [question for question, ours in zip(asked, own, strict=True) if ours is UNMODELLED]
    assert len(unknown) <= len(asked) // 5, unknown
    for question, ours, theirs in zip(asked, own, live["values"], strict=True):
        assert ours is UNMODELLED or json.dumps(ours) == json.dumps(theirs), question


def test_every_machine_is_recorded():
    assert [machine["name"] for machine in RECORDED] == list(MACHINES)


@pytest.mark.parametrize("live", RECORDED, ids=lambda live: live["name"])
def test_lists_are_those_recorded(live):
    assert_lists_agree(live)


@pytest.mark.parametrize("live", RECORDED, ids=lambda live: live["name"])
def test_types_are_those_recorded(live):
    assert_types_agree(live)


@pytest.mark.parametrize("live", RECORDED, ids=lambda live: live["name"])
def test_values_are_those_recorded(live):
    assert_values_agree(live)
