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

OF_DOMAINS: Final = "taken for a libvirt domain"
"""Why a libvirt domain is read in the dialect that it is, where none is asked for."""

MOST_SECONDS: Final = 86400.0


def add_dialect(command: argparse.ArgumentParser) -> None:
    """Give a command's parser the option that names a dialect."""
    known = "v2, 9.0, 9.2, 10.0 or 11.1, or the version of a QEMU, such as 10.2"
    command.add_argument("--dialect", type=dialect, metavar="D", help=f"{known} (default: as the objects tell)")


def dialect(text: str) -> str:
    """Return the name of the dialect that a QEMU of a version speaks; any other text as it is."""
    from qom_types.dialects import DIALECTS
    from sandbox.machine.versions import RELEASES

    parts = text.split(".")
    if text in DIALECTS or len(parts) not in (2, 3) or not all(part.isdecimal() and part.isascii() for part in parts):
        return text
    major, minor, micro = (*map(int, parts), 0)[:3]
    from sandbox.live.dialect import FIRST_MERGED, dialect_of

    is_known = (major, minor) in RELEASES and (major, minor, micro) >= FIRST_MERGED
    return dialect_of((major, minor, micro))[0] if is_known else text


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


def add_libvirt(command: argparse.ArgumentParser) -> None:
    """Give a command's parser the option that takes a libvirt domain for a scenario."""
    command.add_argument("--libvirt", metavar="FILE", help="instead of a scenario, the XML of a libvirt domain")


def scenario_or_domain(arguments: argparse.Namespace) -> tuple[Scenario, Sequence[str]]:
    """Return the one scenario that is given, of whichever form, and what is to be said about it.

    Raises:
        InputError, InputErrors: there is none, or more than one, or the file is none.
    """
    given = (arguments.scenario is not None, arguments.qemu_words is not None, arguments.libvirt is not None)
    if sum(given) != 1:
        raise InputError("give either a scenario, or QEMU arguments after '--', or --libvirt")
    if arguments.libvirt is None:
        return one_scenario(arguments), ()
    from sandbox.commands.convert import libvirt_scenario

    return libvirt_scenario(arguments.libvirt, arguments.dialect)


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
