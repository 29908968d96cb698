from __future__ import annotations

import pytest
from qapi_samples import desc_of

from sandbox.errors import QemuError
from sandbox.qapi.schema import parse_schema
from sandbox.qapi.visit import visit_json, visit_keyval

NUMBERS = parse_schema(
    "{ 'struct': 'Numbers', 'data': {"
    + ", ".join(f"'*{t}': '{t}'" for t in ("int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"))
    + ", '*uint64': 'uint64', '*size': 'size', '*number': 'number', '*null': 'null', '*bool': 'bool' } }"
    "{ 'struct': 'Holder', 'data': { 'list': [ 'Numbers' ], '*one': 'Numbers', '*plain': [ 'int8' ] } }"
)


@pytest.mark.parametrize(
    ("typename", "value", "result"),
    [
        ("int8", -128, -128), ("int8", 127, 127), ("int8", 128, "Parameter 'int8' expects int8_t"),
        ("int16", -32769, "Parameter 'int16' expects int16_t"), ("int32", 1 << 31, "Parameter 'int32' expects int32_t"),
        ("int64", 1 << 63, "Invalid parameter type for 'int64', expected: integer"), ("int", -(1 << 63), -(1 << 63)),
        ("uint8", 255, 255), ("uint8", 256, "Parameter 'uint8' expects uint8_t"),
        ("uint16", -1, "Parameter 'uint16' expects uint16_t"), ("uint32", (1 << 32) - 1, (1 << 32) - 1),
        ("uint64", -1, (1 << 64) - 1), ("uint64", 1 << 64, "Parameter 'uint64' expects uint64"),
        ("size", (1 << 64) - 1, (1 << 64) - 1), ("size", "1G", "Parameter 'size' expects uint64"),
        ("number", 1, 1.0), ("number", 1.5, 1.5),
        ("number", "1", "Invalid parameter type for 'number', expected: number"),
        ("null", None, None), ("null", 0, "Invalid parameter type for 'null', expected: null"),
        ("bool", True, True), ("bool", 1, "Invalid parameter type for 'bool', expected: boolean"),
        ("int", True, "Invalid parameter type for 'int', expected: integer"),
    ],
)  # fmt: skip
def test_json_scalars_have_their_ranges(typename: str, value: object, result: object) -> None:
    try:
        found = visit_json(NUMBERS, "Numbers", {typename: value})[typename]
    except QemuError as error:
        found = error.desc
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("typename", "text", "result"),
    [
        ("int8", "-0x80", -128), ("int8", "200", "Parameter 'int8' expects int8_t"),
        ("int", "x", "Parameter 'int' expects integer"),
        ("uint64", "-1", (1 << 64) - 1), ("uint32", "-1", "Parameter 'uint32' expects uint32_t"), ("uint8", "010", 8),
        ("size", "1.5k", 1536), ("size", "1.5", "Parameter 'size' expects size"),
        ("number", "1e3", 1000.0), ("number", "inf", "Invalid parameter type for 'number', expected: number"),
        ("bool", "yes", True), ("bool", "1", "Parameter 'bool' expects 'on' or 'off'"),
        ("null", "", "Invalid parameter type for 'null', expected: null"),
    ],
)  # fmt: skip
def test_keyval_scalars_are_read_from_text(typename: str, text: str, result: object) -> None:
    try:
        found = visit_keyval(NUMBERS, "Numbers", {typename: text})[typename]
    except QemuError as error:
        found = error.desc
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("value", "json_desc", "keyval_desc"),
    [
        ({"list": [{"int": []}]},
         "Invalid parameter type for 'list[0].int', expected: integer",
         "Parameters 'list.0.int.*' are unexpected"),
        ({"list": [{}, {"zz": "1"}]},
         "Parameter 'list[1].zz' is unexpected",
         "Parameter 'list.1.zz' is unexpected"),
        ({"one": {}},
         "Parameter 'list' is missing",
         "Parameter 'list' is missing"),
        ({"list": {}},
         "Invalid parameter type for 'list', expected: array",
         "Invalid parameter type for 'list', expected: array"),
        ({"list": ["x"]},
         "Invalid parameter type for 'list[0]', expected: object",
         "Invalid parameter type for 'list.0', expected: object"),
        ({"list": [], "one": {"": {}}},
         "Parameter 'one.' is unexpected",
         "Parameter 'one.' is unexpected"),
        ({"list": [], "plain": [[]]},
         "Invalid parameter type for 'plain[0]', expected: integer",
         "Parameters 'plain.0.*' are unexpected"),
        ([],
         "Invalid parameter type for '<anonymous>', expected: object",
         "Invalid parameter type for '<anonymous>', expected: object"),
    ],
)  # fmt: skip
def test_a_nested_value_is_named_with_its_path(value: object, json_desc: str, keyval_desc: str) -> None:
    assert desc_of(lambda: visit_json(NUMBERS, "Holder", value)) == json_desc
    assert desc_of(lambda: visit_keyval(NUMBERS, "Holder", value)) == keyval_desc
