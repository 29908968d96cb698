"""Events and replies around devices that come and go, against a live QEMU 10.0.

``pytest --record tests/monitor/test_sessions_live.py`` writes what QEMU did into tests/data/monitor.
"""

from __future__ import annotations

import json

import pytest
from hotplug_cases import CASES, session
from monitor_replies import live_session, own_session, save

from sandbox.live import qemu_version

pytestmark = pytest.mark.live


def test_sessions_are_those_of_a_live_qemu(qemu_x86, qemu_arm, request):
    if qemu_version(qemu_x86)[:2] != (10, 0):
        pytest.skip("the sessions are those of QEMU 10.0; install it with `make qemu`")
    found = []
    for name in CASES:
        words, commands = session(name)
        lengths: list[int] = []
        own = own_session(words, commands, lengths)
        live = live_session(words, commands, lengths)
        found.append({"name": name, "wire": live})
        for ours, theirs in zip(own, live, strict=True):
            assert json.dumps(ours) == json.dumps(theirs), name
    if request.config.getoption("--record"):
        save("sessions.json", {"qemu": "10.0.2", "machines": found})
