import re
from pathlib import Path

import pytest
import yaml
from bad_expectations import WRONG_EXPECTATIONS
from bad_steps import WRONG_STEPS
from bad_texts import WRONG_TEXT
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_samples import ROOT, SHIPPED, errors_of

from sandbox.errors import InputErrors
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import (
    Affinities,
    Affinity,
    AnyReply,
    Command,
    ExitExpected,
    Expectation,
    Fails,
    Look,
    Memory,
    Processor,
    Reset,
    Returns,
    Step,
    Succeeds,
    WholeTable,
)

TROUBLE = "ab: -[]{}&*#'\"\n|>!%@`,?\t01.x"
BAD = {**WRONG_STEPS, **WRONG_EXPECTATIONS, **WRONG_TEXT}


@pytest.mark.parametrize("name", BAD)
def test_each_fault_is_reported_with_line_column_and_remedy(name: str) -> None:
    text, *messages = BAD[name]
    found = errors_of(text)
    if not yaml.__with_libyaml__:  # the parser in Python has words of its own for the same places
        found, messages = ([message.partition("not YAML")[0] for message in part] for part in (found, messages))
    assert found == messages


def test_all_faults_of_a_file_are_reported_in_its_order() -> None:
    text = "nam: x\ncommand-line: a\nsteps:\n  - {execute: 5, x: 010}\n  - 7\nexpect: {nodes: -1}\n"
    assert errors_of(text) == [
        "1:1: unknown key 'nam'; did you mean 'name'?",
        "4:15: steps[0].execute: found the number 5; allowed: the name of a command",
        "4:18: steps[0]: unknown key 'x'; allowed: execute, arguments, return, error, reply, exit, expect, name, note",
        "4:21: is 010 a number or text? Write text in quotes, and a number without leading zeros",
        "5:5: steps[1]: found the number 7; allowed: 'reset', or a mapping with execute, reset or expect",
        (
            "6:17: expect.nodes: found the number -1; "
            "allowed: an integer from 0 to 4294967295, or a list of proximity domains"
        ),
    ]


def test_message_starts_with_the_file() -> None:
    with pytest.raises(InputErrors, match=r"\Ascenarios/x\.yaml:1:1: the key 'command-line' is missing\Z"):
        load_scenario("name: x", "scenarios/x.yaml")


def test_shortest_scenario_has_defaults() -> None:
    scenario = load_scenario("command-line: qemu-system-x86_64 -M q35", "dir/small.yaml")
    assert scenario.name == "small.yaml"
    assert scenario.command_line == ("qemu-system-x86_64", "-M", "q35")
    assert (scenario.dialect, scenario.firmware, scenario.steps, scenario.exit) == (None, "enumerated", (), None)
    assert scenario.expect == Expectation()
    assert scenario.file == "dir/small.yaml"


@pytest.mark.parametrize(
    ("written", "dialect"), [("10.0", "10.0"), ("'10.0'", "10.0"), ("9.2", "9.2"), ("10", "10.0"), ("v2", "v2")]
)
def test_dialect_may_stand_without_quotes(written: str, dialect: str) -> None:
    assert load_scenario(f"command-line: a\ndialect: {written}", "f").dialect == dialect


def test_values_reach_qmp_as_they_look() -> None:
    text = (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: "
        "{a: on, b: yes, c: true, d: 0x10, e: 1.5, f: 00:04.0, g: null, h: '1', "
        "i: 18446744073709551616, j: [off, 0o17], k: 2024-01-01}\n"
    )
    (step,) = load_scenario(text, "f").steps
    assert step.action == Command(
        "x",
        {
            "a": "on", "b": "yes", "c": True, "d": 16, "e": 1.5, "f": "00:04.0", "g": None,
            "h": "1", "i": 18446744073709551616.0, "j": ["off", 15], "k": "2024-01-01",
        },
    )  # fmt: skip


def test_every_kind_of_step_is_read() -> None:
    text = """
command-line: a
steps:
  - reset
  - reset:
  - reset: {expect: {nodes: 2}, exit: {stderr: gone}}
    name: again
  - expect: {slit: absent}
    note: why
  - execute: a
  - {execute: b, return: }
  - {execute: c, error: no}
  - {execute: d, error: any}
  - {execute: e, error: {class: DeviceNotFound}}
  - {execute: f, reply: any, exit: {status: -6, stderr: [x, y]}}
"""
    steps = load_scenario(text, "f").steps
    assert steps == (
        Step(Reset()),
        Step(Reset()),
        Step(Reset(), ExitExpected(1, "gone"), Expectation(nodes=2), name="again"),
        Step(Look(), expect=Expectation(slit="absent"), note="why"),
        Step(Command("a", None, Succeeds())),
        Step(Command("b", None, Returns(None))),
        Step(Command("c", None, Fails(desc="no"))),
        Step(Command("d", None, Fails())),
        Step(Command("e", None, Fails("DeviceNotFound"))),
        Step(Command("f", None, AnyReply()), ExitExpected(-6, ("x", "y"))),
    )
    assert [(step.place.line, step.place.column) for step in steps if step.place] == [
        (4, 5), (5, 5), (6, 5), (8, 5), (10, 5), (11, 5), (12, 5), (13, 5), (14, 5), (15, 5),
    ]  # fmt: skip


def test_every_kind_of_expectation_is_read() -> None:
    text = """
command-line: a
expect:
  initiators: [2 @ 00:04.0, {pxm: 3, device: "0001:02:1f.7"}]
  ports: {in-any-order: [1 @ ACPI0016:012]}
  nodes: [3, 0, 3]
  distances: [[10, 20], [20, 10]]
  processors: [{pxm: 0, id: 1}]
  memory: [{pxm: 0, base: 0x40000000, size: 512M, hot-pluggable: true}]
  srat: {file: a.dat, length: 1.0}
  slit: absent
  exit: {}
"""
    scenario = load_scenario(text, "f")
    assert scenario.exit == ExitExpected()
    assert scenario.expect == Expectation(
        initiators=Affinities((Affinity(2, "0000:00:04.0"), Affinity(3, "0001:02:1f.7"))),
        ports=Affinities((Affinity(1, "ACPI0016:12"),), in_any_order=True),
        nodes=(0, 3),
        distances=((10, 20), (20, 10)),
        processors=(Processor(0, 1),),
        memory=(Memory(0, 0x40000000, 512 << 20, hot_pluggable=True),),
        srat=WholeTable("a.dat", length=1),
        slit="absent",
    )


def test_anchors_stand_for_what_they_name() -> None:
    text = "command-line: a\nsteps:\n  - {execute: x, arguments: &same {a: 1}}\n  - {execute: y, arguments: *same}\n"
    first, second = load_scenario(text, "f").steps
    assert first.command == Command("x", {"a": 1})
    assert second.command == Command("y", {"a": 1})


def test_aliases_cannot_grow_without_bound() -> None:
    rows = [f"  - &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    text = "command-line: a\nsteps:\n  - &a0 [1, 2]\n" + "\n".join(rows)
    (message,) = errors_of(text)
    assert message.endswith("more than 100000 values, counting what aliases stand for")


def test_aliases_cannot_nest_without_bound() -> None:
    rows = [f"  - &a{i} {'[' * 30}*a{i - 1}{']' * 30}" for i in range(1, 1000)]
    (message,) = errors_of("command-line: a\nsteps:\n  - &a0 [1]\n" + "\n".join(rows))
    assert message.endswith("more than 64 lists and mappings within one another")


def test_arguments_may_hold_any_keys() -> None:
    text = "command-line: a\nsteps:\n  - {execute: x, arguments: {'1': 2, '<<': 3, '': 4}}\n"
    assert load_scenario(text, "f").steps[0].command == Command("x", {"1": 2, "<<": 3, "": 4})


def test_shipped_scenarios_are_at_least_ten_and_say_what_they_show() -> None:
    assert len(SHIPPED) >= 10
    for path in SHIPPED:
        scenario = load_scenario(path.read_text(encoding="utf-8"), str(path))
        assert scenario.description, path
        assert scenario.name != path.name
        assert scenario.exit or scenario.steps or scenario.expect != Expectation(), path


def test_files_that_shipped_scenarios_expect_are_shipped() -> None:
    expected = {path.name for path in Path(ROOT, "scenarios", "expected").iterdir()}
    text = "".join(path.read_text(encoding="utf-8") for path in SHIPPED)
    named = set(re.findall(r"file: expected/([\w.-]+)", text))
    assert named == expected


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")) | st.text(TROUBLE))
def test_any_text_loads_or_raises_input_errors_alone(text: str) -> None:
    errors_of(text)


SKELETON = """command-line: a
dialect: v2
steps:
  - execute: x
    arguments: {a: [1, on]}
  - reset
expect: {nodes: 1}
"""


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SKELETON)), st.integers(0, 4), st.text(TROUBLE, max_size=5))
def test_any_damage_to_a_scenario_raises_input_errors_alone(start: int, length: int, new: str) -> None:
    errors_of(SKELETON[:start] + new + SKELETON[start + length :])
