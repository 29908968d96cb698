from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qapi_recordings import cases

from sandbox.errors import InputError, QemuError
from sandbox.qapi.json import JsonError, JsonLimits, JsonStream, JsonValue, parse_json, to_json
from sandbox.qapi.json_quick_writer import quick_json
from sandbox.qapi.json_stream import TextAssembler

STREAM = cases("json-stream")
INTEGERS = st.integers(-(1 << 63), (1 << 64) - 1)
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(0xFDD0, 0xFDF0))))
).filter(lambda text: not any(ord(character) & 0xFFFE == 0xFFFE for character in text))
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)
PIECES = st.lists(
    st.sampled_from(
        [*"{}[]:,", '"a"', "'b'", '"', "'", "\\", "\\u00e9", "\\ud83d\\ude00", "\\ud800", " ", "\n", "\t", "0", "1",
         "-", "01", "1.5", "0e5", "1e5", "1e999", "18446744073709551616", "true", "null", "nope", "é", "\ufffe",
         "\x01", '{"a": 1}']
    ),
    max_size=25,
).map("".join)  # fmt: skip


def replies(values: list[JsonValue | JsonError]) -> list[str]:
    """What QEMU answers to these values: the stream as its QMP server sees it."""
    lines = []
    for value in values:
        error: dict[str, object]
        if isinstance(value, JsonError):
            error = {"class": value.error_class, "desc": value.desc}
        elif not isinstance(value, dict):
            error = {"class": "GenericError", "desc": "QMP input must be a JSON object"}
        elif "execute" not in value:
            unexpected = next((key for key in value if key not in ("id", "arguments")), None)
            what = f"member '{unexpected}' is unexpected" if unexpected is not None else "lacks member 'execute'"
            error = {"class": "GenericError", "desc": f"QMP input {what}"}
        else:
            error = {"class": "CommandNotFound", "desc": "The command x has not been found"}
        identity = {"id": value["id"]} if isinstance(value, dict) and "id" in value else {}
        lines.append(to_json({"error": error, **identity}))
    return lines


@pytest.mark.parametrize("case", STREAM, ids=lambda case: case["sent"][:40])
def test_stream_gives_what_qemu_answered(case: dict[str, str]) -> None:
    assert replies(JsonStream().feed(case["sent"].encode("latin-1"))) == case["replies"]


@pytest.mark.parametrize("case", STREAM, ids=lambda case: case["sent"][:40])
def test_stream_gives_the_same_byte_by_byte(case: dict[str, str]) -> None:
    stream = JsonStream()
    found = [value for byte in case["sent"].encode("latin-1") for value in stream.feed(bytes([byte]))]
    assert replies(found) == case["replies"]


@given(PIECES, st.integers(1, 7))
def test_chunks_do_not_change_what_a_stream_gives(text: str, size: int) -> None:
    data = text.encode() + b"\n"
    whole, pieces = JsonStream(), JsonStream()
    expected = whole.feed(data) + whole.finish()
    found = [value for at in range(0, len(data), size) for value in pieces.feed(data[at : at + size])] + pieces.finish()
    assert [repr(value) for value in found] == [repr(value) for value in expected]


@given(PIECES)
def test_quick_way_reads_what_the_exact_way_reads(text: str) -> None:
    exact = TextAssembler()
    assert [repr(value) for value in JsonStream().feed(text.encode())] == [
        repr(value) for value in exact.feed(text.encode())
    ]


@given(st.text() | PIECES | st.binary())
def test_any_text_is_a_value_or_a_qemu_error(text: str | bytes) -> None:
    with suppress(QemuError):
        to_json(parse_json(text))


@given(VALUES)
def test_what_is_written_is_read_back(value: JsonValue) -> None:
    written = to_json(value)
    assert written.isascii()
    if not any(word in written for word in ("inf", "nan")):
        assert parse_json(written) == value


@given(VALUES)
def test_python_reads_what_is_written(value: JsonValue) -> None:
    written = to_json(value)
    if "inf" not in written:
        assert json.loads(written) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': \"b\"}", {"a": "b"}),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775809", -9223372036854775809.0),
        ("-0", 0),
        ("3.0", 3.0),
        ("1e999", math.inf),
        ("9" * 5000, math.inf),
        ('"\\u0000\\ud83d\\ude00"', "\0\U0001f600"),
        (b'"\xc0\x80"', "\0"),
        (b"[" * 1024 + b"]" * 1024, None),
    ],
    ids=str,
)
def test_numbers_and_strings_keep_their_kind(text: str, value: object) -> None:
    found = parse_json(text)
    assert value is None or (found == value and type(found) is type(value))


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        ("", "Expecting a JSON value"),
        ("  ", "Expecting a JSON value"),
        ("1 2", "Expecting at most one JSON value"),
        ("{} nope", "Expecting at most one JSON value"),
        ("nope {}", "JSON parse error, invalid keyword 'nope'"),
        ("{'a':", "JSON parse error, premature EOI"),
        ("{'a", "JSON parse error, stray ''a'"),
        ("{'a': 1,}", "JSON parse error, expecting value"),
        ("[" * 1025, "JSON nesting depth limit exceeded"),
        ("\ud800", "JSON parse error, stray '\ufffd'"),
    ],
    ids=lambda text: str(text)[:30],
)
def test_wrong_text_is_refused_in_qemus_words(text: str, desc: str) -> None:
    # Source: qemu-system-x86_64 10.0.2 -object TEXT, and the stream cases for what -object cannot be given
    with pytest.raises(JsonError) as caught:
        parse_json(text)
    assert caught.value.desc == desc


@pytest.mark.parametrize("text", ["{", "{'qom-type': 'iothread'", "{} {}", "{1: 2}", "{'a': 'b}", "{'a': nope}"])
@pytest.mark.live
def test_live_object_option_refuses_json_in_the_same_words(qemu_x86: tuple[str, ...], text: str) -> None:
    import subprocess

    from sandbox.live import qemu_version

    with pytest.raises(JsonError) as caught:
        parse_json(text)
    command = [*qemu_x86, "-machine", "none", "-display", "none", "-object", text]
    stderr = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr
    if qemu_version(qemu_x86) < (10, 1):
        assert stderr == f"{qemu_x86[0]}: -object {text}: {caught.value.desc}\n"
    else:
        assert "JSON" in stderr


def test_a_number_waits_for_what_follows_it() -> None:
    stream = JsonStream()
    assert stream.feed(b"12") == []
    assert stream.feed(b"3") == []
    assert stream.feed(b" ") == [123]


def test_a_stream_that_has_finished_is_as_new() -> None:
    stream = JsonStream()
    assert stream.feed(b'{"a": [1, tr') == []
    assert [str(value) for value in stream.finish()] == ["JSON parse error, invalid keyword 'tr'"]
    assert stream.finish() == []
    assert stream.feed(b"{}") == [{}]


def test_each_limit_is_reported_and_the_stream_goes_on() -> None:
    def told(limits: JsonLimits, data: bytes) -> list[str]:
        return [str(value) for value in JsonStream(limits).feed(data)]

    assert told(JsonLimits(size=8), b'"1234567" "123456" "1234" ') == [
        "JSON token size limit exceeded", "JSON token size limit exceeded", "1234",
    ]  # fmt: skip
    assert told(JsonLimits(size=8), b'"123456789" 1 ')[0] == "JSON token size limit exceeded"
    assert told(JsonLimits(size=8), b'["a", "b", "c"]')[0] == "JSON token size limit exceeded"
    assert told(JsonLimits(tokens=3), b"[1] [1,2] {}") == [
        "[1]", "JSON token count limit exceeded", "JSON parse error, expecting value", "{}",
    ]  # fmt: skip
    assert told(JsonLimits(nesting=1), b"[] [[1] 2 ")[0:2] == ["[]", "JSON nesting depth limit exceeded"]


@pytest.mark.parametrize(
    "value",
    [1 << 64, -(1 << 63) - 1, {1: 2}, object(), {"a": {1}}, [b"x"]],
    ids=["large", "small", "number as name", "object", "set", "bytes"],
)
def test_what_json_cannot_hold_is_an_input_error(value: object) -> None:
    with pytest.raises(InputError):
        to_json(value)


def test_members_are_written_in_qemus_walking_order() -> None:
    # Source: the greeting and an error reply of QEMU 10.0.2
    version = {"major": 10, "minor": 0, "micro": 2}
    assert to_json({"qemu": version, "package": ""}) == '{"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}'
    assert to_json({"error": {}, "id": 1}) == '{"id": 1, "error": {}}'


def test_a_deep_value_is_written() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert to_json(deep) == "[" * 100_001 + "]" * 100_001


@given(VALUES)
def test_the_quick_way_writes_what_the_other_writes(value: JsonValue) -> None:
    assert quick_json(value) == to_json(value, in_order=True)


@pytest.mark.parametrize(
    "value",
    [
        {"micro": 1, "minor": 2},
        {"minor": 2, "micro": 1},
        "\x7f",
        {"a": ["\x7f"]},
        [1.0],
        [1e16],
        [1e-7],
        "é",
        {"é": {}},
    ],
)
def test_members_that_stand_in_order_are_left_there(value: dict[str, object]) -> None:
    written = quick_json(value)
    assert written == to_json(value, in_order=True)
    if isinstance(value, dict):
        assert list(json.loads(written)) == list(value)


def test_what_json_has_not_is_refused_by_the_quick_way_too() -> None:
    with pytest.raises(InputError):
        quick_json({"a": {1}})
    assert quick_json([float("inf")]) == "[inf]"
