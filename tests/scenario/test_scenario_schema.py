import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bad_expectations import WRONG_EXPECTATIONS
from bad_steps import WRONG_STEPS
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scenario_samples import ROOT, SHIPPED, errors_of, json_values, scenarios

from sandbox.scenario.command_line import unsplittable
from sandbox.scenario.dump import as_yaml, dump_scenario
from sandbox.scenario.model import Scenario
from sandbox.scenario.nodes import Findings, plain_value, read_nodes
from sandbox.scenario.schema import scenario_schema, schema_text

WRONG_SHAPE = {**WRONG_STEPS, **WRONG_EXPECTATIONS}
VALIDATOR = jsonschema.Draft202012Validator(scenario_schema())


def plain(text: str) -> object:
    return plain_value(read_nodes(text, Findings("f")))


def test_shipped_schema_is_the_declared_one() -> None:
    shipped = ROOT / "sandbox" / "scenario" / "scenario.schema.json"
    remedy = "write it anew: qom-sandbox schema > sandbox/scenario/scenario.schema.json"
    assert shipped.read_text(encoding="utf-8") == schema_text(), remedy
    assert json.loads(schema_text()) == scenario_schema()


def test_schema_is_one_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(scenario_schema())
    assert scenario_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_schema_and_checker_accept_each_shipped_scenario(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert errors_of(text) == []
    assert [error.message for error in VALIDATOR.iter_errors(plain(text))] == []


def test_there_are_forty_wrong_shapes() -> None:
    assert len(WRONG_SHAPE) >= 40


@pytest.mark.parametrize("name", WRONG_SHAPE)
def test_schema_and_checker_reject_each_wrong_shape(name: str) -> None:
    text = WRONG_SHAPE[name][0]
    assert errors_of(text)
    assert not VALIDATOR.is_valid(plain(text))


@settings(max_examples=40, deadline=None)
@given(scenarios)
def test_schema_accepts_whatever_a_scenario_is_written_as(scenario: Scenario) -> None:
    VALIDATOR.validate(plain(dump_scenario(scenario)))


def test_every_key_is_explained() -> None:
    def objects(schema: object) -> list[dict[str, dict[str, object]]]:
        if isinstance(schema, list):
            return [found for part in schema for found in objects(part)]
        if not isinstance(schema, dict):
            return []
        own = [schema["properties"]] if "properties" in schema else []
        return own + [found for part in schema.values() for found in objects(part)]

    for properties in objects(scenario_schema()):
        for name, value in properties.items():
            assert str(value.get("description", "")).endswith("."), name


@settings(max_examples=100, deadline=None)
@given(scenarios, st.data())
def test_schema_and_checker_agree_on_any_damaged_scenario(scenario: Scenario, data: st.DataObject) -> None:
    value = plain(dump_scenario(scenario))
    damage(value, data)
    command_line = value.get("command-line") if isinstance(value, dict) else None
    assume(not isinstance(command_line, str) or unsplittable(command_line) is None)
    text = as_yaml(value)
    assert plain(text) == value
    assert (errors_of(text) == []) == VALIDATOR.is_valid(value), text


def damage(value: Any, data: st.DataObject) -> None:
    """Put something else somewhere into a value: another value, another key, or nothing."""
    inside = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not inside:
        return
    chosen = data.draw(st.sampled_from(inside))
    if isinstance(value[chosen], dict | list) and value[chosen] and data.draw(st.integers(0, 4)):
        damage(value[chosen], data)
        return
    kind = data.draw(st.sampled_from(["replace", "remove", "add", "rename"]))
    if kind == "replace" or isinstance(value, list):
        likely = st.sampled_from(["any", "absent", "reset", "1 @ 00:04.0", "4K", 2.0, []])
        value[chosen] = data.draw(json_values | likely)
    elif kind == "remove":
        del value[chosen]
    else:
        key = data.draw(st.sampled_from(["exit", "expect", "reset", "execute", "error", "name", "srat", "pxm", "nope"]))
        value[key] = value.pop(chosen) if kind == "rename" else data.draw(json_values)
