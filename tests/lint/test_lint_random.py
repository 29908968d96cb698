"""Random machines and histories of campaigns end on the sandbox when lint says so, and in the way that it says.

Campaigns hold the sandbox against live QEMUs with the same draws.
"""

from __future__ import annotations

from random import Random

import pytest

from sandbox.campaign.cases import random_case
from sandbox.campaign.target import Target
from sandbox.errors import MachineExit, QemuError
from sandbox.lint.model import ABORTS, ENDS_AT_READING, ENDS_AT_START, ENDS_IN_SETTER, ERROR
from sandbox.lint.rules import lint_scenario
from sandbox.scenario.emulation import emulate
from sandbox.scenario.model import AnyReply, Command, Scenario, Step

ENDS = (ENDS_AT_START, ENDS_IN_SETTER, ENDS_AT_READING, ABORTS)
TARGETS = (
    Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc")),
    Target("aarch64", (10, 0, 2), "10.0", ("virt",)),
    Target("x86_64", (11, 1, 3), "11.1", ("q35", "pc")),
    Target("aarch64", (11, 1, 3), "11.1", ("virt",)),
    Target("aarch64", (8, 1, 0), "v2", ("virt",)),
)
DRIVERS = ("pci-testdev", "virtio-rng-pci", "e1000")


def history(number: int) -> Scenario:
    """A campaign's case with devices that come and go, objects that name them, and a reset at last."""
    random, target = Random(f"lint/{number}"), TARGETS[number % len(TARGETS)]
    case = random_case(number, number, target)
    commands = list(case.commands)
    device = "device" if target.dialect == "v2" else "pci-dev"
    for turn in range(random.randrange(4)):
        name = f"hot{random.randrange(2)}"
        node = random.choice((0, 0, 1, 2, 9, 200))
        initiator = {"qom-type": "acpi-generic-initiator", "id": f"hg{turn}", device: name, "node": node}
        more = (
            ("device_add", {"driver": random.choice(DRIVERS), "id": name}),
            ("device_del", {"id": name}),
            ("object-add", initiator),
            ("system_reset", None),
        )
        commands.insert(random.randrange(len(commands) + 1), random.choice(more))
    commands += [("system_reset", None), ("cont", None)]
    steps = tuple(Step(Command(name, arguments, AnyReply())) for name, arguments in commands)
    words = (*case.arguments, *["-S"] * (random.random() < 0.2))
    return Scenario("a history", words, dialect=target.dialect, steps=steps)


def end_of(scenario: Scenario) -> tuple[str, int]:
    """How the sandbox ends, and its status; "" if it lives."""
    way = ENDS_AT_START
    try:
        machine = emulate(scenario)
        machine.new_tables()
        for step in scenario.steps:
            way = ENDS_IN_SETTER
            try:
                machine.execute(step.command.name, step.command.arguments)
            except QemuError:
                continue
            way = ENDS_AT_READING
            machine.new_tables()
    except MachineExit as end:
        return way, end.status
    return "", 0


@pytest.mark.parametrize("tenth", range(10))
def test_random_histories_end_when_lint_says_so(tenth):
    ended = 0
    for number in range(20 * tenth, 20 * tenth + 20):
        scenario = history(number)
        way, status = end_of(scenario)
        errors = [it for it in lint_scenario(scenario) if it.severity == ERROR]
        told = {it.consequence for it in errors}
        assert told <= set(ENDS)
        assert bool(told) == (status != 0), (number, errors)
        assert status == 0 or way in told or (status < 0 and ABORTS in told), (number, errors)
        ended += bool(told)
    assert 0 < ended < 20


def test_what_ends_qemu_is_told_of_by_one_rule_alone():
    for number in range(100):
        codes = {it.code for it in lint_scenario(history(number)) if it.consequence in ENDS}
        assert not codes & {"GI001", "GI006"} or len(codes) == 1, (number, codes)
