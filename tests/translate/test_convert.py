"""Scenarios and command lines in another dialect: there, back, and on a live QEMU."""

from __future__ import annotations

import json
import shlex
from random import Random

import pytest
from v2_cases import GPU, ROOT, do, nodes, nvidia, shipped_scenario, v2

from sandbox.acpi.srat import decode_srat
from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.errors import InputError
from sandbox.records import replace
from sandbox.scenario.command_line import split_command_line
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import AnyReply, Command, Fails, Returns, Step
from sandbox.scenario.replay import replay
from sandbox.translate.convert import convert, dialect_of
from sandbox.translate.references import with_new_names

COVER = "grace-hopper-mig"


def listed(srat) -> list[int]:
    return [entry.pxm for entry in decode_srat(srat).entries if entry.type == 5]


def on_q35(words):
    """The same set-up on q35, with a device that every host has."""
    text = shlex.join(words).replace("qemu-system-aarch64 ", "").replace("virt,gic-version=3", "q35")
    return shlex.split(
        text.replace("-cpu cortex-a57 ", "").replace("vfio-pci-nohotplug,host=0009:01:00.0", "pci-testdev")
    )


def test_the_cover_letter_becomes_eight_objects_in_ascending_order():
    made = convert(shipped_scenario(COVER), "10.0").scenario
    assert sum(word.startswith("acpi-generic-initiator") for word in made.command_line) == 8
    assert listed(emulate(made).tables().srat) == list(range(2, 10))
    assert dialect_of(made) == "10.0"


def test_ids_are_kept_if_that_is_asked_for():
    made = convert(shipped_scenario(COVER), "10.0", keep_ids=True).scenario
    assert [word.split(",")[1] for word in made.command_line if word.startswith("acpi-")] == [
        f"id=gi0-{node}" for node in range(2, 10)
    ]
    merged = shipped_merged()
    assert convert(merged, "9.2", keep_ids=True).scenario == replace(merged, dialect="9.2")


def shipped_merged(stem="grace-hopper-merged"):
    path = ROOT / "scenarios" / f"{stem}.yaml"
    return load_scenario(path.read_text(), path.name)


def test_eight_objects_become_one_range_again():
    back = convert(shipped_merged(), "v2").scenario
    objects = [word for word in back.command_line if "generic-initiator" in word]
    assert objects == ["nvidia-acpi-generic-initiator,id=gi0,device=dev0,numa-node-start=2,numa-node-count=8"]
    assert emulate(back).tables().srat == (ROOT / "scenarios/expected/grace-hopper-mig-srat.dat").read_bytes()


def test_merged_objects_get_ids_and_initiators_are_expected_in_their_new_order():
    made = convert(shipped_merged(), "11.1").scenario
    assert listed(emulate(made).tables().srat) == list(range(2, 10))
    assert [it.pxm for it in made.expect.initiators.entries] == list(range(2, 10))
    assert (made.expect.nodes, made.expect.slit, made.expect.srat) == (10, "absent", None)
    assert replay(made, emulate, lambda _: b"").passed


def test_steps_name_objects_by_their_new_ids():
    steps = (
        do("object-del", id="gi0"),
        do("qom-set", path="/objects/gi1", property="node", value=4),
        do("system_reset"),
    )
    made = convert(replace(shipped_merged(), steps=steps), "10.0").scenario
    ids = {word.rpartition("=")[2]: word.split(",")[1][3:] for word in made.command_line if word.startswith("acpi-")}
    assert made.steps[0].command.arguments == {"id": ids["2"]}
    assert made.steps[1].command.arguments["path"] == f"/objects/{ids['3']}"
    transcript = replay(made, emulate, lambda _: b"")
    assert sorted(listed(transcript.tables.srat)) == [4, 4, 5, 6, 7, 8, 9]


def test_only_what_names_an_object_is_renamed():
    """A device may have an object's id, and a command of the human monitor names objects, too."""
    steps = (
        Step(Command("device_del", {"id": "gi0"}, Fails("DeviceNotFound", "Device 'gi0' not found"))),
        do("human-monitor-command", command_line="object_del gi0"),
        do("qom-set", path="/objects/gi1", property="node", value=4),
        do("human-monitor-command", command_line="object_add acpi-generic-initiator,id=gi0,pci-dev=dev0,node=2"),
        Step(Command("object-del", {"id": "gi0"}, Returns({}))),
        Step(Command("object-del", {"id": "gi0"}, Fails(None, "object 'gi0' not found"))),
        do("qom-get", path="/machine/peripheral/gi0", property="addr"),
        do("system_reset"),
    )
    made = convert(replace(shipped_merged(), steps=steps), "10.0")
    ids = {word.rpartition("=")[2]: word.split(",")[1][3:] for word in made.scenario.command_line if "pci-dev" in word}
    assert ids["2"] != "gi0"
    sent = [step.command.arguments for step in made.scenario.steps[:7]]
    assert sent[0] == {"id": "gi0"}
    assert sent[1] == {"command-line": f"object_del {ids['2']}"}
    assert sent[2]["path"] == f"/objects/{ids['3']}"
    assert sent[3]["command-line"] == f"object_add acpi-generic-initiator,id={ids['2']},pci-dev=dev0,node=2"
    assert sent[4] == sent[5] == {"id": ids["2"]}
    assert made.scenario.steps[5].command.reply == Fails(None, f"object '{ids['2']}' not found")
    assert sent[6]["path"] == "/machine/peripheral/gi0"
    transcript = replay(made.scenario, emulate, lambda _: b"")
    assert transcript.passed
    assert listed(transcript.tables.srat) == [4, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("line", "renamed"),
    [
        ("qom-set /objects/a node 4", "qom-set /objects/b node 4"),
        ("qom-get a node", "qom-get b node"),
        ("qom-list /machine/peripheral/a", "qom-list /machine/peripheral/a"),
        ('object_del "a"', 'object_del "b"'),
        ("object_add acpi-generic-initiator,node=2,id=a", "object_add acpi-generic-initiator,node=2,id=b"),
        ("device_del a", "device_del a"),
    ],
)
def test_typed_commands_name_objects_by_their_new_ids(line, renamed):
    step = with_new_names(do("human-monitor-command", command_line=line), {"a": "b"})
    assert step.command.arguments == {"command-line": renamed}


def test_a_list_of_objects_is_expected_with_the_new_names_or_not_at_all():
    objects = [{"name": "type", "type": "string"}, {"name": "gi0", "type": "child<acpi-generic-initiator>"}]
    steps = (Step(Command("qom-list", {"path": "/objects"}, Returns(objects))),)
    made = convert(replace(shipped_merged(), steps=steps), "10.0")
    assert made.scenario.steps[0].command.reply == AnyReply()
    assert "qom-list /objects: the reply is another, and any will do" in made.notes
    one = replace(
        shipped_merged(), steps=(replace(steps[0], action=replace(steps[0].action, arguments={"path": "/"})),)
    )
    listed_root = emulate(one).execute("qom-list", {"path": "/"})
    kept = replace(one, steps=(Step(Command("qom-list", {"path": "/"}, Returns(listed_root))),))
    assert convert(kept, "10.0").scenario.steps == kept.steps


def test_ids_are_those_of_the_dialect_that_is_asked_for():
    """In QEMU 11.1 monitors are objects among the others; in 10.0 they are not."""
    words = (*shipped_merged().command_line, "-qmp", "null", "-monitor", "null", "-nodefaults")
    made = convert(replace(shipped_merged(), command_line=words), "11.1").scenario
    assert listed(emulate(made).tables().srat) == list(range(2, 10))


def test_what_is_expected_holds_in_the_dialect_that_is_asked_for():
    """In QEMU 9.0 the handles have their bytes in each other's place."""
    made = convert(shipped_merged("bdf-fixed"), "9.0")
    assert next(str(it) for it in made.scenario.expect.initiators.entries) == "1 @ 0000:20:00.0"
    assert replay(made.scenario, emulate, lambda _: b"").passed
    assert made.notes == ()


def test_a_dialect_without_generic_ports_gets_none():
    made = convert(shipped_merged("generic-port"), "9.0")
    assert not any("acpi-generic-port" in word for word in made.scenario.command_line)
    assert made.notes == (
        "gp0 is left out: dialect 9.0 has no acpi-generic-port",
        "at the end: what is expected of ports does not hold, and is left out",
    )


def test_ids_that_leave_nodes_out_of_order_are_noted():
    (note,) = convert(shipped_scenario(COVER), "10.0", keep_ids=True).notes
    assert note == "with these ids SRAT lists the nodes as 3 9 2 8 7 6 5 4, and Linux numbers them in that order"
    assert convert(shipped_scenario("two-gpus"), "10.0").notes == ()


def test_pc_and_q35_get_objects_where_that_is_asked_for():
    scenario = v2(nodes(4).replace("virt,gic-version=3 -cpu cortex-a57", "q35"), GPU, nvidia())
    plain = convert(scenario, "10.0")
    assert not any("acpi-generic-initiator" in word for word in plain.scenario.command_line)
    assert plain.notes[0].endswith("and none on q35; --on-x86 makes the objects that virt would have")
    made = convert(scenario, "10.0", on_x86=True)
    assert listed(emulate(made.scenario).tables().srat) == [2, 3]
    assert made.notes == ("v2 makes no entries on pc and q35: these objects are those that virt would have",)
    far = v2(nodes(3).replace("virt,gic-version=3 -cpu cortex-a57", "q35"), GPU, nvidia())
    assert "nothing stands for node 3 of gi0" in convert(far, "10.0", on_x86=True).notes[1]


def random_v2(seed: int):
    """A v2 machine with one or two GPUs, whose ranges do not touch, so that they come back as they were."""
    random = Random(seed)
    second = "-device vfio-pci-nohotplug,host=0019:01:00.0,addr=05.0,id=dev1"
    first, count = random.randrange(1, 4), random.randrange(2, 9)
    start = first + count + random.randrange(1, 3)
    more = random.randrange(2, 9)
    objects = [nvidia("gi0", first, count), nvidia("gi1", start, more, "dev1")][: random.randrange(1, 3)]
    return v2(nodes(start + more), GPU, second, "-object iothread,id=io0" * random.randrange(2), *objects)


def test_random_machines_come_back_with_the_same_initiators():
    for seed in range(60):
        there = random_v2(seed)
        merged = convert(there, "10.0").scenario
        entries = decode_srat(emulate(merged).tables().srat).entries
        nodes_there = [entry.pxm for entry in entries if entry.type == 5]
        assert nodes_there == sorted(nodes_there)
        back = convert(merged, "v2").scenario
        same = [decode_srat(emulate(it).tables().srat).entries for it in (there, back)]
        assert sorted(map(str, same[0])) == sorted(map(str, same[1])), seed


@pytest.mark.parametrize(
    ("scenario", "to", "message"),
    [
        (shipped_scenario(COVER), "8.0", "unknown dialect '8.0'"),
        (replace(shipped_merged(), command_line=("-M", "virt", "-numa", "node,nodeid=3")), "9.2", "does not start"),
        (replace(shipped_merged(), steps=(do("object-del", id="gi0"),)), "v2", "not translated to v2"),
    ],
)
def test_what_has_no_counterpart_is_refused(scenario, to, message):
    with pytest.raises(InputError, match=message):
        convert(scenario, to)


def test_the_command_prints_words_for_words_and_notes_on_stderr(capsys):
    words = shipped_scenario("add-and-delete").command_line
    assert main(["translate", "--to", "10.0", "--dialect", "v2", "--", *words]) == 0
    captured = capsys.readouterr()
    assert split_command_line(captured.out) == words
    assert all(line.endswith(" \\") for line in captured.out.splitlines()[:-1])
    assert main(["translate", "--to", "10.0", str(ROOT / "scenarios" / "add-and-delete.yaml")]) == 0
    assert "note: step 2 (object-add gi0) is left out" in capsys.readouterr().err


def test_the_command_writes_a_scenario_that_replays(capsys, tmp_path):
    file = tmp_path / "merged.yaml"
    assert main(["translate", "--to", "10.0", "-o", str(file), str(ROOT / "scenarios" / f"{COVER}.yaml")]) == 0
    assert capsys.readouterr().out == ""
    assert main(["replay", str(file)]) == 0


def test_comments_are_missed(capsys, tmp_path):
    file = tmp_path / "commented.yaml"
    text = (ROOT / "scenarios" / f"{COVER}.yaml").read_text()
    file.write_text(text.replace("command-line: |\n", "command-line: |\n  # the cover letter's\n"))
    for command in (["translate", "--to", "10.0"], ["export", "--as", "yaml"]):
        assert main([*command, str(file)]) == 0
        assert capsys.readouterr().err == f"note: the comments in {file} are not taken over\n"


def test_the_command_gives_objects_to_q35_where_that_is_asked_for(capsys):
    words = ["-M", "q35", *shlex.split(nodes(4))[4:], *shlex.split(f"{GPU} {nvidia()}")]
    assert main(["translate", "--to", "10.0", "--", *words]) == 0
    captured = capsys.readouterr()
    assert "--on-x86 makes the objects" in captured.err
    assert "acpi-generic-initiator" not in captured.out
    assert main(["translate", "--to", "10.0", "--on-x86", "--", *words]) == 0
    assert capsys.readouterr().out.count("-object acpi-generic-initiator") == 2


def test_the_command_gives_json(capsys):
    assert main(["translate", "--to", "10.0", "--json", str(ROOT / "scenarios" / f"{COVER}.yaml")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["dialect"] == "10.0"
    assert listed(Sandbox(shown["command_line"], dialect="10.0").tables().srat) == list(range(2, 10))


@pytest.mark.live
@pytest.mark.parametrize("family", ["virt", "q35"])
def test_a_live_qemu_lists_the_cover_letters_nodes_in_ascending_order(family, qemu_arm, qemu_x86):
    from sandbox.live import dump

    words = convert(shipped_scenario(COVER), "10.0").scenario.command_line
    if family == "q35":
        assert listed(dump(qemu_x86, on_q35(words)).tables.srat) == list(range(2, 10))
        return
    text = shlex.join(words[1:]).replace("vfio-pci-nohotplug,host=0009:01:00.0", "pci-testdev")
    assert listed(dump(qemu_arm, shlex.split(text)).tables.srat) == list(range(2, 10))
