from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qapi_samples import SAMPLE, sample_schema

from sandbox.errors import InputError, Place
from sandbox.qapi.model import (
    AlternateType,
    ArrayType,
    BuiltinType,
    Command,
    EnumType,
    Event,
    Member,
    ObjectType,
)
from sandbox.qapi.schema import parse_schema

WORDS = st.lists(
    st.sampled_from(
        [*"{}[]:,", "'struct'", "'enum'", "'union'", "'command'", "'data'", "'base'", "'if'", "'features'", "'name'",
         "'type'", "'A'", "'Aa'", "'Bb'", "'*a'", "'str'", "true", "false", "'", "\\", "# x\n", "'include'", "'pragma'",
         "\n", "'x", "\x00", "é", "'é'"]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip


def place_of_error(text: str) -> Place | None:
    """Return the place that the error about a schema names, or None if the schema is right."""
    try:
        parse_schema(text, "f")
    except InputError as error:
        return error.place or Place("nowhere")
    return None


def test_a_struct_has_its_members_with_their_places() -> None:
    schema = parse_schema(
        "\n# about it\n{ 'struct': 'Aa',\n  'data': { 'pci-dev': 'str', '*node': ['uint32'] } }\n", "f.json"
    )
    assert schema.lookup("Aa") == ObjectType(
        "Aa",
        Place("f.json", 3, 1),
        (
            Member("pci-dev", "str", optional=False, place=Place("f.json", 4, 13), owner="Aa"),
            Member("node", "[uint32]", optional=True, place=Place("f.json", 4, 31), owner="Aa"),
        ),
    )
    assert schema.lookup_as(ArrayType, "[uint32]").element == "uint32"


def test_members_of_the_base_come_first() -> None:
    aa = parse_schema(
        "{ 'struct': 'Aa', 'base': 'Bb', 'data': { 'own': 'int' } }{ 'struct': 'Bb', 'data': { 'common': 'int' } }"
    ).lookup_as(ObjectType, "Aa")
    assert [(member.name, member.owner) for member in aa.members] == [("common", "Bb"), ("own", "Aa")]
    assert aa.base == "Bb"


def test_a_union_has_a_branch_for_every_value_of_its_tag() -> None:
    schema = parse_schema(
        """
        { 'enum': 'Kind', 'data': [ 'a', { 'name': 'b', 'if': 'HAVE_B' }, 'c' ] }
        { 'struct': 'Cc', 'data': { 'x': 'int' } }
        { 'union': 'Aa', 'base': { 'kind': 'Kind', '*id': 'str' }, 'discriminator': 'kind', 'data': { 'c': 'Cc' } }
        """
    )
    union = schema.lookup_as(ObjectType, "Aa")
    assert union.tag is not None
    assert union.tag.name == "kind"
    assert [(branch.name, branch.type) for branch in union.branches] == [
        ("c", "Cc"),
        ("a", "q_empty"),
        ("b", "q_empty"),
    ]
    assert str(union.branches[2].condition) == "HAVE_B"
    assert union.base == "q_obj_Aa-base"
    assert union.branch("c") == union.branches[0]
    assert union.branch("zz") is None


def test_an_alternate_and_an_enum_keep_their_order() -> None:
    schema = parse_schema(
        "{ 'alternate': 'Aa', 'data': { 's': 'str', 'o': 'Bb', 'n': 'null', 'l': ['int'] } }"
        "{ 'struct': 'Bb', 'data': {} }{ 'enum': 'Ee', 'prefix': 'X', 'data': [ 'z', '9', 'a' ] }"
    )
    assert [branch.type for branch in schema.lookup_as(AlternateType, "Aa").branches] == ["str", "Bb", "null", "[int]"]
    enum = schema.lookup_as(EnumType, "Ee")
    assert [value.name for value in enum.values] == ["z", "9", "a"]
    assert enum.prefix == "X"


def test_commands_and_events_keep_their_flags_and_types() -> None:
    schema = parse_schema(
        """
        { 'command': 'go', 'data': { 'id': 'str' }, 'returns': [ 'Aa' ], 'allow-oob': true, 'gen': false }
        { 'command': 'come', 'data': 'Aa', 'boxed': true, 'success-response': false, 'coroutine': true }
        { 'event': 'GONE', 'data': 'Aa' }
        { 'event': 'DONE', 'data': {} }
        { 'struct': 'Aa', 'data': {} }
        """
    )
    go, come = schema.lookup_as(Command, "go"), schema.lookup_as(Command, "come")
    assert (go.arg_type, go.ret_type, go.allow_oob, go.gen, go.boxed) == ("q_obj_go-arg", "[Aa]", True, False, False)
    assert (come.arg_type, come.ret_type, come.success_response, come.coroutine) == ("Aa", "q_empty", False, True)
    assert schema.lookup_as(Event, "GONE").arg_type == "Aa"
    assert schema.lookup_as(Event, "DONE").arg_type == "q_empty"
    assert schema.lookup_as(ObjectType, "q_obj_go-arg").members[0].name == "id"


def test_conditions_and_features_are_kept() -> None:
    aa = parse_schema(
        """
        { 'struct': 'Aa', 'if': { 'any': [ 'CONFIG_A', { 'not': { 'all': [ 'B', 'C' ] } } ] },
          'features': [ 'plain', { 'name': 'some', 'if': 'D' } ],
          'data': { 'x': { 'type': 'int', 'if': 'E', 'features': [ 'deprecated' ] } } }
        """
    ).lookup_as(ObjectType, "Aa")
    assert aa.condition is not None
    assert str(aa.condition) == "(CONFIG_A || !(B && C))"
    assert aa.condition.symbols() == {"CONFIG_A", "B", "C"}
    assert [aa.condition.holds(defined) for defined in ([], ["B", "C"], ["B", "C", "CONFIG_A"])] == [True, False, True]
    assert [(feature.name, str(feature.condition)) for feature in aa.features] == [("plain", "None"), ("some", "D")]
    assert str(aa.members[0].condition) == "E"
    assert aa.members[0].features[0].name == "deprecated"


CONDITIONAL = """
{ 'enum': 'Kind', 'data': [ 'a', { 'name': 'b', 'if': 'HAVE_B', 'features': [ { 'name': 'f', 'if': 'HAVE_F' } ] } ] }
{ 'struct': 'Bb', 'data': { 'x': 'int', '*y': { 'type': [ 'Cc' ], 'if': 'HAVE_C' } }, 'if': 'HAVE_B' }
{ 'struct': 'Cc', 'data': {}, 'if': 'HAVE_C' }
{ 'union': 'Aa', 'base': { 'kind': 'Kind' }, 'discriminator': 'kind',
  'data': { 'b': { 'type': 'Bb', 'if': 'HAVE_B' } } }
{ 'event': 'GONE', 'if': { 'not': 'HAVE_B' } }
"""


def test_everything_conditional_counts_as_present() -> None:
    schema = parse_schema(CONDITIONAL)
    assert {"Aa", "Bb", "Cc", "[Cc]", "GONE"} <= set(schema.definitions)


def test_what_a_build_lacks_is_dropped() -> None:
    schema = parse_schema(CONDITIONAL, defined=())
    assert not {"Bb", "Cc", "[Cc]"} & set(schema.definitions)
    assert "GONE" in schema
    assert [branch.name for branch in schema.lookup_as(ObjectType, "Aa").branches] == ["a"]
    schema = parse_schema(CONDITIONAL, defined=("HAVE_B",))
    assert [member.name for member in schema.lookup_as(ObjectType, "Bb").members] == ["x"]
    assert schema.lookup_as(EnumType, "Kind").values[1].features == ()


def test_what_stays_may_not_use_what_goes() -> None:
    text = "{ 'struct': 'Aa', 'data': { 'x': 'Bb' } }\n{ 'struct': 'Bb', 'data': {}, 'if': 'HAVE_B' }"
    with pytest.raises(InputError, match=r"f:1:29: 'Aa': member 'x' uses type 'Bb', which its 'if' leaves out"):
        parse_schema(text, "f", defined=())


def test_includes_are_read_once_relative_to_their_file() -> None:
    files = {
        "q/a.json": "{ 'include': 'sub/b.json' }{ 'include': 'sub/../sub/b.json' }"
        "{ 'struct': 'Aa', 'data': { 'x': 'Bb' } }",
        "q/sub/b.json": "{ 'include': '../c.json' }\n{ 'struct': 'Bb', 'data': { 'y': 'Cc', 'z': 'Aa' } }",
        "q/c.json": "{ 'struct': 'Cc', 'data': {} }",
    }
    schema = parse_schema(files["q/a.json"], "q/a.json", files.__getitem__)
    assert schema.files == ("q/a.json", "q/sub/b.json", "q/c.json")
    assert schema.lookup("Bb").place == Place("q/sub/b.json", 2, 1)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "{ 'include': 'a' }"}, "a:1:14: include 'a': the file includes itself"),
        ({"a": "{ 'include': 'b' }", "b": "\n{ 'include': 'a' }"}, "b:2:14: include 'a': the file includes itself"),
        ({"a": "{ 'include': 'zz' }"}, "a:1:14: include 'zz': cannot read 'zz': No such file or directory"),
        ({"a": "{ 'include': 5 }"}, "a:1:14: stray '5'"),
        ({"a": "{ 'include': true }"}, "a:1:14: include: expected the path of a file, a string"),
        ({"a": "{ 'include': 'b', 'x': 'y' }"}, "a:1:19: include: unknown key 'x'; valid keys are 'include'"),
    ],
)
def test_wrong_includes_are_refused(files: dict[str, str], message: str) -> None:
    def read(path: str) -> str:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path]

    with pytest.raises(InputError) as caught:
        parse_schema(files["a"], "a", read)
    assert str(caught.value) == message


def test_an_include_needs_a_reader() -> None:
    with pytest.raises(InputError, match="no files can be read here"):
        parse_schema("{ 'include': 'b' }")


def test_pragmas_permit_old_names() -> None:
    text = """
    { 'pragma': { 'doc-required': true, 'command-name-exceptions': [ 'device_del' ], 'documentation-exceptions': [] } }
    { 'pragma': { 'member-name-exceptions': [ 'Aa' ], 'command-returns-exceptions': [ 'device_del' ] } }
    { 'command': 'device_del', 'data': { 'id': 'str' }, 'returns': 'str' }
    { 'enum': 'Aa', 'data': [ 'Big', 'a_b' ] }
    """
    assert "device_del" in parse_schema(text)


def test_bases_that_follow_each_other_too_deeply_are_an_input_error() -> None:
    structs = [f"{{ 'struct': 'Aa{number}', 'base': 'Aa{number + 1}', 'data': {{}} }}" for number in range(3000)]
    with pytest.raises(InputError, match="f:1:1: includes or bases follow each other too deeply"):
        parse_schema("\n".join([*structs, "{ 'struct': 'Aa3000', 'data': {} }"]), "f")


def test_any_names_leaves_old_names_to_their_writer() -> None:
    text = "{ 'command': 'device_del', 'returns': 'str' }{ 'enum': 'Aa', 'data': [ 'Big' ] }"
    assert "device_del" in parse_schema(text, any_names=True)
    assert "device_del" in parse_schema("{ 'pragma': { 'command-name-exceptions': [] } }" + text, any_names=True)
    with pytest.raises(InputError):
        parse_schema("{ 'struct': 'not camel', 'data': {} }", any_names=True)


def test_lookups_name_what_is_missing() -> None:
    with pytest.raises(InputError, match="the schema does not define 'Nope'"):
        sample_schema().lookup("Nope")
    with pytest.raises(InputError, match="'object-add' is no ObjectType in the schema"):
        sample_schema().lookup_as(ObjectType, "object-add")


def test_definitions_are_frozen() -> None:
    with pytest.raises(AttributeError):
        sample_schema().definitions = {}  # type: ignore[misc]
    with pytest.raises(AttributeError):
        sample_schema().lookup("ObjectType").name = "x"  # type: ignore[misc]


def test_built_in_types_are_there() -> None:
    kinds = {d.name: d.json_type for d in parse_schema("") if isinstance(d, BuiltinType)}
    assert kinds["size"] == kinds["uint8"] == "int"
    assert kinds["any"] == "value"
    assert len(kinds) == 15


@given(WORDS)
def test_any_text_is_a_schema_or_an_input_error_with_a_place(text: str) -> None:
    place = place_of_error(text)
    assert place is None or (place.line is not None and place.column is not None)


@given(st.integers(0, len(SAMPLE)), st.sampled_from(["", "'", "{", "}", "x", ",", "[", "#"]), st.integers(0, 3))
def test_a_damaged_schema_is_an_input_error(at: int, insert: str, drop: int) -> None:
    place = place_of_error(SAMPLE[:at] + insert + SAMPLE[at + drop :])
    assert place is None or (place.line is not None and place.column is not None)
