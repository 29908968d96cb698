"""The monitor's replies against a live QEMU 10.0.2, machine by machine.

``pytest --record tests/monitor/test_replies_live.py`` writes what QEMU answered into tests/data/monitor.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from monitor_cases import commands, machines, normalised
from monitor_replies import live_replies, own_replies, save

from sandbox.live import qemu_version

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

pytestmark = pytest.mark.live

RECORDED = (10, 0, 2)


@pytest.fixture(autouse=True)
def _has_version(qemu_x86, qemu_arm):
    for binary in (qemu_x86, qemu_arm):
        if qemu_version(binary)[:2] != RECORDED[:2]:
            pytest.skip("the replies are those of QEMU 10.0; install it with `make qemu`")


def test_replies_are_those_of_a_live_qemu(request):
    found = []
    for words in machines():
        live, own = live_replies(words, commands()), own_replies(words, commands(), firmware="none")
        found.append({"words": words, "replies": live})
        for command, theirs, ours in zip(commands(), live, own, strict=True):
            assert normalised(ours) == normalised(theirs), (" ".join(words), command)
    if request.config.getoption("--record"):
        save("replies.json", {"qemu": "10.0.2", "commands": commands(), "machines": found})
