"""Which part of a scenario a guest is booted with."""

from __future__ import annotations

import pytest

from sandbox.errors import MachineExit
from sandbox.guest.boot.plan import guest_architecture, history, must_be_given
from sandbox.scenario.model import Command, Look, Reset, Scenario, Step


def add(name: str) -> Command:
    return Command("object-add", {"qom-type": "iothread", "id": name})


def executed(*actions: Command | Reset | Look, words: tuple[str, ...] = ()) -> list[str]:
    """Ids of what a boot adds, and its resets."""
    scenario = Scenario("s", ("-M", "q35", *words), steps=tuple(Step(action) for action in actions))
    return [(arguments or {}).get("id", name) for name, arguments in history(scenario)]


HMP_RESET = Command("human-monitor-command", {"command-line": "system_reset"})


def test_what_firmware_has_not_read_is_not_executed():
    assert executed() == []
    assert executed(add("a"), add("b")) == []
    assert executed(add("a"), Reset(), add("b")) == ["a", "system_reset"]
    assert executed(add("a"), HMP_RESET, Look(), add("b")) == ["a", "human-monitor-command"]


def test_a_machine_that_is_held_is_read_when_it_is_let_go():
    assert executed(add("a"), words=("-S",)) == []
    assert executed(add("a"), Command("cont"), add("b"), words=("-S",)) == ["a"]
    assert executed(Command("stop"), Reset(), add("a"), Command("cont"), add("b")) == ["system_reset", "a"]
    assert executed(Command("stop"), add("a"), Reset()) == []


def test_what_would_let_the_machine_go_or_end_it_is_not_executed():
    assert executed(add("a"), Command("stop"), Command("cont"), Reset(), Command("quit")) == ["a", "system_reset"]


@pytest.mark.parametrize(
    ("words", "arch"),
    [
        ("-M virt", "arm64"),
        ("-machine type=virt-9.2,gic-version=3", "arm64"),
        ("qemu-system-aarch64 -M virt", "arm64"),
        ("qemu-system-arm64 -M virt", "arm64"),
        ("/usr/libexec/qemu-kvm -M virt-9.2", "arm64"),
        ("/usr/libexec/qemu-kvm -M q35", "x86"),
        ("qemu-system-amd64 -M q35", "x86"),
        ("-M q35", "x86"),
        ("", "x86"),
    ],
)
def test_the_machine_tells_the_architecture(words, arch):
    assert guest_architecture(words.split()) == arch


def test_an_unknown_option_ends_as_in_qemu():
    with pytest.raises(MachineExit, match="invalid option"):
        guest_architecture(["-bogus"])


def test_tables_that_no_qemu_makes_are_given():
    assert {name: must_be_given(name) for name in ("v2", "9.0", "9.2", "10.0", "11.1")} == {
        "v2": True,
        "9.0": True,
        "9.2": False,
        "10.0": False,
        "11.1": False,
    }
