"""A command line as text: words quoted as in a shell, spread over lines, with comments; and back."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def split_command_line(text: str) -> tuple[str, ...]:
    """Cut a text into words.

    Words may be quoted as in a shell. A line end separates words unless a backslash stands right before it. A line
    whose first character, after white space, is ``#`` is a comment, also between lines that a backslash joins.

    Raises:
        ValueError: a quotation does not end.
    """
    joined = ""
    for line in text.split("\n"):
        if line.lstrip().startswith("#"):
            continue
        is_continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        joined += line[:-1] if is_continued else f"{line}\n"
    return tuple(shlex.split(joined))


def unsplittable(text: str) -> str | None:
    """Say what is wrong with a command line; None if nothing is."""
    try:
        split_command_line(text)
    except ValueError as error:
        return f"{str(error)[0].lower()}{str(error)[1:]}"
    return None


def fold_command_line(words: Sequence[str]) -> str:
    """Write words as text, each option with its value on a line of its own; the text ends with a line end."""
    lines: list[str] = []
    for word in words:
        quoted = shlex.quote(word)
        if not lines or word.startswith("-") or _is_program(lines):
            lines.append(quoted)
        else:
            lines[-1] += f" {quoted}"
    return "".join(f"{line}\n" for line in lines)


def _is_program(lines: Sequence[str]) -> bool:
    return len(lines) == 1 and not lines[0].startswith("-")
