"""query-commands and query-qmp-schema against a live QEMU: what is answered here is described as QEMU describes it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from monitor_replies import live_replies, own_replies
from monitor_schema import Told

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

pytestmark = pytest.mark.live

MACHINES = (["qemu-system-x86_64", "-M", "q35", "-nodefaults"], ["qemu-system-aarch64", "-M", "virt", "-nodefaults"])
COMMANDS = [("query-commands", {}), ("query-qmp-schema", {})]
LESS = {"query-block"}
"""Commands that tell of less: query-block knows no medium."""


@pytest.mark.parametrize("words", MACHINES, ids=lambda words: words[2])
def test_commands_are_described_as_by_a_live_qemu(qemu_x86, qemu_arm, words):
    theirs, ours = ([reply["return"] for reply in replies(words, COMMANDS)] for replies in (live_replies, own_replies))
    answered = [entry["name"] for entry in ours[0]]
    assert answered == [entry["name"] for entry in theirs[0] if entry["name"] in answered]
    told, own = Told(theirs[1]), Told(ours[1])
    assert own.names() == [name for name in told.names() if name in own.names()]
    assert {name for name in own.names() if name in answered} == set(answered)
    for name in set(own.names()) - {"object-add"} - LESS:
        assert own.definition(name) == told.definition(name), name


@pytest.mark.parametrize("words", MACHINES, ids=lambda words: words[2])
def test_objects_have_the_members_of_a_live_qemu(qemu_x86, qemu_arm, words):
    theirs, ours = (
        Told(replies(words, COMMANDS[1:])[0]["return"]).definition("object-add")["arg-type"]
        for replies in (live_replies, own_replies)
    )
    members = {branch["case"]: branch["type"] for branch in theirs["variants"]}
    for branch in ours["variants"]:
        assert branch["type"] == members[branch["case"]], branch["case"]
    common = [[member for member in told["members"] if member["name"] != "qom-type"] for told in (theirs, ours)]
    assert common[0] == common[1]
