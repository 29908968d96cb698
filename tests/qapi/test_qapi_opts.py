from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.qapi.opts import check_id, parse_opts, read_opts

KEY = st.from_regex(r"[a-z][a-z0-9.-]{0,8}", fullmatch=True).filter(lambda key: key != "id")
VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", ()),
        ("node,nodeid=0,cpus=0-1", (("type", "node"), ("nodeid", "0"), ("cpus", "0-1"))),
        ("type=node", (("type", "node"),)),
        ("a,,b,c=d,,e", (("type", "a,b"), ("c", "d,e"))),
        (",a=1", (("type", ""), ("a", "1"))),
        ("x,cpus=0,cpus=4", (("type", "x"), ("cpus", "0"), ("cpus", "4"))),
        ("x,foo,nobar", (("type", "x"), ("foo", "on"), ("bar", "off"))),
        ("x,node", (("type", "x"), ("de", "off"))),
        ("x,help", (("type", "x"), ("help", "on"))),
        ("x,=1", (("type", "x"), ("", "1"))),
        ("x,id=b,a=1", (("type", "x"), ("a", "1"), ("id", "b"))),
        ("x,id=b,id=c", (("type", "x"), ("id", "b"))),
        ("x,id", (("type", "x"), ("id", "on"))),
        ("x,", (("type", "x"),)),
    ],
)
def test_text_becomes_pairs(text: str, pairs: object) -> None:
    assert parse_opts(text, "type") == pairs


def test_without_an_implied_key_the_first_word_is_a_flag() -> None:
    assert parse_opts("node,a=1") == (("de", "off"), ("a", "1"))


def test_flags_are_noted_with_qemus_warning() -> None:
    # Source: qemu-system-x86_64 10.0.2 -object memory-backend-ram,id=b,prealloc,noshare,delay
    options = read_opts("memory-backend-ram,id=b,prealloc,noshare,delay", "qom-type")
    assert [flag.warning for flag in options.flags] == [
        "short-form boolean option 'prealloc' deprecated\nPlease use prealloc=on instead",
        "short-form boolean option 'noshare' deprecated\nPlease use share=off instead",
        "short-form boolean option 'delay' deprecated\nPlease use nodelay=off instead",
    ]
    assert options.id == "b"


def test_help_is_no_flag() -> None:
    assert read_opts("x,help", "type").wants_help
    assert read_opts("x,?", "type").flags == ()
    assert not read_opts("help", "type").wants_help


@pytest.mark.parametrize("identifier", ["", "1b", "a b", "é", "_a", "a/b", "a,b"])
def test_a_malformed_id_is_refused_with_a_hint(identifier: str) -> None:
    with pytest.raises(QemuError) as caught:
        parse_opts("x,id=" + identifier.replace(",", ",,"), "type")
    assert caught.value.desc == "Parameter 'id' expects an identifier"
    assert caught.value.hint == "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.\n"


@pytest.mark.parametrize("identifier", ["a", "A-b.c_d", "gi0", "z" * 200])
def test_a_wellformed_id_is_taken(identifier: str) -> None:
    check_id(identifier)


@given(st.lists(st.tuples(KEY, VALUE), min_size=1, max_size=6))
def test_pairs_survive_a_round_trip_through_text(pairs: list[tuple[str, str]]) -> None:
    text = ",".join(f"{key}={value.replace(',', ',,')}" for key, value in pairs)
    assert parse_opts(text, "type") == tuple(pairs)


@given(st.text())
def test_any_text_is_pairs_or_a_qemu_error(text: str) -> None:
    with suppress(QemuError):
        parse_opts(text, "type")
