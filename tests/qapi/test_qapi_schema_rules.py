"""One broken rule of the schema language a case, and where and how it is reported."""

from __future__ import annotations

import pytest

from sandbox.errors import InputError
from sandbox.qapi.schema import parse_schema

BASE = "{ 'struct': 'Bb', 'data': { 'x': 'int' } }{ 'enum': 'Ee', 'data': [ 'e' ] }\n"
NOT_CAMEL = "a type's name is CamelCase"
OLD_STYLE = "the name uses upper case or '_'"
NO_NAME = "a name starts with a letter and has letters, digits, '-' and '_' only; 'q_' is reserved"


def union(base: str = "{ 'e': 'Ee' }", tag: str = "'e'", data: str = "{ 'e': 'Bb' }") -> str:
    return BASE + f"{{ 'union': 'Aa', 'base': {base},\n 'discriminator': {tag},\n 'data': {data} }}"


SYNTAX = [
    ("{", "1:2: expected a string or '}', found the end of the file"),
    ("{ 'a' }", "1:7: expected ':' after 'a', found '}'"),
    ("{ 'a': }", "1:8: expected '{', '[', a string, true or false, found '}'"),
    ("{ 'a': 'b' 'c' }", "1:12: expected ',' or '}', found 'c'"),
    ("{ 'a': 'b', }", "1:13: expected a string, found '}'"),
    ("{ 'a': [ 'b' 'c' ] }", "1:14: expected ',' or ']', found 'c'"),
    ("{ 'a': [ 'b', ] }", "1:15: expected '{', '[', a string, true or false, found ']'"),
    ("{ 'a': 'b',\n 'a': 'c' }", "2:2: key 'a' comes twice"),
    ("[]", "1:1: a schema is a sequence of objects: expected '{'"),
    ("'x'", "1:1: a schema is a sequence of objects: expected '{'"),
    ('{ "a": 1 }', "1:3: stray '\"a\"'"),
    ("{ 'a': 5 }", "1:8: stray '5'"),
    ("{ 'a': null }", "1:8: stray 'null'"),
    ("{ 'a\n': 'b' }", '1:3: missing terminating "\'"'),
    ("{ 'a\\n': 'b' }", "1:5: unknown escape sequence '\\n'"),
    ("{ 'é': 'b' }", "1:4: a string holds printable ASCII only"),
    ("{ 'a': " + "[" * 70, "1:71: values nest deeper than 64 levels"),
]
DEFINITIONS = [
    ("{ }", "1:1: expected exactly one of the keys enum, struct, union, alternate, command, event"),
    (
        "{ 'struct': 'Aa', 'enum': 'Bb' }",
        "1:1: expected exactly one of the keys enum, struct, union, alternate, command, event",
    ),
    ("{ 'struct': [], 'data': {} }", "1:13: struct: expected its name, a string"),
    ("{ 'struct': 'Aa' }", "1:1: struct 'Aa': key 'data' is missing"),
    (
        "{ 'struct': 'Aa', 'data': {}, 'datum': {} }",
        "1:31: struct 'Aa': unknown key 'datum'; valid keys are 'struct', 'data', 'base', 'if', 'features'",
    ),
    ("{ 'struct': 'aa', 'data': {} }", f"1:13: struct 'aa': {NOT_CAMEL}"),
    ("{ 'struct': 'AA', 'data': {} }", f"1:13: struct 'AA': {NOT_CAMEL}"),
    ("{ 'struct': 'AaList', 'data': {} }", "1:13: struct 'AaList': type names that end in 'List' are reserved"),
    ("{ 'command': 'a_b' }", f"1:14: command 'a_b': {OLD_STYLE}"),
    ("{ 'command': 'q-b' }", f"1:14: command 'q-b': {NO_NAME}"),
    ("{ 'event': 'go' }", "1:12: event 'go': an event's name is ALL_CAPS with '_' between words"),
    (
        "{ 'struct': 'Aa', 'data': {} }\n{ 'enum': 'Aa', 'data': [] }",
        "2:1: enum 'Aa': 'Aa' is already defined at f:1:1",
    ),
    ("{ 'command': 'str' }", "1:1: command 'str': 'str' is already defined at <built-in>"),
    (
        "{ 'struct': 'Aa', 'data': {}, 'features': [ 'deprecated' ] }",
        "1:43: struct 'Aa': a type cannot have the feature 'deprecated'",
    ),
    ("{ 'struct': 'Aa', 'data': {}, 'features': [ 'a', 'a' ] }", "1:50: struct 'Aa': feature 'a': it comes twice"),
    ("{ 'struct': 'Aa', 'data': {}, 'features': 'a' }", "1:43: struct 'Aa': 'features': expected an array"),
    (
        "{ 'struct': 'Aa', 'data': {}, 'features': [ { 'if': 'A' } ] }",
        "1:45: struct 'Aa': feature: key 'name' is missing",
    ),
]
CONDITIONS = [
    (
        "{ 'struct': 'Aa', 'data': {}, 'if': 'defined(X)' }",
        "1:37: struct 'Aa': 'if' condition 'defined(X)' is no symbol of upper-case letters",
    ),
    ("{ 'struct': 'Aa', 'data': {}, 'if': [] }", "1:37: struct 'Aa': an 'if' condition is a string or an object"),
    (
        "{ 'struct': 'Aa', 'data': {}, 'if': { 'all': [ 'A' ], 'any': [ 'B' ] } }",
        "1:37: struct 'Aa': an 'if' condition has exactly one key, 'all', 'any' or 'not'",
    ),
    (
        "{ 'struct': 'Aa', 'data': {}, 'if': { 'all': [] } }",
        "1:46: struct 'Aa': 'all' in an 'if' condition takes an array that is not empty",
    ),
    (
        "{ 'struct': 'Aa', 'data': { 'x': { 'type': 'int', 'if': { 'not': [ 'A' ] } } } }",
        "1:66: struct 'Aa': member 'x': an 'if' condition is a string or an object",
    ),
]
MEMBERS = [
    ("{ 'struct': 'Aa', 'data': [] }", "1:27: struct 'Aa': expected an object"),
    ("{ 'struct': 'Aa', 'data': { 'x': 'Nope' } }", "1:34: struct 'Aa': member 'x' uses unknown type 'Nope'"),
    ("{ 'struct': 'Aa', 'data': { 'x': ['Nope'] } }", "1:34: struct 'Aa': member 'x' uses unknown type 'Nope'"),
    (
        "{ 'struct': 'Aa', 'data': { 'y': ['int'], 'x': '[int]' } }",
        "1:48: struct 'Aa': member 'x' uses unknown type '[int]'",
    ),
    (
        "{ 'struct': 'Aa', 'data': { 'x': 'go' } }{ 'command': 'go' }",
        "1:34: struct 'Aa': member 'x' uses unknown type 'go'",
    ),
    (
        "{ 'struct': 'Aa', 'data': { 'x': ['int', 'str'] } }",
        "1:34: struct 'Aa': member 'x': expected a type's name, or an array of one type's name",
    ),
    (
        "{ 'struct': 'Aa', 'data': { 'x': true } }",
        "1:34: struct 'Aa': member 'x': expected a type's name, or an array of one type's name",
    ),
    ("{ 'struct': 'Aa', 'data': { 'x': { 'if': 'A' } } }", "1:34: struct 'Aa': member 'x': key 'type' is missing"),
    ("{ 'struct': 'Aa', 'data': { 'X': 'int' } }", f"1:29: struct 'Aa': member 'X': {OLD_STYLE}"),
    ("{ 'struct': 'Aa', 'data': { '**x': 'int' } }", f"1:29: struct 'Aa': member '*x': {NO_NAME}"),
    ("{ 'struct': 'Aa', 'data': { '*': 'int' } }", f"1:29: struct 'Aa': member '': {NO_NAME}"),
    ("{ 'struct': 'Aa', 'data': { 'u': 'int' } }", "1:29: struct 'Aa': member 'u': the name is reserved"),
    ("{ 'struct': 'Aa', 'data': { 'has-x': 'int' } }", "1:29: struct 'Aa': member 'has-x': the name is reserved"),
    ("{ 'struct': 'Aa', 'data': { 'x': 'int',\n '*x': 'int' } }", "2:2: struct 'Aa': member 'x' clashes with 'x'"),
    (
        BASE + "{ 'struct': 'Aa', 'base': 'Bb', 'data': { '*x': 'int' } }",
        "2:43: struct 'Aa': member 'x' clashes with 'x' of 'Bb'",
    ),
    (
        BASE + "{ 'struct': 'Aa', 'base': 'Ee', 'data': {} }",
        "2:27: struct 'Aa': base must be a struct, which 'Ee' is not",
    ),
    (BASE + "{ 'struct': 'Aa', 'base': 'Nope', 'data': {} }", "2:27: struct 'Aa': base uses unknown type 'Nope'"),
    (
        BASE + "{ 'struct': 'Aa', 'base': {}, 'data': {} }",
        "2:27: struct 'Aa': 'base': expected the name of a struct, a string",
    ),
    ("{ 'struct': 'Aa', 'base': 'Aa', 'data': {} }", "1:1: struct 'Aa' contains itself"),
    (
        "{ 'struct': 'Aa', 'base': 'Cc', 'data': {} }\n{ 'struct': 'Cc', 'base': 'Aa', 'data': {} }",
        "1:1: struct 'Aa' contains itself",
    ),
    ("{ 'enum': 'Aa', 'data': {} }", "1:25: enum 'Aa': 'data': expected an array"),
    ("{ 'enum': 'Aa', 'data': [ true ] }", "1:27: enum 'Aa': value: expected its name, a string"),
    ("{ 'enum': 'Aa', 'data': [ 'x', 'x' ] }", "1:32: enum 'Aa': value 'x': it clashes with value 'x'"),
    ("{ 'enum': 'Aa', 'data': [ 'a b' ] }", f"1:27: enum 'Aa': value 'a b': {NO_NAME}"),
    (
        "{ 'enum': 'Aa', 'data': [ { 'name': 'x', 'type': 'int' } ] }",
        "1:42: enum 'Aa': value: unknown key 'type'; valid keys are 'name', 'if', 'features'",
    ),
    ("{ 'enum': 'Aa', 'data': [], 'prefix': true }", "1:39: enum 'Aa': 'prefix': expected a prefix, a string"),
]
UNIONS = [
    (union(tag="'zz'"), "3:19: union 'Aa': discriminator 'zz' is not a member of the base"),
    (union(base="{ 'e': 'str' }"), "3:19: union 'Aa': discriminator 'e' is of type 'str', which is no enum"),
    (union(base="{ '*e': 'Ee' }"), "3:19: union 'Aa': discriminator 'e' is optional"),
    (union(base="{ 'e': { 'type': 'Ee', 'if': 'A' } }"), "3:19: union 'Aa': discriminator 'e' is conditional"),
    (union(tag="true"), "3:19: union 'Aa': 'discriminator': expected the name of a member, a string"),
    (union(base="'Ee'"), "2:26: union 'Aa': base must be a struct, which 'Ee' is not"),
    (union(data="{ 'zz': 'Bb' }"), "4:12: union 'Aa': branch 'zz' is not a value of enum 'Ee'"),
    (union(data="{ 'e': 'int' }"), "4:17: union 'Aa': branch 'e' must be a struct or a union, which 'int' is not"),
    (union(data="{ 'e': ['Bb'] }"), "4:17: union 'Aa': branch 'e': expected the name of a struct, a string"),
    (union(data="{ 'e': 'Nope' }"), "4:17: union 'Aa': branch 'e' uses unknown type 'Nope'"),
    (union(base="{ 'e': 'Ee', 'x': 'str' }"), "4:12: union 'Aa': member 'x' of 'Bb' clashes with 'x'"),
    (
        union(data="{ 'e': { 'type': 'Bb', 'features': [] } }"),
        "4:33: union 'Aa': branch 'e': unknown key 'features'; valid keys are 'type', 'if'",
    ),
    (union(data="{ 'e': 'Aa' }"), "2:1: union 'Aa' contains itself"),
    (
        "{ 'enum': 'Ee', 'data': [] }{ 'union': 'Aa', 'base': { 'e': 'Ee' }, 'discriminator': 'e', 'data': {} }",
        "1:29: union 'Aa' has no branches",
    ),
]
ALTERNATES = [
    ("{ 'alternate': 'Aa', 'data': {} }", "1:30: alternate 'Aa': 'data' is empty"),
    (
        "{ 'alternate': 'Aa', 'data': { 'a': 'int', 'b': 'number' } }",
        "1:44: alternate 'Aa': branch 'b' cannot be told apart from 'a'",
    ),
    (
        "{ 'alternate': 'Aa', 'data': { 'a': 'str', 'b': 'bool' } }",
        "1:44: alternate 'Aa': branch 'b' cannot be told apart from 'a'",
    ),
    ("{ 'alternate': 'Aa', 'data': { 'a': 'any' } }", "1:32: alternate 'Aa': branch 'a' cannot be of type 'any'"),
    ("{ 'alternate': 'Aa', 'data': { 'a_b': 'int' } }", f"1:32: alternate 'Aa': branch 'a_b': {OLD_STYLE}"),
    (
        "{ 'enum': 'Ee', 'data': [ 'on' ] }{ 'alternate': 'Aa', 'data': { 'a': 'bool', 'b': 'Ee' } }",
        "1:79: alternate 'Aa': branch 'b' cannot be told apart from 'a'",
    ),
    ("{ 'alternate': 'Aa', 'data': { 'a': 'Aa' } }", "1:32: alternate 'Aa': branch 'a' cannot be of type 'Aa'"),
]
COMMANDS = [
    (BASE + "{ 'command': 'go', 'data': 'Ee' }", "2:28: command 'go': 'data' must be an object, which 'Ee' is not"),
    (BASE + "{ 'command': 'go', 'data': ['Bb'] }", "2:28: command 'go': 'data': expected the name of a type, a string"),
    (union() + "{ 'event': 'GO', 'data': 'Aa' }",
     "4:50: event 'GO': 'data' is the union 'Aa', which needs 'boxed': true"),
    ("{ 'command': 'go', 'boxed': true }", "1:20: command 'go': 'boxed' needs 'data'"),
    ("{ 'command': 'go', 'data': {}, 'boxed': true }",
     "1:28: command 'go': 'data': expected the name of a type, a string"),
    ("{ 'command': 'go', 'data': { 'x': { 'type': 'int', 'if': 'A' } } }",
     "1:30: command 'go': the conditional argument 'x' needs 'boxed': true"),
    ("{ 'command': 'go', 'returns': 'str' }",
     ("1:31: command 'go': 'returns' must be an object or an array of objects, which 'str' is not"
      " (pragma command-returns-exceptions permits others)")),
    ("{ 'command': 'go', 'returns': 'Nope' }", "1:31: command 'go': 'returns' uses unknown type 'Nope'"),
    ("{ 'command': 'go', 'gen': true }", "1:27: command 'go': flag 'gen' takes false only"),
    ("{ 'command': 'go', 'allow-oob': 'yes' }", "1:33: command 'go': flag 'allow-oob' takes true only"),
    ("{ 'command': 'go', 'allow-oob': true, 'coroutine': true }",
     "1:39: command 'go': flags 'allow-oob' and 'coroutine' exclude each other"),
    ("{ 'pragma': { 'zz': [] } }", "1:15: pragma 'zz' is unknown"),
    ("{ 'pragma': { 'doc-required': 'x' } }", "1:31: pragma 'doc-required': expected true or false"),
    ("{ 'pragma': { 'command-name-exceptions': [ true ] } }",
     "1:44: pragma 'command-name-exceptions': expected a name, a string"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [*SYNTAX, *DEFINITIONS, *CONDITIONS, *MEMBERS, *UNIONS, *ALTERNATES, *COMMANDS],
    ids=lambda part: part[-50:],
)
def test_a_broken_rule_is_reported_with_its_place_and_names(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_schema(text, "f")
    assert str(caught.value) == f"f:{message}"
