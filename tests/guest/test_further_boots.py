"""What real guests see at the edges of what a kernel accepts.

A few are booted in any run; ``pytest --record`` boots all, and writes what they saw for the tests that boot nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from further_machines import FURTHER, IN_ANY_CASE
from guest_boots import MASKS, boots, keep_boot

if TYPE_CHECKING:
    from guest_machines import Machine

    from sandbox.guest.trial import Trial

pytestmark = [pytest.mark.live, pytest.mark.guest]

FILE = "further-boots.json"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    is_recording = metafunc.config.getoption("--record")
    metafunc.parametrize("machine", FURTHER if is_recording else IN_ANY_CASE, ids=str)


def told(trial: Trial) -> dict[str, Any]:
    """What a guest told, as it is recorded."""
    view = trial.boot.view
    if view is None:
        return {"outcome": trial.boot.outcome, "mask": {}, "node": {}}
    nodes = {str(node.node): [node.cpus, node.memory_kib, " ".join(map(str, node.distances))] for node in view.nodes}
    mask = {name: view.masks[name] for name in MASKS}
    pci = {device.address: device.numa_node for device in view.pci}
    return {"outcome": trial.boot.outcome, "mask": mask, "node": nodes, "pci": pci}


def settled(view: dict[str, Any]) -> dict[str, Any]:
    """What was told without the memory, of which a kernel takes its share by chance."""
    return view | {"node": {number: (cpus, row) for number, (cpus, _, row) in view["node"].items()}}


def test_a_guest_is_as_forecast_and_as_recorded(machine: Machine, guests, request):
    binary = request.getfixturevalue("qemu_x86" if machine.arch == "x86" else "qemu_arm")
    trial = guests.boot(machine, binary)
    wrong = [check for check in trial.checks if not check.passed]
    assert wrong == [], f"{wrong}\n{trial.boot.console}"
    found = told(trial)
    if request.config.getoption("--record"):
        given = {name.lower(): data.hex() for name, data in machine.tables().items() if data is not None}
        keep_boot(
            FILE,
            {"name": machine.name, "arch": machine.arch, "args": machine.words, "given": given},
            machine.kernel,
            found,
        )
    assert settled(found) == settled(boots(FILE)[machine.name]["seen"][machine.kernel])
