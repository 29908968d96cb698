"""Node sets as libvirt and numactl write them: ``2-9``, ``0,2-4``, ``0-9,^3``; :mod:`sandbox.runs` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError

if TYPE_CHECKING:
    from sandbox.errors import Place

MOST: int = 1 << 16
"""The first number that no node and no CPU has."""


def parse_node_set(text: str, place: Place | None = None) -> tuple[int, ...]:
    """Return the numbers of a set, ascending; ``^`` takes some away from what stands before.

    Raises:
        InputError: it is no such set, or is empty.
    """
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, dash, last = part.removeprefix("^").partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InputError(f"'{text}' is no set of numbers; write it as '2-9' or '0,2-4'", place)
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or numbers[-1] >= MOST:
            raise InputError(f"'{part}' in '{text}' is no range of numbers below {MOST}", place)
        if part.startswith("^"):
            found -= set(numbers)
        else:
            found |= set(numbers)
    if not found:
        raise InputError(f"'{text}' leaves no number", place)
    return tuple(sorted(found))
