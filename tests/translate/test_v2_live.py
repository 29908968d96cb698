"""v2 scenarios on a live QEMU: translated, with test devices in the place of those of the host's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from v2_cases import (
    GPU,
    SHIPPED,
    WITH_TABLES,
    add_nvidia,
    do,
    mappings,
    nodes,
    nvidia,
    recorded_scenario,
    recorded_tables,
    shipped_scenario,
    v2,
    with_test_devices,
)

from sandbox.live import start
from sandbox.live.machine import LiveMachine, machine_exit
from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.translate.to_merged import to_merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.compare.mapping import Mapping
    from sandbox.live import LiveSession
    from sandbox.scenario.model import Scenario
    from sandbox.translate.correspondence import Translation

pytestmark = pytest.mark.live

ECAM = 0x4010000000
"""Where the configuration space of a virt machine with a 64-bit CPU lies."""
PRIMARY_BUS = 0x18


@contextmanager
def starter(binary: tuple[str, ...]) -> Iterator[Callable[[Scenario], LiveMachine]]:
    """Give what starts a scenario on a QEMU; all that it starts ends with the block."""
    sessions: list[LiveSession] = []

    def make(scenario: Scenario) -> LiveMachine:
        words = scenario.command_line
        given = words[1:] if words[0].startswith("qemu") else words
        with machine_exit():
            sessions.append(start(binary, given))
        return LiveMachine(sessions[-1], "10.0", "a live QEMU", paused="-S" in words)

    try:
        yield make
    finally:
        for session in sessions:
            session.close()


def on_test_devices(translation: Translation) -> Translation:
    return replace(translation, scenario=with_test_devices(translation.scenario))


def live_mappings(translation: Translation, binary: tuple[str, ...], **how) -> list[Mapping]:
    """Map to a live QEMU's tables, which must also be the same bytes as the sandbox's own."""
    prepared = on_test_devices(translation)
    ours = mappings(prepared, emulate, **how)
    with starter(binary) as make:
        theirs = mappings(prepared, make, **how)
    assert [it.entries for it in theirs] == [it.entries for it in ours]
    return theirs


@pytest.mark.parametrize("name", WITH_TABLES)
def test_recorded_tables_of_v2_map_to_a_live_qemu(name, qemu_arm):
    translation = to_merged(recorded_scenario(name))
    found = live_mappings(translation, qemu_arm, v2_tables=lambda index, _: recorded_tables(name, index))
    assert found
    assert all(it.passed for it in found), found


@pytest.mark.parametrize("stem", [stem for stem in SHIPPED if stem not in {"start-refused", "grace-hopper-mig"}])
def test_shipped_v2_scenarios_map_to_a_live_qemu(stem, qemu_arm):
    found = live_mappings(to_merged(replace(shipped_scenario(stem), firmware="none")), qemu_arm)
    assert all(it.passed for it in found), found
    assert any(it.entries for it in found)


def test_history_of_v2_objects_maps_to_a_live_qemu(qemu_arm):
    second = GPU.replace("04.0", "05.0").replace("dev0", "dev1")
    anonymous = GPU.replace("04.0", "06.0").replace(",id=dev0", "")
    reset = do("system_reset")
    steps = [
        do("cont"),
        add_nvidia("gi1", 4, 2, "dev1"),
        reset,
        do("qom-set", path="/objects/gi0", property="node", value=1),
        reset,
        do("qom-set", path="gi0", property="numa-node-start", value=128),
        do("object-add", qom_type="iothread", id="gi0-7"),
        add_nvidia("over", 3, 3, "device[0]"),
        reset,
        do("qom-set", path="gi1", property="device", value="peripheral/dev0"),
        do("qom-set", path="over", property="numa-node-count", value=0),
        do("stop"),
        reset,
        do("object-del", id="gi1"),
        add_nvidia("gi0", 1, 1),
        add_nvidia("gi1", 0, 9, "/machine/peripheral/dev1"),
        do("cont"),
        do("human-monitor-command", command_line="object_del gi1"),
        do("human-monitor-command", command_line="system_reset"),
    ]
    scenario = v2("-S", nodes(8), GPU, second, anonymous, nvidia("gi0", 2, 2), steps=steps)
    found = live_mappings(to_merged(scenario), qemu_arm)
    assert [len(it.entries) for it in found] == [2, 4, 4, 7, 11, 2]
    assert [sum(bool(entry.excused) for entry in it.entries) for it in found] == [0, 0, 0, 0, 1, 0]
    assert all(it.passed for it in found), found


def test_bus_that_firmware_gave_to_a_root_port_is_in_the_live_handle(qemu_arm):
    """The bridge is numbered here as firmware would; two devices that v2 cannot tell apart have their own handles."""
    ports = [f"-device pcie-root-port,id=rp{n},addr=0{n + 5}.0,chassis={n},slot={n}" for n in (1, 2)]
    behind = [GPU.replace("addr=04.0", f"bus=rp{n},addr=00.0").replace("dev0", f"dev{n}") for n in (1, 2)]
    objects = [nvidia(f"gi{n}", n, 1, f"dev{n}") for n in (1, 2)]
    translation = to_merged(v2(nodes(3), *ports, *behind, *objects, firmware="enumerated"))

    with starter(qemu_arm) as make:

        def numbered(scenario: Scenario) -> LiveMachine:
            machine = make(scenario)
            for n in (1, 2):
                bridge = ECAM + ((n + 5) << 15)
                machine.session.qtest.write_memory(bridge + PRIMARY_BUS, bytes((0, n, n)))
            return machine

        (found,) = mappings(on_test_devices(translation), numbered)
    assert found.passed, found
    assert sorted(entry.found_handle[2:4].hex() for entry in found.entries) == ["0100", "0200"]
    assert {entry.v2_handle[2:4].hex() for entry in found.entries} == {"0000"}


def test_mapping_to_another_machine_fails(qemu_arm):
    """A live machine whose objects stand in other nodes, with more memory, is not taken for the same."""
    translation = to_merged(v2(nodes(4), GPU, nvidia()))
    words = [word.replace("node=3", "node=1").replace("128M", "256M") for word in translation.scenario.command_line]
    changed = replace(translation, scenario=replace(translation.scenario, command_line=tuple(words)))
    with starter(qemu_arm) as make:
        (found,) = mappings(on_test_devices(changed), make)
    assert [entry.problem for entry in found.entries] == ["", "the merged entry has PXM 1, not 3"]
    assert any("Memory Affinity[0]" in difference for difference in found.differences)
