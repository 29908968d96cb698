"""Odd lines, paths and ids are answered as QEMU 10.0 answers them; ``--record`` keeps the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from monitor_cases import normalised
from monitor_replies import DATA, live_replies, own_replies
from typed_cases import WORDS, asked

RECORDING = DATA / "typed.json"


def recorded() -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = json.loads(RECORDING.read_text(encoding="ascii"))["replies"]
    return replies


def differences(theirs: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any], Any, Any]]:
    ours = own_replies(WORDS, asked())
    return [
        (*command, left, right)
        for command, left, right in zip(asked(), theirs, ours, strict=True)
        if normalised(left) != normalised(right)
    ]


def test_odd_input_is_answered_as_recorded():
    assert differences(recorded()) == []


@pytest.mark.live
def test_odd_input_is_answered_as_by_a_live_qemu(qemu_x86, request):
    from sandbox.live import qemu_version

    version = qemu_version(qemu_x86)
    if version[:2] != (10, 0):
        pytest.skip("the answers are those of QEMU 10.0")
    replies = live_replies(WORDS, asked())
    if request.config.getoption("--record"):
        lines = ",\n".join("  " + json.dumps(reply) for reply in replies)
        how = f"QEMU {'.'.join(map(str, version))}; written by pytest --record tests/monitor/test_typed.py"
        text = f'{{\n "how": {json.dumps(how)},\n "replies": [\n{lines}\n ]\n}}\n'
        RECORDING.write_text(text, encoding="ascii")
    assert differences(replies) == []
