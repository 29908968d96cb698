"""Ends that a machine comes to by itself or by a command are those of a live QEMU."""

from __future__ import annotations

import pytest

from sandbox.cli import main

pytestmark = pytest.mark.live

HALTING = """
  - execute: object-add
    arguments: {qom-type: acpi-generic-initiator, id: gi0, pci-dev: dev0, node: 1}
    return: {}
  - reset: {expect: {initiators: []}}
  - execute: cont
    error: Resetting the Virtual Machine is required
  - execute: query-status
    return: {status: shutdown, running: false}
  - reset: {}
  - execute: quit
    exit: {status: 0}
"""
ENDING = """
  - reset: {exit: {status: 0}}
"""


@pytest.mark.parametrize(
    ("options", "steps"), [("-no-reboot", ENDING), ("-no-reboot -no-shutdown", HALTING)], ids=["ends", "halts"]
)
@pytest.mark.parametrize("firmware", ["none", "enumerated"])
def test_a_machine_that_is_not_to_reboot_ends_or_halts(qemu_x86, tmp_path, capsys, options, steps, firmware):
    scenario = tmp_path / "ends.yaml"
    scenario.write_text(
        "name: ends\ndialect: 10.0\ncommand-line: -M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa "
        f"node,memdev=m0 -numa node -device pci-testdev,id=dev0,addr=04.0 {options}\nsteps:{steps}",
        encoding="ascii",
    )
    assert main(["replay", str(scenario)]) == 0
    words = ["compare", str(scenario), "--qemu", " ".join(qemu_x86), "--firmware", firmware]
    assert main(words) == 0, capsys.readouterr().out
