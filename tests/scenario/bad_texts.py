"""Scenarios with faults that only a reader of the YAML text can tell, each with every message that it gets."""

from __future__ import annotations

from typing import Final

WRONG_TEXT: Final = {
    "key twice": (
        "command-line: a\nname: x\ncommand-line: b\n",
        "3:1: the key 'command-line' stands here again; first in line 1",
    ),
    "key twice deep inside": (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: {a: {b: 1, c: 2, b: 3}}\n",
        "4:33: the key 'b' stands here again; first in line 4",
    ),
    "number with leading zeros": (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: {node: 010, addr: 04.0}\n",
        "4:23: is 010 a number or text? Write text in quotes, and a number without leading zeros",
        "4:34: is 04.0 a number or text? Write text in quotes, and a number without leading zeros",
    ),
    "number too long": (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: {node: 1e400}\n",
        "4:23: 1e400 is beyond the range of floats; write text in quotes",
    ),
    "quotation without end": (
        "command-line: -M 'virt\n",
        "1:15: command-line: no closing quotation",
    ),
    "key is a number": (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: {1: b}\n",
        "4:17: a key must be text; write it in quotes",
    ),
    "merge key": (
        "command-line: a\nsteps:\n  - &one {execute: x}\n  - {<<: *one}\n",
        (
            "4:5: steps[1]: none of the keys execute, reset, expect is here; allowed: a mapping with execute, "
            "reset or expect"
        ),
        "4:6: the merge key '<<' belongs to YAML 1.1; write the members out",
    ),
    "tag": (
        "command-line: !!python/name:os.system a\n",
        "1:15: the tag 'tag:yaml.org,2002:python/name:os.system'; scenarios have no tags",
    ),
    "alias without anchor": (
        "command-line: *a\n",
        "1:15: the alias *a has no anchor &a before it",
    ),
    "alias inside its own anchor": (
        "command-line: &a [*a]\n",
        "1:19: the alias *a has no anchor &a before it",
    ),
    "two documents": (
        "command-line: a\n---\ncommand-line: b\n",
        "2:1: a second YAML document; a scenario is one document",
    ),
    "no YAML": (
        "command-line: a: b\n",
        "1:16: not YAML: mapping values are not allowed in this context; text that has ': ' in it needs quotes",
    ),
    "unclosed list": (
        "command-line: [a\n",
        "2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence",
    ),
    "tab": (
        "command-line: a\nsteps:\n\t- reset\n",
        (
            "3:1: not YAML: found character that cannot start any token while scanning for the next token; "
            "indent with spaces, and put such text in quotes"
        ),
    ),
    "control character": (
        "command-line: a\nname: x\x07\n",
        "2:8: not YAML: control characters are not allowed",
    ),
    "half a surrogate pair": (
        "command-line: a\nname: x\ud800\n",
        "2:8: not YAML: half of a surrogate pair",
    ),
    "too deep": (
        f"command-line: a\nsteps: {'[' * 70}{']' * 70}\n",
        "2:72: more than 64 lists and mappings within one another",
    ),
}
