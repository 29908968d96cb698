"""What several commands are asked for in the same words: a dialect, a scenario, the QEMU to run, time limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from sandbox.live.session import Limits
    from sandbox.scenario.model import Scenario

MOST_SECONDS: Final = 86400.0


def add_dialect(command: argparse.ArgumentParser) -> None:
    """Give a command's parser the option that names a dialect."""
    known = "v2, 9.0, 9.2, 10.0 or 11.1, or the version of a QEMU, such as 10.2"
    command.add_argument("--dialect", type=dialect, metavar="D", help=f"{known} (default: as the objects tell)")


def dialect(text: str) -> str:
    """Return the name of the dialect that a QEMU of a version speaks; any other text as it is."""
    from qom_types.dialects import DIALECTS
    from qom_types.meant import FIRST_MERGED, dialect_of_version
    from sandbox.machine.versions import RELEASES

    parts = text.split(".")
    if text in DIALECTS or len(parts) not in (2, 3) or not all(part.isdecimal() and part.isascii() for part in parts):
        return text
    major, minor, micro = (*map(int, parts), 0)[:3]
    is_known = (major, minor) in RELEASES and (major, minor, micro) >= FIRST_MERGED
    return dialect_of_version((major, minor, micro))[0] if is_known else text


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


def add_scenario(command: argparse.ArgumentParser) -> None:
    """Give a command's parser what :func:`sandbox.commands.reading.scenario_or_domain` reads."""
    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a YAML file; or QEMU's arguments after '--'")
    command.add_argument("--libvirt", metavar="FILE", help="instead of a scenario, the XML of a libvirt domain")


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

    from sandbox.machine.arguments import program_of

    program = (
        shlex.quote(program_of(scenario.command_line, scenario.place)) if arguments.qemu is None else arguments.qemu
    )
    return binaries(arguments.binary_prefix, (program,))[0]


def said(notes: Iterable[str]) -> str:
    """Return what is to be said about the input as the lines that go to stderr."""
    return "\n".join(f"note: {note}" for note in notes)
