"""Types, objects and their properties against a live QEMU 10.0.

``pytest --record tests/monitor/test_qom_live.py`` writes what QEMU answered into tests/data/monitor.
"""

from __future__ import annotations

import pytest
from monitor_replies import live_replies, own_replies, save
from qom_cases import MACHINES, paths, type_questions, value_questions, words
from test_qom_recorded import assert_lists_agree, assert_types_agree, assert_values_agree

from sandbox.live import qemu_version
from sandbox.monitor.data import rows_of
from sandbox.monitor.device_properties import properties_of

pytestmark = pytest.mark.live

TARGETS = {"q35": "x86_64", "virt": "aarch64"}


@pytest.fixture(autouse=True)
def _has_version(qemu_x86, qemu_arm):
    if qemu_version(qemu_x86)[:2] != (10, 0):
        pytest.skip("the answers are those of QEMU 10.0; install it with `make qemu`")


def test_types_and_objects_are_those_of_a_live_qemu(request):
    found = []
    for name in MACHINES:
        lists = [("qom-list", {"path": path}) for path in paths(name)]
        listed = live_replies(words(name), [*lists, *type_questions()])
        asked = value_questions([reply["return"] for reply in listed[: len(lists)]], name)
        live = {"name": name, "lists": listed[: len(lists)], "types": listed[len(lists) :]}
        live |= {"asked": asked, "values": live_replies(words(name), asked)}
        found.append(live)
        assert_lists_agree(live)
        assert_types_agree(live)
        assert_values_agree(live)
    if request.config.getoption("--record"):
        for live in found:
            live["types"] = [reply if len(str(reply)) < 20000 else None for reply in live["types"]]
        save("qom.json", {"qemu": "10.0.2", "machines": found})


@pytest.mark.parametrize("name", TARGETS)
def test_every_recorded_type_has_the_properties_of_a_live_qemu(name):
    known = [typename for typename in rows_of("types.json", TARGETS[name]) if properties_of(typename, TARGETS[name])]
    commands = [
        (command, {"typename": typename})
        for command in ("qom-list-properties", "device-list-properties")
        for typename in known
    ]
    commands.insert(0, ("qom-list-types", {}))  # loads the modules that hold some types
    machine = ["qemu-system-aarch64", "-M", "virt"] if name == "virt" else ["qemu-system-x86_64", "-M", "q35"]
    live, own = live_replies(machine, commands), own_replies(machine, commands)
    assert [c for c, ours, theirs in zip(commands, own, live, strict=True) if ours != theirs] == []
