"""What a scenario wants of a live QEMU: which program, which machine, which objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.dialects import NOTHING_TELLS
from sandbox.errors import MachineExit
from sandbox.live.dialect import V2
from sandbox.live.ram import ARM
from sandbox.machine.arguments import ARM_PROGRAM, program_for, refuse_other_targets, split_program
from sandbox.scenario.emulation import config_of

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario


def program_of(scenario: Scenario) -> str:
    """Return the QEMU that a scenario's command line names, or else the one that has its machine.

    Raises:
        UnmodelledError: it is one for an architecture that the sandbox does not model.
    """
    program, words = split_program(scenario.command_line)
    refuse_other_targets(program, scenario.place)
    return program or program_for(words)


def has_machine(arch: str, scenario: Scenario) -> bool:
    """Whether QEMUs for an architecture have the machine of a scenario."""
    return (program_for(split_program(scenario.command_line)[1]) == ARM_PROGRAM) == (arch in ARM)


def is_v2(scenario: Scenario) -> bool:
    """Whether a scenario is written in the objects of the v2 series, or says so."""
    if scenario.dialect is not None:
        return scenario.dialect == V2
    try:
        config = config_of(scenario)
    except MachineExit:
        return False
    return config.dialect.name == V2 and config.dialect_reason != NOTHING_TELLS
