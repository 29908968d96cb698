import pytest
from scenario_samples import SHIPPED

from sandbox.errors import MachineExit, UnmodelledError
from sandbox.report.style import Style
from sandbox.report.transcript_text import render_transcript
from sandbox.scenario.emulation import EmulatedMachine, emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.origins import Origin
from sandbox.scenario.replay import replay

FILES = {path.stem: path for path in SHIPPED}


def start(stem: str) -> EmulatedMachine:
    return emulate(load_scenario(FILES[stem].read_text(encoding="utf-8"), stem))


def test_origins_follow_the_order_of_the_table() -> None:
    machine = start("grace-hopper-merged")
    machine.tables()
    assert [origin.object_id for origin in machine.origins] == ["gi5", "gi4", "gi3", "gi2", "gi1", "gi7", "gi0", "gi6"]
    assert machine.origins[0] == Origin("gi5", "acpi-generic-initiator", "dev0", "vfio-pci-nohotplug")


def test_object_with_several_nodes_is_the_origin_of_each() -> None:
    machine = start("grace-hopper-mig")
    machine.tables()
    assert machine.origins == (Origin("gi0", "nvidia-acpi-generic-initiator", "dev0", "vfio-pci-nohotplug"),) * 8


def test_origins_of_ports_stand_behind_those_of_initiators() -> None:
    machine = start("generic-port")
    machine.tables()
    assert [(origin.object_id, origin.device_id) for origin in machine.origins] == [("gi0", "dev0"), ("gp0", "cxl.1")]


def test_origins_are_those_of_the_tables_not_of_the_moment() -> None:
    machine = start("add-and-delete")
    arguments = {"qom-type": "nvidia-acpi-generic-initiator", "id": "gi0", "device": "dev0"}
    machine.tables()
    machine.execute("object-add", {**arguments, "numa-node-start": 2, "numa-node-count": 1})
    machine.tables()
    assert machine.origins == ()
    machine.execute("system_reset", None)
    machine.tables()
    assert len(machine.origins) == 1


def test_machine_tells_its_dialect_and_what_it_ignored() -> None:
    machine = emulate(load_scenario("command-line: -M q35 -display none\ndialect: 9.2\n", "f"))
    assert (machine.dialect, machine.dialect_reason) == ("9.2", "as asked for")
    assert machine.ignored == ("-display none",)
    assert machine.running


def test_machine_under_s_does_not_run_until_cont() -> None:
    machine = start("held-at-start")
    assert not machine.running
    machine.execute("cont", None)
    assert machine.running


def test_object_of_another_dialect_ends_qemu_and_is_known_to_be_one() -> None:
    line = "-M virt -object acpi-generic-initiator,id=gi0,pci-dev=d,node=1"
    scenario = load_scenario(f"dialect: v2\ncommand-line: {line}\n", "f")
    with pytest.raises(MachineExit, match="Parameter 'device' is missing") as ended:
        emulate(scenario)
    assert "not known to dialect v2; known to: 9.0, 9.2, 10.0, 11.1" in ended.value.foreign
    transcript = replay(scenario, emulate, str.encode)
    assert transcript.start.ended is not None
    assert f"note: {ended.value.foreign}\n" in render_transcript(transcript, Style.plain())


def test_option_that_is_not_modelled_is_an_error_at_the_command_line() -> None:
    with pytest.raises(UnmodelledError, match=r"\Af:1:15: "):
        emulate(load_scenario("command-line: -M q35 -acpitable file=x\n", "f"))
