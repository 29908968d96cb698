"""The monitor's replies against those that QEMU 10.0.2 and 11.1.3 gave, which are recorded in tests/data/monitor."""

from __future__ import annotations

import pytest
from monitor_cases import commands, hand_made, normalised
from monitor_replies import load, own_replies

DIALECTS = ("10.0", "11.1")
RECORDED = [(dialect, machine) for dialect in DIALECTS for machine in load(f"replies-{dialect}.json")["machines"]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_machine_and_command_is_recorded(dialect):
    recording = load(f"replies-{dialect}.json")
    recorded = [machine["words"] for machine in recording["machines"]]
    assert recorded[: len(hand_made(dialect))] == hand_made(dialect)
    assert [tuple(command) for command in recording["commands"]] == commands(dialect)


@pytest.mark.parametrize(
    ("dialect", "machine"),
    RECORDED,
    ids=[f"{dialect} {' '.join(machine['words'])[:60]}" for dialect, machine in RECORDED],
)
def test_replies_are_those_recorded(dialect, machine):
    asked = commands(dialect)
    own = own_replies(machine["words"], asked, firmware="none", dialect=dialect)
    for command, theirs, ours in zip(asked, machine["replies"], own, strict=True):
        assert normalised(ours) == normalised(theirs), command
