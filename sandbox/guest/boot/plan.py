"""What of a scenario a guest is to be booted with: the history up to the moment at which firmware read its last tables.

A booted machine is held until all commands of the history are executed; its firmware reads the tables once, when it is
let go. What comes after the last reading of a replay therefore must not be executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import DIALECTS
from sandbox.guest.boot.runner import MOST_SECONDS, boot
from sandbox.live.machine import is_reset
from sandbox.machine.arguments import TARGETS, program_for, split_arguments, split_program, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.guest.boot.cache import GuestKernel
    from sandbox.guest.boot.console import Progress
    from sandbox.guest.boot.runner import Boot, Watch
    from sandbox.live.prepared import Prepared
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables

BINARIES: Final[Mapping[str, str]] = {"x86": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
"""The program that boots a guest, by architecture."""

HELD: Final = frozenset({"cont", "stop", "quit", "system_powerdown", "system_wakeup"})
"""Commands that would let the machine go, hold or end it: a boot does that by itself."""


def guest_architecture(words: Sequence[str]) -> str:
    """Return the architecture of the guest that runs on a machine: ``x86`` or ``arm64``.

    Raises:
        MachineExit: QEMU would not know an option.
    """
    target = target_of(split_arguments(words).program) or target_of(program_for(split_program(words)[1]))
    return "arm64" if TARGETS.get(target) == "aarch64" else "x86"


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


def must_be_given(dialect: str) -> bool:
    """Whether a guest must be given the tables of a dialect, because no QEMU that boots guests here makes them.

    None has the objects of v2; those of 9.0 are in all, with another encoding of the handle.
    """
    found = DIALECTS[dialect]
    return found.family == "v2" or found.swaps_bus_and_devfn


def by_signature(tables: Tables) -> dict[str, bytes | None]:
    """Return tables by their signatures, as :func:`sandbox.guest.boot.runner.boot` takes them."""
    return {"SRAT": tables.srat, "SLIT": tables.slit, "HMAT": tables.hmat}


def boot_scenario(
    scenario: Scenario,
    prepared: Prepared,
    kernel: GuestKernel,
    *,
    dialect: str,
    tables: Tables,
    binary: Sequence[str] = (),
    give: bool = False,
    seconds: float = MOST_SECONDS,
    progress: Progress | None = None,
    watch: Watch | None = None,
    panic_foretold: bool = False,
) -> Boot:
    """Boot a guest on the machine of a scenario, as firmware last found it.

    Args:
        scenario: what happens to the machine.
        prepared: its command line, made such that it can be started.
        kernel: what is booted.
        dialect: the name of the one in which the sandbox reads the scenario.
        tables: those that the sandbox makes of it, or others that are to be tried.
        binary: the QEMU, as for :func:`sandbox.live.start.start`; by default the one on PATH.
        give: whether the guest is given the tables in any case; else only where QEMU would make others.
        seconds: how long the boot may take.
        progress: called with what is going on, in a few words.
        watch: as for :func:`sandbox.guest.boot.runner.boot`.
        panic_foretold: likewise.

    Raises:
        InputError, MachineExit, LiveError: as :func:`sandbox.guest.boot.runner.boot`.
    """
    # what the history does to objects of v2 a released QEMU refuses, and that is passed over
    given = by_signature(tables) if give or must_be_given(dialect) else None
    return boot(
        binary or (BINARIES[kernel.arch],),
        prepared,
        kernel,
        commands=history(scenario),
        tables=given,
        seconds=seconds,
        progress=progress,
        watch=watch,
        panic_foretold=panic_foretold,
    )
