"""Where each option of a command line stands in the file that it was read from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.arguments import Option

COMMENT: Final = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


def option_places(options: Sequence[Option], text: str, start: Place | None) -> tuple[Place | None, ...]:
    """Return the place of each option.

    Args:
        options: in the order of the command line.
        text: the file; "" if there is none.
        start: where the command line begins in it.

    Returns:
        For each option the place of its value, or of its name if it has none; ``start`` for one that is written in the
        file in other words, such as with quotes within.
    """
    if not text or start is None or start.line is None:
        return (start,) * len(options)
    position = sum(len(line) for line in text.splitlines(keepends=True)[: start.line - 1]) + (start.column or 1) - 1
    text = COMMENT.sub(lambda found: " " * len(found[0]), text)
    places: list[Place | None] = []
    for option in options:
        name = option.text.partition(" ")[0]
        found = text.find(option.value or name, max(text.find(name, position), position))
        if found < 0:
            places.append(start)
            continue
        position = found + len(option.value or name)
        before = text[:found]
        column = found - (before.rfind("\n") + 1) + 1
        places.append(Place(start.file, before.count("\n") + 1, column))
    return tuple(places)
