"""What the commands compare and record are asked to run and to hold against each other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sandbox.commands import DONE, FAILED, UNANSWERED, WRONG_INPUT
from sandbox.commands.asked import binary_of, limits_of
from sandbox.commands.reading import WORDS, read_scenario, scenario_of_words
from sandbox.errors import InputError, InputErrors, MachineExit, Place
from sandbox.files import list_folder
from sandbox.records import record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sandbox.errors import SandboxError
    from sandbox.live.endpoints import SocketRoot
    from sandbox.live.running import LiveQemu
    from sandbox.scenario.model import Scenario

SOURCES: Final = ("attach", "dump", "recorded")
"""The options that name another side than a QEMU to start."""

IDLE_BESIDE: Final = {
    "attach": ("qemu", "binary_prefix"),
    "dump": ("qemu", "binary_prefix", "socket_root", "timeout"),
    "recorded": ("dialect", "firmware"),
}
"""Options that say nothing beside one of these."""


@record
class Failure:
    """Something that could not be compared, or recorded: what, why, and the exit status that it asks for."""

    name: str
    message: str
    status: int


def failure(name: str, error: SandboxError) -> Failure:
    """Return what became of a comparison or a recording that could not be made."""
    if isinstance(error, InputError | InputErrors):
        return Failure(name, str(error), WRONG_INPUT)
    if isinstance(error, MachineExit):
        return Failure(name, f"{name}: QEMU would end with status {error.status}: {error.stderr}", FAILED)
    return Failure(name, f"{name}: {error}", UNANSWERED)


def status_of(failures: Iterable[Failure], *, passed: bool) -> int:
    """Return the exit status: what is wrong with the input comes first, then a difference, then a missing answer."""
    found = {failure.status for failure in failures} | ({DONE} if passed else {FAILED})
    return next((status for status in (WRONG_INPUT, FAILED, UNANSWERED) if status in found), DONE)


def source_of(arguments: argparse.Namespace) -> str:
    """Return the option that names the other side; ``qemu`` where none does.

    Raises:
        InputError: options exclude each other, or one has no value.
    """
    given = [name for name in SOURCES if getattr(arguments, name) is not None]
    if len(given) > 1:
        raise InputError(f"--{given[0]} and --{given[1]} exclude each other")
    for name in given:
        if not getattr(arguments, name):
            raise InputError(f"--{name} has no value")
        for other in IDLE_BESIDE[name]:
            if getattr(arguments, other) is not None:
                raise InputError(f"--{other.replace('_', '-')} says nothing beside --{name}: leave it out")
    return given[0] if given else "qemu"


def scenarios(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Scenario]]]:
    """Give the scenarios that are asked for, each with what reads it.

    Raises:
        InputError: there are none, or both kinds; or the dialect is unknown.
    """
    from qom_types.dialects import dialect_named

    if bool(arguments.scenarios) == (arguments.qemu_words is not None):
        raise InputError("give either scenarios or QEMU arguments after '--'")
    if arguments.dialect is not None:
        dialect_named(arguments.dialect)
    for name in arguments.scenarios:
        yield name, lambda name=name: read_scenario(name, arguments.dialect)  # type: ignore[misc]
    if arguments.qemu_words is not None:
        yield WORDS, lambda: scenario_of_words(arguments)


def qemu_of(arguments: argparse.Namespace, scenario: Scenario) -> LiveQemu:
    """Return the QEMU to run a scenario on.

    Raises:
        InputError: there is no such program.
    """
    from sandbox.live.running import LiveQemu

    binary = binary_of(arguments, scenario)
    root = socket_root(arguments.socket_root)
    return LiveQemu(binary, arguments.firmware or "none", root, limits_of(arguments.timeout))


def socket_root(text: str | None) -> SocketRoot | None:
    """Read what ``--socket-root`` says."""
    if text is None:
        return None
    from pathlib import Path

    from sandbox.live.endpoints import SocketRoot

    host, colon, inside = text.partition(":")
    if not colon or not host or not inside.startswith("/"):
        raise InputError(f"--socket-root {text}: write it as DIR-HERE:DIR-AS-QEMU-SEES-IT")
    return SocketRoot(Path(host), inside)


def recordings(arguments: argparse.Namespace) -> Sequence[str]:
    """Return the folders of the recordings that a folder holds, or is."""
    from sandbox.compare.recording import RECORDING_FILE

    if arguments.scenarios or arguments.qemu_words is not None:
        raise InputError("--recorded compares what was recorded: give no scenario and no QEMU arguments")
    root = arguments.recorded
    if os.path.exists(os.path.join(root, RECORDING_FILE)):
        return (root,)
    found = [name for name in list_folder(root) if os.path.exists(os.path.join(name, RECORDING_FILE))]
    if not found:
        raise InputError("no recording in here; make one with 'qom-sandbox record'", Place(root))
    return found


def recording_name(arguments: argparse.Namespace, source: str) -> str:
    """Return the name of the folder in which a recording goes.

    Raises:
        InputError: it is no name of a folder.
    """
    stem = os.path.splitext(os.path.basename(source))[0].replace(" ", "-")
    name: str = (stem if stem.strip("-") else "recording") if arguments.name is None else arguments.name
    if not name or "/" in name or name in (".", ".."):
        raise InputError(f"--name '{name}': it is no name of a folder")
    return name
