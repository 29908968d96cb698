"""What of a scenario a guest is to be booted with: the history up to the moment at which firmware read its last tables.

A booted machine is held until all commands of the history are executed; its firmware reads the tables once, when it is
let go. What comes after the last reading of a replay therefore must not be executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import DIALECTS
from sandbox.live.machine import is_reset
from sandbox.machine.arguments import split_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables

HELD: Final = frozenset({"cont", "stop", "quit", "system_powerdown", "system_wakeup"})
"""Commands that would let the machine go, hold or end it: a boot does that by itself."""


def guest_architecture(words: Sequence[str]) -> str:
    """Return the architecture of the guest that runs on a machine: ``x86`` or ``arm64``.

    Raises:
        MachineExit: QEMU would not know an option.
    """
    return "arm64" if "qemu-system-aarch64" in split_arguments(words).program else "x86"


def history(scenario: Scenario) -> tuple[tuple[str, Mapping[str, object] | None], ...]:
    """Return the commands that are executed before firmware reads its last tables, as QMP has them.

    Raises:
        MachineExit: QEMU would not know an option.
    """
    options = split_arguments(scenario.command_line).options
    running = not any(option.name == "S" for option in options)
    is_read = running
    commands: list[tuple[str, Mapping[str, object] | None]] = []
    until = 0
    for command in (step.command for step in scenario.steps):
        if command is None:
            continue
        if command.name not in HELD:
            commands.append((command.name, command.arguments))
        if is_reset(command.name, command.arguments):
            is_read = False
        elif command.name in ("cont", "stop"):
            running = command.name == "cont"
        if running and not is_read:
            is_read = True
            until = len(commands)
    return tuple(commands[:until])


def is_released(dialect: str) -> bool:
    """Whether there is a QEMU that has the objects of a dialect; if not, a guest must be given the tables."""
    return DIALECTS[dialect].family != "v2"


def by_signature(tables: Tables) -> dict[str, bytes | None]:
    """Return tables by their signatures, as :func:`sandbox.guest.boot.runner.boot` takes them."""
    return {"SRAT": tables.srat, "SLIT": tables.slit, "HMAT": tables.hmat}
