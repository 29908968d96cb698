from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scenario_samples import SHIPPED, differences

from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.replay import replay

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.live import LiveSession
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.transcript import Transcript


def load(path: Path) -> Scenario:
    return load_scenario(path.read_text(encoding="utf-8"), path.name)


def play(path: Path) -> Transcript:
    return replay(load(path), emulate, lambda name: (path.parent / name).read_bytes())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenario_goes_as_it_expects(path: Path) -> None:
    transcript = play(path)
    assert differences(transcript) == []
    assert transcript.passed


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_replaying_twice_gives_equal_transcripts(path: Path) -> None:
    def tables(transcript: Transcript) -> list[tuple[bytes | None, ...]]:
        return [(t.srat, t.slit, t.hmat) for record in transcript.records if (t := record.after)]

    first, second = play(path), play(path)
    assert tables(first) == tables(second)
    assert [(r.reply, r.ended, r.checks) for r in first.records] == [
        (r.reply, r.ended, r.checks) for r in second.records
    ]


LIVE = [
    path
    for path in SHIPPED
    if load(path).dialect in ("9.2", "10.0")
    and "-S" not in load(path).command_line
    and load(path).firmware != "enumerated"
]
"""Without v2, which no released QEMU speaks, and without those that need firmware to run."""


@pytest.mark.live
@pytest.mark.parametrize("path", LIVE, ids=lambda path: path.stem)
def test_live_qemu_does_what_the_shipped_scenario_expects(
    path: Path, qemu_x86: tuple[str, ...], qemu_arm: tuple[str, ...]
) -> None:
    from live_replays import starter

    scenario = load(path)
    binary = qemu_arm if "qemu-system-aarch64" in scenario.command_line else qemu_x86
    sessions: list[LiveSession] = []
    try:
        transcript = replay(
            _without_passthrough(scenario), starter(binary, sessions), lambda name: (path.parent / name).read_bytes()
        )
    finally:
        for session in sessions:
            session.kill()
    assert differences(transcript) == []


def _without_passthrough(scenario: Scenario) -> Scenario:
    """Put a device that every host has in the place of one that is passed through."""
    words = []
    for word in scenario.command_line:
        if word.startswith("vfio-pci"):
            members = [part for part in word.split(",")[1:] if not part.startswith("host=")]
            word = ",".join(["pci-testdev", *members])
        words.append(word)
    return replace(scenario, command_line=tuple(words))
