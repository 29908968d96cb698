"""Scenarios with wrong expectations, each with every message that it gets: line, column and what is wrong."""

from __future__ import annotations

from typing import Final

WRONG_EXPECTATIONS: Final = {
    "exit in a look": (
        "command-line: a\nsteps:\n  - expect: {exit: {status: 1}}\n",
        (
            "3:14: steps[0].expect: unknown key 'exit'; allowed: initiators, ports, nodes, distances, "
            "processors, memory, srat, slit, hmat"
        ),
    ),
    "exit without a mapping": (
        "command-line: a\nexpect: {exit: 1}\n",
        "2:16: expect.exit: found the number 1; allowed: a mapping of status and stderr",
    ),
    "status beyond a byte": (
        "command-line: a\nexpect: {exit: {status: 256}}\n",
        "2:25: expect.exit.status: found the number 256; allowed: an integer from -64 to 255",
    ),
    "stderr is a number": (
        "command-line: a\nexpect: {exit: {stderr: 5}}\n",
        "2:25: expect.exit.stderr: found the number 5; allowed: text, or a list of lines",
    ),
    "stderr line is a number": (
        "command-line: a\nexpect: {exit: {stderr: [a, 5]}}\n",
        "2:29: expect.exit.stderr[1]: found the number 5; allowed: text",
    ),
    "initiator without bus": (
        "command-line: a\nexpect: {initiators: [2 @ 4.0]}\n",
        (
            "2:23: expect.initiators[0]: found the text '2 @ 4.0'; allowed: \"PXM @ BUS:DEVICE.FUNCTION\" as in "
            '"2 @ 00:04.0", or "PXM @ HID:UID", or a mapping of pxm and device'
        ),
    ),
    "initiator on a slot too high": (
        "command-line: a\nexpect: {initiators: ['2 @ 00:20.0']}\n",
        (
            "2:23: expect.initiators[0]: found the text '2 @ 00:20.0'; allowed: \"PXM @ BUS:DEVICE.FUNCTION\" "
            'as in "2 @ 00:04.0", or "PXM @ HID:UID", or a mapping of pxm and device'
        ),
    ),
    "initiator without device": (
        "command-line: a\nexpect: {initiators: [{pxm: 2}]}\n",
        "2:23: expect.initiators[0]: the key 'device' is missing",
    ),
    "pxm too large": (
        "command-line: a\nexpect: {initiators: [{pxm: 4294967296, device: '00:04.0'}]}\n",
        "2:29: expect.initiators[0].pxm: found the number 4294967296; allowed: an integer from 0 to 4294967295",
    ),
    "pxm is text": (
        "command-line: a\nexpect: {initiators: [{pxm: two, device: '00:04.0'}]}\n",
        "2:29: expect.initiators[0].pxm: found the text 'two'; allowed: an integer from 0 to 4294967295",
    ),
    "pxm has a fraction": (
        "command-line: a\nexpect: {nodes: [1.5]}\n",
        "2:18: expect.nodes[0]: found the number 1.5; allowed: an integer from 0 to 4294967295",
    ),
    "misspelt in-any-order": (
        "command-line: a\nexpect: {ports: {any-order: []}}\n",
        "2:18: expect.ports: unknown key 'any-order'; did you mean 'in-any-order'?",
    ),
    "nodes is text": (
        "command-line: a\nexpect: {nodes: two}\n",
        (
            "2:17: expect.nodes: found the text 'two'; allowed: an integer from 0 to 4294967295, or a list of "
            "proximity domains"
        ),
    ),
    "negative nodes": (
        "command-line: a\nexpect: {nodes: -1}\n",
        (
            "2:17: expect.nodes: found the number -1; allowed: an integer from 0 to 4294967295, or a list of "
            "proximity domains"
        ),
    ),
    "distance too large": (
        "command-line: a\nexpect: {distances: [[10, 256], [20, 10]]}\n",
        "2:27: expect.distances[0][1]: found the number 256; allowed: an integer from 0 to 255",
    ),
    "distances is another word": (
        "command-line: a\nexpect: {distances: none}\n",
        "2:21: expect.distances: found the text 'none'; allowed: 'absent', or a list of rows",
    ),
    "size with a wrong unit": (
        "command-line: a\nexpect: {memory: [{pxm: 0, base: 0, size: 1GB}]}\n",
        (
            "2:43: expect.memory[0].size: found the text '1GB'; allowed: an integer from 0 to "
            '18446744073709551615, or a size such as "512M"'
        ),
    ),
    "hot-pluggable is on": (
        "command-line: a\nexpect: {memory: [{pxm: 0, base: 0, size: 1G, hot-pluggable: on}]}\n",
        "2:62: expect.memory[0].hot-pluggable: found the text 'on'; allowed: true or false",
    ),
    "processor without id": (
        "command-line: a\nexpect: {processors: [{pxm: 0}]}\n",
        "2:23: expect.processors[0]: the key 'id' is missing",
    ),
    "whole table of nothing": (
        "command-line: a\nexpect: {srat: {}}\n",
        "2:16: expect.srat: found an empty mapping; allowed keys: file, sha256, length",
    ),
    "sha256 too short": (
        "command-line: a\nexpect: {hmat: {sha256: abc}}\n",
        "2:25: expect.hmat.sha256: found the text 'abc'; allowed: 64 hexadecimal digits",
    ),
    "whole table is another word": (
        "command-line: a\nexpect: {slit: none}\n",
        "2:16: expect.slit: found the text 'none'; allowed: 'absent', or a mapping of file, sha256 or length",
    ),
}
