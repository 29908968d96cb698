"""What several commands are asked for in the same words: scenarios, QEMU arguments, the QEMU to run, time limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.live.session import Limits
    from sandbox.scenario.model import Scenario

WORDS: Final = "command line"
"""How messages and recordings call QEMU arguments that were given behind ``--``."""

MOST_SECONDS: Final = 86400.0


def add_dialect(command: argparse.ArgumentParser) -> None:
    """Give a command's parser the option that names a dialect."""
    command.add_argument("--dialect", metavar="D", help="v2, 9.0, 9.2, 10.0 or 11.1 (default: as the objects tell)")


def seconds(text: str) -> float:
    """Read a number of seconds to wait: above 0, and no more than a day.

    Raises:
        ValueError: it is none.
    """
    value = float(text)
    if not 0 < value <= MOST_SECONDS:
        raise ValueError(text)
    return value


def limits_of(given: float | None) -> Limits:
    """Return how long to wait for a live QEMU, as ``--timeout`` says."""
    from sandbox.live.session import DEFAULT_LIMITS, Limits

    return DEFAULT_LIMITS if given is None else Limits(given, given, DEFAULT_LIMITS.end, given)


def scenario_of_words(arguments: argparse.Namespace) -> Scenario:
    """Return the QEMU arguments behind ``--`` as a scenario without steps."""
    from sandbox.scenario.model import Scenario

    return Scenario(WORDS, tuple(arguments.qemu_words), dialect=arguments.dialect, place=Place(WORDS))


def one_scenario(arguments: argparse.Namespace) -> Scenario:
    """Return the one scenario that is given, from a file or as QEMU arguments.

    Raises:
        InputError, InputErrors: there is none, or both, or the file is none.
    """
    if (arguments.scenario is None) == (arguments.qemu_words is None):
        raise InputError("give either a scenario or QEMU arguments after '--'")
    if arguments.qemu_words is not None:
        return scenario_of_words(arguments)
    from sandbox.commands.offline import read_scenario

    return read_scenario(arguments.scenario, arguments.dialect)


def binaries(prefix: str | None, programs: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the commands that start QEMUs.

    Args:
        prefix: what ``--binary-prefix`` says.
        programs: each as ``--qemu`` says, a command as for a shell.

    Raises:
        InputError: one cannot be cut into words, or is no program here.
    """
    import shlex
    import shutil

    try:
        before = tuple(shlex.split(prefix or ""))
        split = [tuple(shlex.split(program)) for program in programs]
    except ValueError as error:
        raise InputError(f"--qemu and --binary-prefix are words as for a shell: {str(error).lower()}") from None
    if () in split:
        raise InputError("--qemu names no program")
    found = tuple((*before, *words) for words in split)
    for binary in found:
        if shutil.which(binary[0]) is None:
            raise InputError(f"no {binary[0]} on PATH: name a QEMU with --qemu, or install one (make qemu)")
    return found


def binary_of(arguments: argparse.Namespace, scenario: Scenario) -> tuple[str, ...]:
    """Return the program that is to run a scenario, and what goes before its arguments.

    Raises:
        InputError: there is none.
    """
    import shlex

    from sandbox.live.wanted import program_of

    program = shlex.quote(program_of(scenario)) if arguments.qemu is None else arguments.qemu
    return binaries(arguments.binary_prefix, (program,))[0]
