"""What a scenario wants of a live QEMU: which machine, which objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.dialects import V2
from qom_types.meant import NOTHING_TELLS
from sandbox.errors import MachineExit
from sandbox.live.ram import ARM
from sandbox.machine.arguments import ARM_PROGRAM, program_for, split_program
from sandbox.scenario.emulation import config_of

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario


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
