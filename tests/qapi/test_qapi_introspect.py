from __future__ import annotations

from typing import Any

import pytest
from qapi_samples import sample_schema

from sandbox.errors import InputError
from sandbox.qapi.introspect import introspection
from sandbox.qapi.schema import parse_schema

SCHEMA = """
{ 'command': 'go', 'data': { 'size': 'uint8', '*all': ['size'], 'how': 'How' }, 'returns': [ 'Aa' ], 'allow-oob': true,
  'features': [ 'unstable' ] }
{ 'command': 'rest', 'if': 'HAVE_REST' }
{ 'event': 'GONE', 'data': { 'ref': 'Ref' } }
{ 'enum': 'How', 'data': [ 'fast', { 'name': 'slow', 'if': 'HAVE_SLOW', 'features': [ 'deprecated' ] } ] }
{ 'union': 'Aa', 'base': { 'how': 'How' }, 'discriminator': 'how',
  'data': { 'slow': { 'type': 'Bb', 'if': 'HAVE_SLOW' } } }
{ 'struct': 'Bb',
  'data': { '*x': { 'type': 'str', 'features': [ 'deprecated', { 'name': 'new', 'if': 'HAVE_NEW' } ] } } }
{ 'alternate': 'Ref', 'data': { 's': 'str', 'o': 'Aa' } }
{ 'struct': 'Unused', 'data': {} }
"""


def test_commands_events_and_the_types_they_use_are_told() -> None:
    # The form is that of QEMU's qapi/introspect.json; the live tests hold it against QEMU's own answer.
    assert introspection(parse_schema(SCHEMA)) == [
        {"name": "go", "meta-type": "command", "arg-type": "0", "ret-type": "[1]", "allow-oob": True,
         "features": ["unstable"]},
        {"name": "rest", "meta-type": "command", "arg-type": "2", "ret-type": "2"},
        {"name": "GONE", "meta-type": "event", "arg-type": "3"},
        {"name": "0", "meta-type": "object", "members": [
            {"name": "size", "type": "int"}, {"name": "all", "type": "[int]", "default": None},
            {"name": "how", "type": "4"}]},
        {"name": "[1]", "meta-type": "array", "element-type": "1"},
        {"name": "1", "meta-type": "object", "members": [{"name": "how", "type": "4"}], "tag": "how",
         "variants": [{"case": "slow", "type": "5"}, {"case": "fast", "type": "2"}]},
        {"name": "2", "meta-type": "object", "members": []},
        {"name": "3", "meta-type": "object", "members": [{"name": "ref", "type": "6"}]},
        {"name": "int", "meta-type": "builtin", "json-type": "int"},
        {"name": "[int]", "meta-type": "array", "element-type": "int"},
        {"name": "4", "meta-type": "enum", "members": [{"name": "fast"}, {"name": "slow", "features": ["deprecated"]}],
         "values": ["fast", "slow"]},
        {"name": "5", "meta-type": "object", "members": [
            {"name": "x", "type": "str", "default": None, "features": ["deprecated", "new"]}]},
        {"name": "6", "meta-type": "alternate", "members": [{"type": "str"}, {"type": "1"}]},
        {"name": "str", "meta-type": "builtin", "json-type": "string"},
    ]  # fmt: skip


def by_name(infos: list[dict[str, object]]) -> dict[object, Any]:
    return {info["name"]: info for info in infos}


def test_what_a_build_lacks_is_not_told_and_changes_no_number() -> None:
    whole, less = (by_name(introspection(parse_schema(SCHEMA), defined=defined)) for defined in (None, ()))
    assert "rest" not in less
    assert less["4"]["values"] == ["fast"]
    assert less["1"]["variants"] == [{"case": "fast", "type": "2"}]
    assert less["5"]["members"][0]["features"] == ["deprecated"]
    assert less["GONE"] == whole["GONE"]


def test_chosen_names_bring_their_types_along() -> None:
    infos = introspection(sample_schema(), ["object-add", "IothreadProperties"])
    assert [info["name"] for info in infos[:3]] == ["object-add", "0", "1"]
    objects = {info["name"]: info for info in infos}
    variants = objects["0"]["variants"]
    assert isinstance(variants, list)
    assert len(variants) == 11
    with pytest.raises(InputError):
        introspection(sample_schema(), ["nope"])
