from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import QemuError
from sandbox.qapi.keyval import Keyval, merge_keyval, parse_keyval, read_keyval

NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name != "help")
VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TREE = st.dictionaries(
    NAME,
    st.recursive(
        VALUE,
        lambda inner: st.dictionaries(NAME, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def lines(tree: Keyval, path: str) -> list[str]:
    """Write a tree as keyval: the inverse of the parser."""
    if isinstance(tree, str):
        return [f"{path}={tree.replace(',', ',,')}"]
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return [line for key, inner in entries for line in lines(inner, f"{path}.{key}" if path else str(key))]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", {}),
        ("q35,nvdimm=on", {"type": "q35", "nvdimm": "on"}),
        ("type=q35,type=pc", {"type": "pc"}),
        ("a=1,,2,b=", {"a": "1,2", "b": ""}),
        ("a=,,,b=1", {"a": ",", "b": "1"}),
        ("a=1,", {"a": "1"}),
        ("a.b.c=1,a.d=2", {"a": {"b": {"c": "1"}, "d": "2"}}),
        ("a.1=y,a.0=x", {"a": ["x", "y"]}),
        ("a.0.b=1,a.0.c=2,a.1.b=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a.00=x,a.1=y", {"a": ["x", "y"]}),
        ("a.b=x=y", {"a": {"b": "x=y"}}),
        ("__com.redhat_x=1", {"__com.redhat_x": "1"}),
        ("x" * 127 + "=1", {"x" * 127: "1"}),
    ],
)
def test_text_becomes_a_tree(text: str, tree: object) -> None:
    assert parse_keyval(text, "type") == tree


@pytest.mark.parametrize(
    ("text", "desc"),
    [
        # Source: qemu-system-x86_64 10.0.2, HMP object_add and -M
        ("a=1,foo", "Expected '=' after parameter 'foo'"),
        ("=x", "Invalid parameter ''"),
        (",a=1", "Invalid parameter ''"),
        ("a,,b=1", "Invalid parameter ''"),
        ("a..b=1", "Invalid parameter 'a..b'"),
        ("a.=1", "Invalid parameter 'a.'"),
        ("0=1", "Invalid parameter '0'"),
        ("a.0x=1", "Invalid parameter 'a.0x'"),
        ("_x=1", "Invalid parameter '_x'"),
        ("é=1", "Invalid parameter 'é'"),
        ("x" * 128 + "=1", f"Parameter '{'x' * 128}' is too long"),
        ("a." + "x" * 128 + "=1", f"Parameter fragment '{'x' * 128}' is too long"),
        ("a=1,a.b=2", "Parameters 'a.*' used inconsistently"),
        ("a.b=2,a=1", "Parameters 'a.*' used inconsistently"),
        ("a.b.c=1,a.b=2", "Parameters 'a.b.*' used inconsistently"),
        ("a.0=x,a.b=1", "Parameters 'a.*' used inconsistently"),
        ("a.c.0=x,a.c.b=1", "Parameters 'a.c.*' used inconsistently"),
        ("a.1=x", "Parameter 'a.0' missing"),
        ("a.b.0=x,a.b.2=y", "Parameter 'a.b.1' missing"),
        ("a.4294967296=x", "Parameter 'a.0' missing"),
        ("help", "Help is not available for this option"),
        ("a=1,?", "Help is not available for this option"),
    ],
)
def test_wrong_text_is_refused_in_qemus_words(text: str, desc: str) -> None:
    with pytest.raises(QemuError) as caught:
        parse_keyval(text, "type")
    assert caught.value.desc == desc


def test_help_is_noted_beside_the_tree() -> None:
    assert read_keyval("q35,help,a=1", "type") == ({"type": "q35", "a": "1"}, True)
    assert read_keyval("help=1") == ({"help": "1"}, False)


def test_without_an_implied_key_a_bare_word_is_refused() -> None:
    with pytest.raises(QemuError, match="Expected '=' after parameter 'q35'"):
        parse_keyval("q35")


def test_a_very_deep_key_is_read() -> None:
    tree = parse_keyval(".".join("a" * 50_000) + "=1")
    for _ in range(50_000):
        tree = tree["a"]  # type: ignore[assignment]
    assert tree == "1"  # type: ignore[comparison-overlap]


@given(TREE)
def test_a_tree_survives_a_round_trip_through_text(tree: dict[str, Keyval]) -> None:
    assert parse_keyval(",".join(lines(tree, ""))) == tree


@given(
    st.text()
    | st.lists(st.sampled_from(["a", "b", "0", "1", ".", "=", ",", ",,", "x", "_", "help"]), max_size=20).map("".join)
)
def test_any_text_is_a_tree_or_a_qemu_error(text: str) -> None:
    with suppress(QemuError):
        read_keyval(text, "type")


def test_merging_joins_lists_and_replaces_strings() -> None:
    into: dict[str, Keyval] = {"type": "q35", "smp": {"cpus": "1", "sockets": "2"}, "list": ["a"]}
    more: dict[str, Keyval] = {"smp": {"cpus": "4"}, "list": ["b"], "new": "x"}
    assert merge_keyval(into, more) == {
        "type": "q35", "smp": {"cpus": "4", "sockets": "2"}, "list": ["a", "b"], "new": "x",
    }  # fmt: skip
    assert into == {"type": "q35", "smp": {"cpus": "1", "sockets": "2"}, "list": ["a"]}


def test_merging_refuses_different_kinds() -> None:
    with pytest.raises(QemuError, match=r"Parameter 'smp\.cpus' used inconsistently"):
        merge_keyval({"smp": {"cpus": {"x": "1"}}}, {"smp": {"cpus": "4"}})
