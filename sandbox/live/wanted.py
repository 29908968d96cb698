"""What a scenario wants of a live QEMU: which program, which machine, whether it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import NOTHING_TELLS
from sandbox.errors import MachineExit
from sandbox.live.dialect import V2
from sandbox.live.ram import ARM
from sandbox.live.standins.run import read_options
from sandbox.machine.arguments import split_arguments
from sandbox.machine.command_line import parse_arguments
from sandbox.records import replace
from sandbox.scenario.model import AnyReply, Command, Step

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario

X86_PROGRAM: Final = "qemu-system-x86_64"
ARM_PROGRAM: Final = "qemu-system-aarch64"
LETS_RUN: Final = "cont, so that firmware reads the tables: -S holds the machine"


def program_of(scenario: Scenario) -> str:
    """Return the QEMU that a scenario's command line names, or else the one that has its machine.

    A command line that cannot be cut into options is as good as any: QEMU says what is wrong with it.
    """
    words = scenario.command_line
    if arguments_of(scenario) != words:
        return words[0]
    try:
        return split_arguments(words).program
    except MachineExit:
        is_arm = any(word.split(",")[0].removeprefix("type=").startswith("virt") for word in words)
        return ARM_PROGRAM if is_arm else X86_PROGRAM


def has_machine(arch: str, scenario: Scenario) -> bool:
    """Whether QEMUs for an architecture have the machine of a scenario."""
    machines = [
        option.value or "" for option in read_options(arguments_of(scenario)) if option.name in ("M", "machine")
    ]
    names = [name for value in machines for name in value.split(",") if "=" not in name or name.startswith("type=")]
    is_virt = bool(names) and names[-1].removeprefix("type=").startswith("virt")
    return is_virt == (arch in ARM)


def is_v2(scenario: Scenario) -> bool:
    """Whether a scenario is written in the objects of the v2 series, or says so."""
    if scenario.dialect is not None:
        return scenario.dialect == V2
    commands = [step.command for step in scenario.steps]
    added = [command.arguments or {} for command in commands if command is not None and command.name == "object-add"]
    try:
        config = parse_arguments(scenario.command_line, None, scenario.place, added)
    except MachineExit:
        return False
    return config.dialect.name == V2 and config.dialect_reason != NOTHING_TELLS


def that_runs(scenario: Scenario) -> Scenario:
    """Return a scenario in which the machine runs at last, if ``-S`` holds it and no step lets it go.

    Firmware would read no tables otherwise, and there would be none to compare.
    """
    from sandbox.live.standins import is_paused

    commands = {step.command.name for step in scenario.steps if step.command is not None}
    if not is_paused(arguments_of(scenario)) or "cont" in commands:
        return scenario
    last = Step(Command("cont", None, AnyReply()), name=LETS_RUN)
    return replace(scenario, steps=(*scenario.steps, last))


def arguments_of(scenario: Scenario) -> tuple[str, ...]:
    """Return a scenario's command line without the program."""
    words = scenario.command_line
    return words[1:] if words and words[0].rpartition("/")[2].startswith("qemu") else words
