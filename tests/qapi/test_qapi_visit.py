from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qapi_recordings import cases
from qapi_samples import desc_of, sample_schema

from sandbox.errors import InputError, QemuError
from sandbox.qapi.json import parse_json
from sandbox.qapi.keyval import parse_keyval
from sandbox.qapi.opts import parse_opts, read_opts
from sandbox.qapi.schema import parse_schema
from sandbox.qapi.visit import visit_arguments, visit_json, visit_keyval, visit_opts

PROGRAM = "qemu-system-x86_64"
ACCEPTED = "Parameter 'id' expects an identifier"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["id", "size"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("case", cases("visit-json"), ids=lambda case: case["arguments"][:60])
def test_qmp_arguments_are_refused_as_qemu_refuses_them(case: dict[str, Any]) -> None:
    arguments = parse_json(case["arguments"])
    assert isinstance(arguments, dict)
    found = desc_of(lambda: visit_arguments(sample_schema(), case["command"], arguments))
    if found is not None:
        assert found == case["desc"]
    elif case["command"] == "object-add":
        assert case["desc"] == ACCEPTED
    elif case["desc"] is not None:
        assert not any(word in case["desc"] for word in ("' is ", "expected: ", "' expects", "does not accept"))


@pytest.mark.parametrize("case", cases("visit-keyval"), ids=lambda case: case["text"][:60])
def test_keyval_text_is_refused_as_qemu_refuses_it(case: dict[str, str]) -> None:
    found = desc_of(lambda: visit_keyval(sample_schema(), "ObjectOptions", parse_keyval(case["text"], "qom-type")))
    assert case["line"] == f"Error: {found or ACCEPTED}"


def written(option: str, text: str, typename: str, implied_key: str) -> tuple[list[str], bool]:
    """What QEMU writes to stderr about an option, and whether it accepts it."""
    lines = []
    where = f"{PROGRAM}: {option} {text}: "
    try:
        for flag in read_opts(text, implied_key).flags:
            lines += [
                where + f"warning: {line}" if number == 0 else line
                for number, line in enumerate(flag.warning.split("\n"))
            ]
        visit_opts(sample_schema(), typename, parse_opts(text, implied_key))
    except QemuError as error:
        return [*lines, where + error.desc, *error.hint.splitlines()], False
    return lines, True


@pytest.mark.parametrize("case", cases("visit-opts-object"), ids=lambda case: case["text"][:60])
def test_object_options_are_refused_as_qemu_refuses_them(case: dict[str, Any]) -> None:
    lines, accepted = written("-object", case["text"], "ObjectOptions", "qom-type")
    if accepted:
        lines.append(f"{PROGRAM}: -object zzz: Parameter 'qom-type' does not accept value 'zzz'")
    assert lines == case["stderr"]


@pytest.mark.parametrize("case", cases("visit-opts-numa"), ids=lambda case: case["text"][:60])
def test_numa_options_are_refused_as_qemu_refuses_them(case: dict[str, Any]) -> None:
    lines, accepted = written("-numa", case["text"], "NumaOptions", "type")
    if not accepted:
        assert lines == case["stderr"]
    else:
        assert lines == case["stderr"][: len(lines)]
        assert not any(
            word in case["stderr"][-1] for word in ("' is missing", "' expects", "Invalid parameter", "does not accept")
        )


def test_visited_members_come_in_the_order_of_the_schema() -> None:
    value = {"node": 2, "pci-dev": "dev0", "id": "gi0", "qom-type": "acpi-generic-initiator"}
    visited = visit_json(sample_schema(), "ObjectOptions", value)
    assert list(visited.items()) == [
        ("qom-type", "acpi-generic-initiator"), ("id", "gi0"), ("pci-dev", "dev0"), ("node", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("node,nodeid=1,cpus=0-2,cpus=5,mem=1.5G", {"type": "node", "nodeid": 1, "cpus": [0, 1, 2, 5], "mem": 3 << 29}),
        ("node,nodeid=0x10,nodeid=010", {"type": "node", "nodeid": 8}),
        ("cpu,node-id=1,socket-id=0x2", {"type": "cpu", "node-id": 1, "socket-id": 2}),
        ("dist,src=0,dst=1,val=20", {"type": "dist", "src": 0, "dst": 1, "val": 20}),
    ],
)
def test_options_become_numbers_and_lists(text: str, value: object) -> None:
    assert visit_opts(sample_schema(), "NumaOptions", parse_opts(text, "type")) == value


def test_keyval_becomes_numbers_lists_and_switches() -> None:
    tree = parse_keyval("memory-backend-ram,id=m,size=1k,host-nodes.0=3,host-nodes.1=4,prealloc=on", "qom-type")
    assert visit_keyval(sample_schema(), "ObjectOptions", tree) == {
        "qom-type": "memory-backend-ram", "id": "m", "host-nodes": [3, 4], "prealloc": True, "size": 1024,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        # Source: qemu-system-x86_64 10.0.2 -M q35 -smp TEXT
        ("cpus=x", "Parameter 'smp.cpus' expects integer"),
        ("2,foo=1", "Parameter 'smp.foo' is unexpected"),
        ("2,foo=1,bar=2", "Parameter 'smp.bar' is unexpected"),
        ("sockets=9223372036854775808", "Parameter 'smp.sockets' expects integer"),
        ("cpus.x=1", "Parameters 'smp.cpus.*' are unexpected"),
    ],
)
def test_a_part_of_a_tree_is_named_with_the_name_of_the_whole(text: str, desc: str) -> None:
    tree = parse_keyval(text, "cpus")
    assert desc_of(lambda: visit_keyval(sample_schema(), "SMPConfiguration", tree, "smp")) == desc


def test_a_whole_of_the_wrong_kind_is_named() -> None:
    # Source: qemu-system-x86_64 10.0.2 -M q35,smp=5
    found = desc_of(lambda: visit_keyval(sample_schema(), "SMPConfiguration", "5", "smp"))
    assert found == "Invalid parameter type for 'smp', expected: object"


def test_arguments_of_a_command_without_marshalling_come_back_as_they_are() -> None:
    schema = parse_schema("{ 'command': 'raw', 'data': { 'id': 'str' }, 'gen': false }")
    assert visit_arguments(schema, "raw", {"other": 1}) == {"other": 1}


def test_a_name_that_is_no_type_is_an_input_error() -> None:
    for name in ("Nope", "stop"):
        with pytest.raises(InputError):
            visit_json(sample_schema(), name, {})


def test_a_type_that_options_cannot_write_is_an_input_error() -> None:
    with pytest.raises(InputError, match="'value' is of type 'any'"):
        visit_opts(sample_schema(), "q_obj_qom-set-arg", [("path", "/"), ("property", "x"), ("value", "1")])


def test_a_value_deeper_than_python_can_follow_is_an_input_error() -> None:
    value: dict[str, object] = {"driver": "raw", "file": "x"}
    for _ in range(2000):
        value = {"driver": "raw", "file": value}
    with pytest.raises(InputError, match="nests too deeply"):
        visit_json(sample_schema(), "BlockdevOptions", value)


@given(JSON)
def test_any_json_value_is_visited_or_refused(value: object) -> None:
    for typename in ("ObjectOptions", "BlockdevOptions", "NumaOptions"):
        desc_of(lambda typename=typename: visit_json(sample_schema(), typename, value))


@given(st.text(), st.sampled_from(["memory-backend-ram,id=m,size=1,", "throttle-group,id=t,", "authz-list,id=a,", ""]))
def test_any_option_text_is_visited_or_refused(text: str, prefix: str) -> None:
    desc_of(lambda: visit_keyval(sample_schema(), "ObjectOptions", parse_keyval(prefix + text, "qom-type")))
    desc_of(lambda: visit_opts(sample_schema(), "NumaOptions", parse_opts("node," + text, "type")))


def test_arguments_survive_a_round_trip_through_json_text() -> None:
    value = {"qom-type": "authz-list", "id": "a", "rules": [{"match": "é", "policy": "allow"}]}
    visited = visit_json(sample_schema(), "ObjectOptions", parse_json(json.dumps(value)))
    assert visited == value
