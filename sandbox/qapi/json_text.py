"""QEMU's text encoding, modified UTF-8: UTF-8, but U+0000 is the two bytes C0 80, and noncharacters are invalid."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACEMENT: Final = "\ufffd"
_SMALLEST: Final = (0, 0, 0x80, 0x800, 0x10000)
"""The smallest code point that a sequence of so many bytes may stand for."""

_NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
INVALID_CHARACTER: Final = re.compile(f"[\ud800-\udfff{_NONCHARACTERS}]")
"""A character that QEMU takes neither from UTF-8 nor from an escape sequence: a surrogate or a noncharacter."""


def encode(text: str) -> bytes:
    """Return the bytes of ``text`` as QEMU keeps them; a surrogate gives the byte that Python could not decode."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return data.replace(b"\0", b"\xc0\x80") if b"\0" in data else data


def decode(data: bytes) -> str | None:
    """Return the text that ``data`` encodes, or None if some of it is invalid."""
    if data.isascii():
        return data.decode("ascii")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        characters = list(_characters(data))
        return None if None in characters else "".join(filter(None, characters))
    return None if INVALID_CHARACTER.search(text) else text


def decode_lossy(data: bytes) -> str:
    """Return the text that ``data`` encodes, with U+FFFD for each invalid sequence, as QEMU shows it."""
    text = decode(data)
    return text if text is not None else "".join(found or REPLACEMENT for found in _characters(data))


def _characters(data: bytes) -> Iterator[str | None]:
    """Yield the characters of ``data``, None for an invalid sequence.

    An invalid sequence ends before the first byte that cannot continue it.
    """
    at = 0
    while at < len(data):
        first = data[at]
        at += 1
        if first < 0x80:
            yield chr(first)
            continue
        if first < 0xC0 or first >= 0xFE:
            yield None
            continue
        length = 8 - (first ^ 0xFF).bit_length()
        rest = data[at : at + length - 1]
        taken = next((index for index, byte in enumerate(rest) if byte & 0xC0 != 0x80), len(rest))
        at += taken
        yield _character(first & (0x7F >> length), rest) if taken == length - 1 else None


def _character(value: int, rest: bytes) -> str | None:
    for byte in rest:
        value = value << 6 | byte & 0x3F
    if value > 0x10FFFF:
        return None
    overlong = value < _SMALLEST[min(len(rest) + 1, 4)] or len(rest) > 3
    if overlong and not (value == 0 and len(rest) == 1):
        return None
    character = chr(value)
    return None if INVALID_CHARACTER.match(character) else character
