"""The monitor's replies against a live QEMU, machine by machine.

``pytest --record tests/monitor/test_replies_live.py`` writes what QEMU answered into tests/data/monitor, under the name
of its version.
"""

from __future__ import annotations

import pytest
from monitor_cases import commands, machines, normalised
from monitor_replies import live_replies, own_replies, save

from sandbox.live import qemu_version

pytestmark = pytest.mark.live

DIALECTS = {(10, 0): "10.0", (11, 1): "11.1"}


def test_replies_are_those_of_a_live_qemu(qemu_x86, qemu_arm, request):
    version = qemu_version(qemu_x86)
    dialect = DIALECTS.get(version[:2])
    if dialect is None or qemu_version(qemu_arm)[:2] != version[:2]:
        pytest.skip(f"the replies are those of QEMU {' and '.join(DIALECTS.values())}; install one with `make qemu`")
    asked = commands(dialect)
    found = []
    for words in machines(dialect):
        live = live_replies(words, asked)
        own = own_replies(words, asked, firmware="none", dialect=dialect)
        found.append({"words": words, "replies": live})
        for command, theirs, ours in zip(asked, live, own, strict=True):
            assert normalised(ours) == normalised(theirs), (" ".join(words), command)
    if request.config.getoption("--record"):
        recording = {"qemu": ".".join(map(str, version)), "commands": asked, "machines": found}
        save(f"replies-{dialect}.json", recording)
