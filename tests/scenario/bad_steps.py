"""Scenarios with wrong keys and steps, each with every message that it gets: line, column and what is wrong."""

from __future__ import annotations

from typing import Final

WRONG_STEPS: Final = {
    "no mapping": (
        "[a]\n",
        "1:1: a scenario: found a list; allowed: a mapping with command-line",
    ),
    "empty file": (
        "",
        "1:1: a scenario: found nothing; allowed: a mapping with command-line",
    ),
    "command line missing": (
        "name: x\n",
        "1:1: the key 'command-line' is missing",
    ),
    "misspelt key": (
        "comand-line: -M virt\n",
        "1:1: unknown key 'comand-line'; did you mean 'command-line'?",
    ),
    "unknown key": (
        "command-line: a\nfoo: 1\n",
        "2:1: unknown key 'foo'; allowed: name, description, dialect, firmware, command-line, steps, expect",
    ),
    "key in another case": (
        "Command_Line: a\n",
        "1:1: unknown key 'Command_Line'; did you mean 'command-line'?",
    ),
    "name is a number": (
        "command-line: a\nname: 5\n",
        "2:7: name: found the number 5; allowed: one line of text",
    ),
    "name of two lines": (
        "command-line: a\nname: |\n  a\n  b\n",
        "2:7: name: found the text 'a\\nb\\n'; allowed: one line of text",
    ),
    "empty name": (
        "command-line: a\nname: ''\n",
        "2:7: name: found an empty text; allowed: one line of text",
    ),
    "unknown dialect": (
        "command-line: a\ndialect: 10.1\n",
        "2:10: dialect: found the number 10.1; allowed: v2, 9.0, 9.2, 10.0, 11.1",
    ),
    "dialect is a list": (
        "command-line: a\ndialect: [v2]\n",
        "2:10: dialect: found a list; allowed: v2, 9.0, 9.2, 10.0, 11.1",
    ),
    "dialect is true": (
        "command-line: a\ndialect: true\n",
        "2:10: dialect: found true; allowed: v2, 9.0, 9.2, 10.0, 11.1",
    ),
    "unknown firmware": (
        "command-line: a\nfirmware: seabios\n",
        "2:11: firmware: found the text 'seabios'; allowed: enumerated, none",
    ),
    "command line is nothing": (
        "command-line:\n",
        "1:14: command-line: found nothing; allowed: a QEMU command line, or a list of words",
    ),
    "command line is a mapping": (
        "command-line: {a: b}\n",
        "1:15: command-line: found a mapping; allowed: a QEMU command line, or a list of words",
    ),
    "word is a list": (
        "command-line: [a, [b]]\n",
        "1:19: command-line[1]: found a list; allowed: text, or an integer",
    ),
    "word is true": (
        "command-line: [a, true]\n",
        "1:19: command-line[1]: found true; allowed: text, or an integer",
    ),
    "steps is a mapping": (
        "command-line: a\nsteps: {execute: x}\n",
        "2:8: steps: found a mapping; allowed: a list of steps",
    ),
    "step is a number": (
        "command-line: a\nsteps: [5]\n",
        "2:9: steps[0]: found the number 5; allowed: 'reset', or a mapping with execute, reset or expect",
    ),
    "step is another word": (
        "command-line: a\nsteps: [restart]\n",
        "2:9: steps[0]: found the text 'restart'; allowed: 'reset', or a mapping with execute, reset or expect",
    ),
    "step without action": (
        "command-line: a\nsteps:\n  - note: x\n",
        (
            "3:5: steps[0]: none of the keys execute, reset, expect is here; allowed: a mapping with execute, "
            "reset or expect"
        ),
    ),
    "misspelt action": (
        "command-line: a\nsteps:\n  - excute: x\n    arguments: {}\n",
        "3:5: steps[0]: unknown key 'excute'; did you mean 'execute'?",
    ),
    "empty step": (
        "command-line: a\nsteps:\n  - {}\n",
        (
            "3:5: steps[0]: none of the keys execute, reset, expect is here; allowed: a mapping with execute, "
            "reset or expect"
        ),
    ),
    "command is a number": (
        "command-line: a\nsteps:\n  - execute: 5\n",
        "3:14: steps[0].execute: found the number 5; allowed: the name of a command",
    ),
    "arguments are a list": (
        "command-line: a\nsteps:\n  - execute: x\n    arguments: []\n",
        "4:16: steps[0].arguments: found a list; allowed: a mapping",
    ),
    "return beside error": (
        "command-line: a\nsteps:\n  - execute: x\n    return: 1\n    error: b\n",
        "5:5: steps[0]: 'error' excludes 'return'; only one of them may stand here",
    ),
    "return beside reply": (
        "command-line: a\nsteps:\n  - execute: x\n    reply: any\n    return: 1\n",
        "5:5: steps[0]: 'return' excludes 'reply'; only one of them may stand here",
    ),
    "reply is another word": (
        "command-line: a\nsteps:\n  - execute: x\n    reply: all\n",
        "4:12: steps[0].reply: found the text 'all'; allowed: 'any'",
    ),
    "error is a number": (
        "command-line: a\nsteps:\n  - execute: x\n    error: 5\n",
        "4:12: steps[0].error: found the number 5; allowed: a description, or a mapping of class and desc",
    ),
    "empty error": (
        "command-line: a\nsteps:\n  - execute: x\n    error: {}\n",
        "4:12: steps[0].error: found an empty mapping; allowed keys: class, desc",
    ),
    "misspelt class": (
        "command-line: a\nsteps:\n  - execute: x\n    error: {clas: GenericError}\n",
        "4:13: steps[0].error: unknown key 'clas'; did you mean 'class'?",
    ),
    "reset with a command's keys": (
        "command-line: a\nsteps:\n  - reset:\n    arguments: {}\n",
        "4:5: steps[0]: unknown key 'arguments'; allowed: reset, name, note",
    ),
    "expect beside reset": (
        "command-line: a\nsteps:\n  - reset:\n    expect: {nodes: 1}\n",
        "4:5: steps[0]: unknown key 'expect'; write it below reset, indented",
    ),
    "reset is a word": (
        "command-line: a\nsteps:\n  - reset: hard\n",
        "3:12: steps[0].reset: found the text 'hard'; allowed: nothing, or a mapping of expect and exit",
    ),
    "expectation of nothing": (
        "command-line: a\nexpect: {}\n",
        (
            "2:9: expect: found an empty mapping; allowed keys: initiators, ports, nodes, distances, "
            "processors, memory, srat, slit, hmat, exit"
        ),
    ),
}
