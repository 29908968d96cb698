"""The monitor's replies against those that a QEMU 10.0.2 gave, which are recorded in tests/data/monitor."""

from __future__ import annotations

import pytest
from monitor_cases import machines, normalised
from monitor_replies import load, own_replies

RECORDING = load("replies.json")
COMMANDS = [(name, arguments) for name, arguments in RECORDING["commands"]]


def test_every_machine_is_recorded():
    assert [machine["words"] for machine in RECORDING["machines"]] == machines()


@pytest.mark.parametrize("machine", RECORDING["machines"], ids=lambda machine: " ".join(machine["words"])[:60])
def test_replies_are_those_recorded(machine):
    own = own_replies(machine["words"], COMMANDS, firmware="none")
    for command, theirs, ours in zip(COMMANDS, machine["replies"], own, strict=True):
        assert normalised(ours) == normalised(theirs), command
