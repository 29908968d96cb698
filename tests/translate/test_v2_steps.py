"""What becomes of the steps of a v2 scenario, and of the ends of its machine."""

import pytest
from v2_cases import (
    GPU,
    RECORDED,
    REFUSED,
    add_nvidia,
    do,
    mappings,
    nodes,
    nvidia,
    recorded_scenario,
    v2,
)

from sandbox.errors import InputError
from sandbox.scenario.model import AnyReply, Command, Fails, Returns, Step
from sandbox.scenario.transcript import Ended
from sandbox.translate.to_merged import to_merged

RESET = do("system_reset")


def sent(translation):
    return [(step.command.name, step.command.arguments) for step in translation.scenario.steps if step.command]


def test_commands_on_v2_objects_are_followed_by_adds_and_deletes():
    steps = [
        add_nvidia(start=2, count=2),
        do("qom-set", path="/objects/gi0", property="node", value=3),
        do("qom-set", path="gi0", property="numa-node-start", value=128),
        do("qom-get", path="/objects/gi0", property="type"),
        do("object-del", id="gi0"),
        do("object-del", id="gi0"),
    ]
    translation = to_merged(v2(nodes(5), GPU, steps=steps))
    added = [{"qom-type": "acpi-generic-initiator", "id": f"gi0-{n}", "pci-dev": "dev0", "node": n} for n in (2, 3, 4)]
    assert sent(translation) == [
        ("object-add", added[0]),
        ("object-add", added[1]),
        ("object-del", {"id": "gi0-2"}),
        ("object-add", added[2]),
        ("object-del", {"id": "gi0-3"}),
        ("object-del", {"id": "gi0-4"}),
        ("object-del", {"id": "gi0"}),
    ]
    assert [left.step for left in translation.left_out] == [0, 1, 2, 3, 4]
    assert translation.step_origins == (None, None, None, None, None, None, 5)


def test_an_object_that_gets_another_device_is_made_anew():
    other = GPU.replace("04.0", "05.0").replace("dev0", "dev1")
    steps = [do("qom-set", path="gi0", property="device", value="dev1"), RESET]
    translation = to_merged(v2(nodes(3), GPU, other, nvidia(count=1), steps=steps))
    assert sent(translation)[:2] == [
        ("object-del", {"id": "gi0-2"}),
        ("object-add", {"qom-type": "acpi-generic-initiator", "id": "gi0-2", "pci-dev": "dev1", "node": 2}),
    ]
    assert [it.passed for it in mappings(translation)] == [True, True]


def test_what_is_typed_at_the_human_monitor_is_followed_too():
    line = "object_add nvidia-acpi-generic-initiator,id=g,device=dev0,numa-node-start=2,numa-node-count=1"
    steps = [
        do("human-monitor-command", command_line=line),
        do("human-monitor-command", command_line="system_reset"),
        do("human-monitor-command", command_line="object_del g"),
        RESET,
    ]
    translation = to_merged(v2(nodes(3), GPU, steps=steps))
    assert [name for name, _ in sent(translation)] == [
        "object-add",
        "human-monitor-command",
        "object-del",
        "system_reset",
    ]
    assert [len(it.entries) for it in mappings(translation)] == [0, 1, 0]


def test_a_machine_that_is_held_reads_its_tables_at_the_first_cont():
    steps = [add_nvidia(), RESET, do("cont"), do("stop"), add_nvidia("gi1"), RESET, do("cont")]
    translation = to_merged(v2(nodes(4), "-S", GPU, steps=steps))
    assert [(it.title, it.step, len(it.counterparts)) for it in translation.moments] == [
        ("after step 3", 2, 2),
        ("after step 7", 6, 4),
    ]
    assert all(it.passed for it in mappings(translation))


def test_other_commands_keep_the_replies_on_which_the_dialects_agree():
    refusal = Fails(None, "object 'zz' not found")
    steps = [
        Step(Command("object-del", {"id": "zz"}, refusal)),
        Step(Command("query-version", None, Returns({"qemu": {}}))),
    ]
    translation = to_merged(v2(nodes(3), GPU, nvidia(), steps=steps))
    assert [step.action.reply for step in translation.scenario.steps] == [refusal, AnyReply()]
    assert translation.notes[-1].startswith("step 2 (query-version): v2 returns ")
    assert all(it.passed for it in mappings(translation))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (do("qom-list", path="/objects"), "its reply lists objects of v2's"),
        (do("object-add", qom_type="iothread", id="gi0"), "an object of v2's has the id"),
        (do("object-add", qom_type="acpi-generic-port", id="gp0"), "it adds an object of v2's"),
        (do("qom-list", path="gi0"), "it is about an object of v2's"),
        (do("human-monitor-command", command_line='object_del "gi0"'), "it deletes an object of v2's"),
        (
            do("human-monitor-command", command_line="object_add iothread,id=gi0"),
            "an object of v2's has the id",
        ),
    ],
)
def test_commands_that_mean_something_else_without_v2_objects_are_left_out(command, why):
    translation = to_merged(v2(nodes(4), GPU, nvidia(), steps=[command]))
    assert [left.why for left in translation.left_out] == [why]


def test_a_path_that_v2_finds_ambiguous_because_of_its_object_is_left_out():
    steps = [do("qom-list", path="dev0")]
    translation = to_merged(v2(nodes(4), GPU, nvidia("dev0", device="peripheral/dev0"), steps=steps))
    assert len(translation.left_out) == 1


def test_an_abort_of_v2_at_its_start_cannot_be_translated():
    with pytest.raises(InputError, match=r"v2's QEMU aborts as it starts.*Size too large"):
        to_merged(v2(nodes(3), GPU, nvidia(count=70000)))


def test_a_translation_ends_before_the_reset_at_which_v2_aborts():
    steps = [add_nvidia(count=4294967295), RESET, do("query-status")]
    translation = to_merged(v2(nodes(4), GPU, steps=steps))
    assert [name for name, _ in sent(translation)] == ["object-add", "object-add"]
    assert [left.why for left in translation.left_out][1:] == ["v2's QEMU has ended"]
    assert translation.end is not None
    assert "step 2: v2's QEMU ends as it makes the tables" in translation.notes[-1]


@pytest.mark.parametrize("name", REFUSED)
def test_a_start_that_v2_refuses_is_refused_alike_or_said_to_be_about_its_objects(name):
    translation = to_merged(recorded_scenario(name))
    is_about_objects = name.startswith("05")
    assert translation.end == Ended(1, RECORDED[name]["stderr"].strip())
    assert (translation.scenario.exit is None) == is_about_objects
    assert translation.moments == ()
    assert any("about v2's own objects" in note for note in translation.notes) == is_about_objects


def test_quit_is_carried_over_and_nothing_behind_it():
    translation = to_merged(v2(nodes(4), GPU, nvidia(), steps=[do("quit"), RESET]))
    assert [name for name, _ in sent(translation)] == ["quit"]
    assert translation.scenario.steps[0].exit is not None
    assert translation.end == Ended(0, "")
    assert [it.passed for it in mappings(translation)] == [True]


def test_a_step_that_is_not_modelled_is_carried_over_and_noted():
    translation = to_merged(v2(nodes(4), GPU, nvidia(), steps=[do("query-jobs")]))
    assert [name for name, _ in sent(translation)] == ["query-jobs"]
    assert translation.notes == ("step 1 (query-jobs): QMP command 'query-jobs' is not modelled",)
