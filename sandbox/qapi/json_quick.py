"""The short way for ordinary JSON texts: those that QEMU and Python's own scanner read alike.

The scanner gives way, and leaves the text to :mod:`sandbox.qapi.json_stream`, as soon as it meets anything that the two
could see differently. That other way is the rule; this one only saves time.
"""

from __future__ import annotations

import re
from json.decoder import JSONDecoder
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from sandbox.qapi.json_parser import JsonValue

LARGEST: Final = 1 << 20
"""How many bytes are tried: with so few, neither QEMU's limit on the size of a text nor on its tokens is reached."""

MOST_BRACKETS: Final = 1024
"""With so few opening brackets, a text does not reach QEMU's limit on nesting."""

_NOT_SPACE: Final = re.compile(r"[^ \t\r\n]")


def _integer(text: str) -> int | float:
    number = int(text)
    return number if -(1 << 63) <= number < 1 << 64 else float(text)


def _float(text: str) -> float:
    if text[:2] in ("0e", "0E") or text[:3] in ("-0e", "-0E"):
        raise ValueError
    return float(text)


def _constant(_text: str) -> NoReturn:
    raise ValueError


def _object(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    made = dict(members)
    if len(made) != len(members):
        raise ValueError
    return made


class QuickScanner:
    """Takes whole objects and arrays from the front of some bytes."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = JSONDecoder(
            object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
        )

    def take(self, data: bytes) -> tuple[list[JsonValue], int]:
        """Return the ordinary values at the front of ``data``, and how many bytes they take with the space around."""
        values: list[JsonValue] = []
        if len(data) > LARGEST or not data.isascii() or b"\\u" in data:
            return values, 0
        text = data.decode("ascii")
        end = 0
        while (found := _NOT_SPACE.search(text, end)) is not None:
            start = found.start()
            if text[start] not in "{[":
                return values, end
            try:
                value, stop = self._decoder.raw_decode(text, start)
            except (ValueError, RecursionError):
                return values, end
            if (
                stop - start > MOST_BRACKETS
                and text.count("[", start, stop) + text.count("{", start, stop) > MOST_BRACKETS
            ):
                return values, end
            values.append(value)
            end = stop
        return values, len(data)
