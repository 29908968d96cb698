"""Machines whose runs are recorded under tests/data/runs, a folder for each version of QEMU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.campaign.cases import random_case
from sandbox.compare.emulated import emulated
from sandbox.scenario.model import AnyReply, Command, Scenario, Step

if TYPE_CHECKING:
    from sandbox.campaign.target import Target

RUNS = Path(__file__).parents[1] / "data" / "runs"
SEED = 2023
EACH = 21
"""How many machines of each binary."""

MOST_BYTES = 900
MOST_STEPS = 30
"""Machines with a longer SRAT or history are passed over, to keep the recordings readable."""


def machine(target: Target, number: int) -> Scenario:
    """The random machine of a number, as a scenario."""
    case = random_case(SEED, number, target)
    program = "qemu-system-aarch64" if case.family == "virt" else "qemu-system-x86_64"
    steps = tuple(Step(Command(name, arguments, AnyReply())) for name, arguments in case.commands)
    return Scenario(
        f"{case.family} machine {number}",
        (program, *case.arguments),
        dialect=target.dialect,
        firmware="none",
        steps=steps,
    )


def numbers(target: Target) -> list[int]:
    """The machines of a binary that are recorded."""
    found: list[int] = []
    number = 0
    while len(found) < EACH:
        if is_small(machine(target, number)):
            found.append(number)
        number += 1
    return found


def is_small(scenario: Scenario) -> bool:
    tables = emulated(scenario).tables
    srat = tables.srat if tables is not None else None
    return len(scenario.steps) <= MOST_STEPS and (srat is None or len(srat) <= MOST_BYTES)


def folder(target: Target, number: int) -> Path:
    """Where its recording lies."""
    version = ".".join(map(str, target.version))
    return RUNS / version / f"{target.arch}-{number:03}"
