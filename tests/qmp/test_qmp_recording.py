"""What clients did as a scenario: which steps it has, and what they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from qmp_cases import HELD, MACHINE, command, initiator
from qmp_exchanges import Loopback

from sandbox.commands.journal import ScenarioFile
from sandbox.errors import InputError
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.qmp.hub import Hub
from sandbox.qmp.recording import LONGEST_VALUE, Recorder
from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import Command, ExitExpected, Fails, Reset, Returns, Scenario, Step, Succeeds

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS: Final = {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1}


def recorded(*sent: bytes, machine: str = HELD, journal: ScenarioFile | None = None) -> Scenario:
    config = parse_arguments(machine.split(), "10.0")
    recorder = Recorder("x", tuple(machine.split()), config, "enumerated", journal)
    client = Loopback(Hub(Machine(config), recorder=recorder))
    client.send(b'{"execute":"qmp_capabilities"}' + b"".join(sent))
    return recorder.scenario()


def test_what_is_written_step_by_step_is_the_scenario(tmp_path: Path) -> None:
    def written(journal: ScenarioFile | None) -> Recorder:
        config = parse_arguments(MACHINE.split(), "10.0")
        recorder = Recorder("x", tuple(MACHINE.split()), config, "enumerated", journal)
        client = Loopback(Hub(Machine(config), recorder=recorder))
        client.send(b'{"execute":"qmp_capabilities"}' + initiator(node=9) + command("query-status"))
        client.send(command("query-version") + command("system_reset"))
        return recorder

    file = tmp_path / "x.yaml"
    journal = ScenarioFile(str(file), pytest.fail)
    assert len(written(journal).scenario().steps) == 1
    journal.close()
    whole = written(None).scenario()
    assert len(whole.steps) == 4
    assert file.read_text() == dump_scenario(whole)


def test_a_recording_that_cannot_be_written_is_said_and_the_machine_goes_on() -> None:
    said: list[str] = []
    journal = ScenarioFile("/dev/full", said.append)
    assert recorded(command("query-status"), journal=journal).steps == recorded(command("query-status")).steps
    assert said == ["/dev/full: the recording ends here: No space left on device"]
    with pytest.raises(InputError, match="No such file"):
        recorded(journal=ScenarioFile("/no/such/folder/x", pytest.fail))


@pytest.mark.parametrize(
    ("sent", "step"),
    [
        (initiator(), Step(Command("object-add", MEMBERS, Returns({})))),
        (initiator(node=-1), Step(
            Command("object-add", MEMBERS | {"node": -1}, Fails("GenericError", "Parameter 'node' expects uint32_t"))
        )),
        (initiator(node=128), Step(Command("object-add", MEMBERS | {"node": 128}), ExitExpected(
            1, "acpi-generic-initiator: Invalid NUMA node specified"
        ))),
        (command("system_reset", {}), Step(Reset())),
        (command("query-status"), Step(Command("query-status", None, Returns(
            {"status": "prelaunch", "running": False}
        )))),
        (command("query-version"), Step(Command("query-version", None, Succeeds()))),
        (command("qom-list", {"path": "/objects"}), Step(Command("qom-list", {"path": "/objects"}, Returns(
            [{"name": "type", "type": "string"}, {"name": "m0", "type": "child<memory-backend-ram>"}]
        )))),
        (command("nope"), Step(Command("nope", None, Fails("CommandNotFound", "The command nope has not been found")))),
        (command("quit"), Step(Command("quit"), ExitExpected(0))),
    ],
)  # fmt: skip
def test_a_command_is_a_step_that_expects_what_it_got(sent: bytes, step: Step) -> None:
    scenario = recorded(sent)
    assert scenario.steps == (step,)
    assert load_scenario(dump_scenario(scenario), "f") == scenario


@pytest.mark.parametrize(
    "sent",
    [
        command("x-sandbox-tables"),
        command("query-mice"),
        b'{"execute":"qom-get","arguments":{"path":"/","property":"x","odd":[{"a":1e999}]}}',
        b"nonsense ",
        b"{}",
    ],
)
def test_what_a_scenario_cannot_say_or_qemu_cannot_answer_is_left_out(sent: bytes) -> None:
    assert recorded(sent).steps == ()


def test_an_end_that_firmware_brings_belongs_to_the_command_before_it() -> None:
    steps = recorded(initiator(node=9), command("system_reset"), machine=MACHINE).steps
    expected = ExitExpected(1, "acpi-generic-initiator: Specified node 9 is invalid.")
    assert steps[1:] == (Step(Reset(), expected),)
    steps = recorded(initiator(node=9), command("cont")).steps
    assert steps[1:] == (Step(Command("cont"), expected),)


def test_a_long_reply_is_only_said_to_have_come() -> None:
    adding = [initiator(f"gi{number}") for number in range(LONGEST_VALUE // 40)]
    listing: Any = recorded(*adding, command("qom-list", {"path": "/objects"})).steps[-1]
    assert listing == Step(Command("qom-list", {"path": "/objects"}, Succeeds()))
