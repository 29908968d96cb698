"""What each command of ``qom-sandbox`` does: arguments in, text and an exit status out. Nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, SandboxError
from sandbox.files import STANDARD_INPUT
from sandbox.records import record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from sandbox.report.style import Style

    Command = Callable[[argparse.Namespace, Style], "Result"]

DONE: Final = 0
FAILED: Final = 1
WRONG_INPUT: Final = 2
UNANSWERED: Final = 3
INTERRUPTED: Final = 130

MODULES: Final[Mapping[str, str]] = {
    "replay": "offline",
    "tables": "offline",
    "show": "offline",
    "diff": "offline",
    "serve": "serve",
    "shell": "serve",
    "schema": "offline",
    "compare": "bridge",
    "record": "bridge",
    "campaign": "campaign",
    "guest": "guest",
    "lint": "advice",
    "translate": "convert",
    "export": "exporting",
}
"""The module of this package that has a command; only that of the command that runs is loaded."""


WRITTEN: Final = frozenset({"sarif", "junit", "output", "record", "sysfs", "results"})
"""The options whose files are written, not read."""


class SchemaMismatch(SandboxError):
    """Our members of an object are not those of the schema that a user gave."""


@record
class Result:
    """What a command comes to: the text for stdout, the text for stderr, the exit status."""

    text: str = ""
    status: int = DONE
    errors: str = ""


def add_arguments(name: str, parser: argparse.ArgumentParser) -> None:
    """Give the parser of a command its arguments."""
    _module(name).add_arguments(name, parser)


def run(arguments: argparse.Namespace, style: Style) -> Result:
    """Run the command that the arguments name.

    Raises:
        InputError, InputErrors, DecodeError: what was given is wrong.
        MachineExit: QEMU would end where it should make tables.
    """
    command: Command = getattr(_module(arguments.command), arguments.command)
    _check_standard_input(arguments)
    try:
        return command(arguments, style)
    except SchemaMismatch as mismatch:
        return Result(status=FAILED, errors=str(mismatch))


def _check_standard_input(arguments: argparse.Namespace) -> None:
    """Refuse ``-`` in the place of two files: what is read there is gone."""
    given = [value for name, value in vars(arguments).items() if name not in (*WRITTEN, "qemu_words")]
    words = [word for value in given for word in (value if isinstance(value, list) else [value])]
    if words.count(STANDARD_INPUT) > 1:
        raise InputError("standard input can be read only once: give '-' in one place")


def _module(name: str) -> ModuleType:
    from importlib import import_module

    return import_module(f"sandbox.commands.{MODULES[name]}")


def as_json(value: object) -> str:
    """Return a value as JSON for people and programs."""
    import json

    return json.dumps(value, indent=2) + "\n"
