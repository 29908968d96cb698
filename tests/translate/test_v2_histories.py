"""Whatever is done to v2's objects, the entries of the translation correspond to theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from v2_cases import GPU, add_nvidia, do, mappings, nodes, nvidia, v2

from sandbox.translate.to_merged import to_merged

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario

DEVICES = (
    GPU,
    GPU.replace("04.0", "05.0").replace("dev0", "gi1"),
    "-device pcie-root-port,id=rp0,addr=06.0,chassis=1,slot=1",
    GPU.replace("addr=04.0", "bus=rp0,addr=00.0").replace("dev0", "dev2"),
    "-device pcie-root-port,id=rp1,addr=07.0,chassis=2,slot=2",
    GPU.replace("addr=04.0", "bus=rp1,addr=00.0").replace(",id=dev0", ""),
    "-device pci-testdev,id=tst,addr=08.0",
)

ids = st.sampled_from(["gi0", "gi1", "gi2", "gi0-2", "a.b", "zz"])
devices = st.sampled_from(
    [
        "dev0",
        "dev0",
        "gi1",
        "gi1",
        "dev2",
        "dev2",
        "device[0]",
        "device[0]",
        "/machine/peripheral/dev0",
        "peripheral/gi1",
        "tst",
        "nope",
        "",
        "rp1",
    ]
)
starts = st.sampled_from([0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 120, 127, 128, 4294967295])
counts = st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 130])


@st.composite
def commands(draw):
    kind = draw(st.integers(0, 11))
    object_id, start = draw(ids), draw(starts)
    if kind <= 2:
        return add_nvidia(object_id, start, draw(counts), draw(devices))
    if kind == 3:
        members = {"device": draw(devices), "node": start}
        return do("object-add", qom_type="acpi-generic-initiator", id=object_id, **members)
    if kind == 4:
        return do("object-add", qom_type="iothread", id=object_id)
    if kind == 5:
        return do("object-del", id=object_id)
    if kind == 6:
        name, value = draw(
            st.sampled_from(["node", "numa-node-start", "numa-node-count"]).map(lambda name: (name, start))
            | devices.map(lambda device: ("device", device))
        )
        if (name, value) == ("numa-node-count", 4294967295):
            value = 3
        return do(
            "qom-set", path=draw(st.sampled_from([f"/objects/{object_id}", object_id])), property=name, value=value
        )
    if kind == 7:
        return do(draw(st.sampled_from(["stop", "cont", "query-status"])))
    if kind == 8:
        text = f"acpi-generic-initiator,id={object_id},device={draw(devices)},node={start}"
        return do("human-monitor-command", command_line=f"object_add {text}")
    if kind == 9:
        return do(
            "human-monitor-command", command_line=draw(st.sampled_from(["system_reset", f"object_del {object_id}"]))
        )
    return do("system_reset")


@st.composite
def histories(draw) -> Scenario:
    options = [nodes(draw(st.sampled_from([1, 3, 6, 9, 12, 12, 16]))), *DEVICES]
    at_start = draw(st.lists(ids, unique=True, max_size=3))
    options += [nvidia(object_id, draw(starts), draw(counts), f"'{draw(devices)}'") for object_id in at_start]
    if draw(st.booleans()):
        options.append("-S")
    steps = [*draw(st.lists(commands(), min_size=3, max_size=16)), do("system_reset")]
    return v2(*options, steps=steps, firmware=draw(st.sampled_from(["none", "enumerated"])))


@settings(max_examples=80, deadline=None)
@given(histories(), st.sampled_from(["9.0", "9.2", "10.0", "11.1"]))
def test_entries_of_any_v2_history_correspond_to_those_of_its_translation(scenario, dialect):
    translation = to_merged(scenario, dialect=dialect)
    for mapping in mappings(translation):
        assert mapping.passed, (mapping.differences, [entry for entry in mapping.entries if entry.problem])
    excused = {entry.pxm for moment in translation.moments for entry in moment.counterparts if entry.excused}
    declared = sum(word.startswith("node,") for word in scenario.command_line)
    assert all(pxm >= declared for pxm in excused)


@settings(max_examples=20, deadline=None)
@given(histories())
def test_every_step_is_carried_over_or_left_out_for_a_reason(scenario):
    translation = to_merged(scenario)
    carried = {step for step in translation.step_origins if step is not None}
    left_out = {left.step for left in translation.left_out}
    assert carried | left_out == set(range(len(scenario.steps)))
    assert not carried & left_out
