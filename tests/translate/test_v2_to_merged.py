"""v2 scenarios become scenarios of released QEMUs, with one object for each entry."""

import shlex
from itertools import pairwise

import pytest
from v2_cases import (
    GPU,
    RECORDED,
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
)

from sandbox.errors import InputError
from sandbox.records import replace
from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.load import load_scenario
from sandbox.translate.to_merged import to_merged

DIALECTS = ("9.0", "10.0", "11.1")
RESET = do("system_reset")


def objects_of(words):
    return [value for option, value in pairwise(words) if option == "-object"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", WITH_TABLES)
def test_tables_of_a_translation_map_to_the_recorded_ones_of_v2(name, dialect):
    translation = to_merged(recorded_scenario(name), dialect=dialect)
    found = mappings(translation, v2_tables=lambda index, _: recorded_tables(name, index))
    assert [(it.differences, [entry.problem for entry in it.entries if entry.problem]) for it in found] == [
        ((), [])
    ] * len(found)
    assert len(found) == (3 if name.startswith("06a") else 1)


@pytest.mark.parametrize("firmware", ["none", "enumerated"])
@pytest.mark.parametrize("stem", [stem for stem in SHIPPED if stem != "start-refused"])
def test_shipped_v2_scenarios_map(stem, firmware):
    translation = to_merged(replace(shipped_scenario(stem), firmware=firmware))
    assert all(it.passed for it in mappings(translation))


def test_cover_letter_becomes_eight_objects_in_the_place_of_one():
    words = shlex.split(RECORDED["01-cover-letter"]["cmdline"])
    translated = to_merged(recorded_scenario("01-cover-letter")).scenario.command_line
    assert translated[: len(words) - 2] == tuple(words[:-2])
    assert translated[len(words) - 2 :] == tuple(
        word
        for node in range(2, 10)
        for word in ("-object", f"acpi-generic-initiator,id=gi0-{node},pci-dev=dev0,node={node}")
    )


def test_handles_of_the_cover_letter_differ_by_the_bytes_of_bus_and_devfn():
    (mapping,) = mappings(to_merged(recorded_scenario("01-cover-letter")))
    assert {entry.v2_handle for entry in mapping.entries} == {bytes.fromhex("0000 2000") + bytes(12)}
    assert {entry.found_handle for entry in mapping.entries} == {bytes.fromhex("0000 0020") + bytes(12)}
    assert sorted(entry.merged_index for entry in mapping.entries) == list(range(8))


def test_nodes_that_are_not_declared_have_no_object_and_are_excused():
    translation = to_merged(recorded_scenario("05h-nodes-not-declared-start2"))
    (mapping,) = mappings(translation)
    assert [entry.pxm for entry in mapping.entries if entry.excused] == list(range(2, 10))
    assert objects_of(translation.scenario.command_line) == [
        "memory-backend-ram,id=m0,size=1G",
        "memory-backend-ram,id=m1,size=1G",
    ]
    assert translation.notes == (
        "nothing stands for nodes 2 to 9 of gi0: QEMU ends over a node of which there is no -numa node; 2 are declared",
    )


def test_nodes_beyond_qemus_room_are_excused_for_that():
    translation = to_merged(recorded_scenario("05c-start120-count20"))
    assert translation.notes[1] == "nothing stands for nodes 128 to 139 of gi0: QEMU ends over a node above 127"
    assert len(translation.moments[0].counterparts) == 20


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("05d2-generic-node128", "it has no node below 128"),
        ("05f-nonexistent-device", "'nope' names no vfio-pci-nohotplug"),
        ("05g-other-pci-type-testdev", "'dev0' names no vfio-pci-nohotplug"),
        ("05a-count0", "its numa-node-count is 0"),
    ],
)
def test_an_object_that_adds_nothing_is_noted(name, why):
    (note,) = to_merged(recorded_scenario(name)).notes
    assert note.startswith(f"nothing stands for gi0: {why}")


@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_x86_machines_get_no_objects_since_v2_made_no_entries_there(machine):
    options = nodes(4).replace("virt,gic-version=3 -cpu cortex-a57", machine)
    translation = to_merged(v2(options, GPU, nvidia()))
    assert objects_of(translation.scenario.command_line) == ["memory-backend-ram,id=m0,size=128M"]
    assert "on the machine virt only" in translation.notes[0]
    assert all(it.passed and not it.entries for it in mappings(translation))


def test_a_machine_without_nodes_gets_no_objects():
    translation = to_merged(v2("-M virt -m 128M", GPU, nvidia()))
    assert objects_of(translation.scenario.command_line) == []
    assert [it.passed for it in mappings(translation)] == [True]


def test_an_object_in_json_is_exchanged_too():
    text = '{"qom-type":"acpi-generic-initiator","id":"g","device":"dev0","node":2}'
    translation = to_merged(v2(nodes(3), GPU, f"-object '{text}'"))
    assert objects_of(translation.scenario.command_line)[1:] == ["acpi-generic-initiator,id=g-2,pci-dev=dev0,node=2"]


def test_a_device_without_an_id_is_named_by_its_path():
    device = GPU.removesuffix(",id=dev0")
    translation = to_merged(v2(nodes(3), device, nvidia(count=1, device="device[0]")))
    assert objects_of(translation.scenario.command_line)[-1] == (
        "acpi-generic-initiator,id=gi0-2,pci-dev=/machine/peripheral-anon/device[0],node=2"
    )
    assert [it.passed for it in mappings(translation)] == [True]


@pytest.mark.parametrize("text", ["", "peripheral/dev0", "/machine/peripheral/dev0", "dev0"])
def test_a_device_is_named_by_its_id_however_v2_names_it(text):
    translation = to_merged(v2(nodes(3), GPU, nvidia(count=1, device=text)))
    assert objects_of(translation.scenario.command_line)[-1] == "acpi-generic-initiator,id=gi0-2,pci-dev=dev0,node=2"


def test_ids_that_other_objects_have_now_or_later_are_not_taken():
    steps = [do("object-add", qom_type="iothread", id="gi0-3"), RESET]
    backend = "-object memory-backend-ram,id=gi0-2,size=1M"
    translation = to_merged(v2(nodes(4), backend, GPU, nvidia(), steps=steps))
    assert [text.split(",")[1] for text in objects_of(translation.scenario.command_line)[2:]] == [
        "id=gi0-2.1",
        "id=gi0-3.1",
    ]
    assert all(it.passed for it in mappings(translation))


def test_ids_are_chosen_by_whoever_translates():
    chosen = to_merged(v2(nodes(4), GPU, nvidia()), choose_id=lambda object_id, pxm, _: f"{object_id}.mig{pxm}")
    assert [it.merged_id for it in chosen.moments[0].counterparts] == ["gi0.mig2", "gi0.mig3"]


def test_only_v2_is_translated():
    merged = "-object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=2"
    with pytest.raises(InputError, match=r"the scenario is in dialect 11\.1 .*only v2"):
        to_merged(v2(nodes(3), GPU, merged, dialect=None))


def test_v2_is_no_dialect_to_translate_to():
    with pytest.raises(InputError, match=r"9\.0, 9\.2, 10\.0, 11\.1"):
        to_merged(recorded_scenario("01-cover-letter"), dialect="v2")


def test_v2_is_deduced_from_objects_that_come_later():
    translation = to_merged(v2(nodes(4), GPU, steps=[add_nvidia(), RESET], dialect=None))
    assert [len(it.counterparts) for it in translation.moments] == [0, 2]


@pytest.mark.parametrize(("firmware", "bus"), [("none", 0), ("enumerated", 1)])
def test_the_handle_behind_a_root_port_has_the_bus_that_firmware_gave(firmware, bus):
    scenario = replace(recorded_scenario("04c-root-port"), firmware=firmware)
    translation = to_merged(scenario)
    (mapping,) = mappings(translation)
    assert mapping.passed
    assert {entry.found_handle[2] for entry in mapping.entries} == {bus}
    assert {entry.v2_handle[2] for entry in mapping.entries} == {0}


def test_a_row_of_hmat_for_the_node_of_a_merged_object_is_noted():
    latency = "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    options = nodes(3).replace("gic-version=3", "gic-version=3,hmat=on").replace("memdev=m0", "memdev=m0,initiator=0")
    scenario = v2(options, latency, GPU, nvidia(count=1), steps=[do("object-del", id="gi0"), RESET])
    translation = to_merged(scenario)
    at_start, after_delete = mappings(translation)
    assert at_start.passed
    assert after_delete.passed
    assert at_start.notes == after_delete.notes
    assert "rows without data for node 2" in at_start.notes[0]


@pytest.mark.parametrize("stem", [stem for stem in SHIPPED if stem != "start-refused"])
def test_a_translated_scenario_can_be_written_and_read_again(stem):
    scenario = to_merged(shipped_scenario(stem)).scenario
    assert load_scenario(dump_scenario(scenario), "again") == scenario
