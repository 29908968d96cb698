"""What is said of words that are no command, or no option of the command: what was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def unknown_command(word: str, known: Iterable[str]) -> str:
    """Say that there is no such command, and which one was meant or which there are."""
    known = tuple(known)
    meant = _close(word, known)
    remedy = f"did you mean '{meant}'?" if meant else f"it can be: {', '.join(known)}"
    return f"there is no command '{word}'; {remedy}"


def unknown_arguments(unknown: Sequence[str], usage: str, *, takes_qemu_arguments: bool) -> str:
    """Say that arguments are none of a command, and which were meant.

    Args:
        unknown: the arguments.
        usage: how the command is used, with all of its options.
        takes_qemu_arguments: whether the command has use for QEMU's arguments.
    """
    known = OPTION.findall(usage)
    said = f"unrecognized arguments: {' '.join(unknown)}"
    options = (word.partition("=")[0] for word in unknown if word.startswith("--"))
    meant = [f"'{close}'" for option in options if (close := _close(option, known))]
    if meant:
        return f"{said}; did you mean {' and '.join(meant)}?"
    return f"{said}; QEMU's arguments come after '--'" if takes_qemu_arguments else said


def _close(word: str, known: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.lower().replace("_", "-"), known, n=1)), None)
