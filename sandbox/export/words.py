"""A scenario's command line for a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.scenario.command_line import fold_command_line

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario


def shell_text(scenario: Scenario, program: str) -> str:
    """Return the command line, quoted for a shell, an option a line, to be pasted as one command.

    Args:
        scenario: whose command line it is.
        program: the QEMU, where the command line does not name one.
    """
    words = scenario.command_line
    if not words or words[0].startswith("-"):
        words = (program, *words)
    return " \\\n    ".join(fold_command_line(words).splitlines()) + "\n"
