from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from scenario_samples import SHIPPED, scenarios

from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import Command, Fails, Returns, Scenario, Step


@settings(max_examples=60, deadline=None)
@given(scenarios)
def test_dumped_scenario_loads_to_an_equal_one(scenario: Scenario) -> None:
    assert load_scenario(dump_scenario(scenario), "f") == scenario


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenario_survives_the_round_trip(path: Path) -> None:
    scenario = load_scenario(path.read_text(encoding="utf-8"), path.name)
    assert load_scenario(dump_scenario(scenario), "other.yaml") == scenario


def test_command_line_is_folded_one_option_a_line() -> None:
    scenario = Scenario("x", ("qemu-system-aarch64", "-M", "virt", "-S", "-append", "a b", "-smp", "4"))
    assert dump_scenario(scenario) == (
        "name: x\ncommand-line: |\n  qemu-system-aarch64\n  -M virt\n  -S\n  -append 'a b'\n  -smp 4\n"
    )


def test_text_that_yaml_1_1_would_misread_stands_in_quotes() -> None:
    values = ["on", "no", "010", "04.0", "1:30", "null", "<<", "0x10", "1e5", "2021-01-01"]
    scenario = Scenario("x", (), steps=(Step(Command("c", {"values": values}, Returns("yes"))),))
    loaded = yaml.safe_load(dump_scenario(scenario))
    assert loaded["steps"][0]["arguments"]["values"] == values
    assert loaded["steps"][0]["return"] == "yes"


def test_error_described_as_any_is_not_taken_for_any_error() -> None:
    scenario = Scenario("x", (), steps=(Step(Command("c", reply=Fails(desc="any"))), Step(Command("c", reply=Fails()))))
    assert load_scenario(dump_scenario(scenario), "f") == scenario
