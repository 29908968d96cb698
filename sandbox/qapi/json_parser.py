"""The tokens of one JSON text -> its value, or QEMU's error about it.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.errors import QemuError
from sandbox.qapi.json_lexer import FLOAT, INTEGER, KEYWORD, STRING, STRUCTURE
from sandbox.qapi.json_text import INVALID_CHARACTER, decode, decode_lossy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.qapi.json_lexer import Token

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

LONGEST_MESSAGE: Final = 1023
"""QEMU cuts what it says about a parse error after so many bytes."""

_CONSTANTS: Final[Mapping[bytes, bool | None]] = {b"true": True, b"false": False, b"null": None}
_ESCAPES: Final[Mapping[int, str]] = dict(zip(b"\"'\\/bfnrt", "\"'\\/\b\f\n\r\t", strict=True))
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{4}")
_TRAILING: Final = re.compile(rb"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_LONGEST_INTEGER: Final = len(str(-(1 << 63)))


class JsonError(QemuError):
    """QEMU's error about a JSON text."""


def parse_error(what: str) -> JsonError:
    """Return the error that says ``what`` about a JSON text."""
    return JsonError(f"JSON parse error, {what}")


def parse_tokens(tokens: Sequence[Token]) -> JsonValue:
    """Return the value that ``tokens`` write.

    The tokens are those of one text: the brackets balance, or close too often, or the input ended among them.

    Raises:
        JsonError: they write no value.
    """
    return _Parser(tokens).parse()


class _Container:
    """An array or object that is open: ``key`` names the member whose value comes next; None if its name comes next."""

    __slots__ = ("key", "value")

    def __init__(self, value: list[JsonValue] | dict[str, JsonValue]) -> None:
        self.value = value
        self.key: str | None = None


class _Parser:
    """Goes over the tokens once, with the open containers on a stack: texts may nest deeper than Python calls."""

    __slots__ = ("_at", "_open", "_tokens")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._open: list[_Container] = []

    def parse(self) -> JsonValue:
        """Return the value of the whole text."""
        value: JsonValue = None
        complete = False
        while self._open or not complete:
            if not complete:
                value, complete = self._begin()
            else:
                value, complete = self._add(value)
        return value

    def _peek(self) -> Token:
        if self._at == len(self._tokens):
            raise parse_error("premature EOI")
        return self._tokens[self._at]

    def _begin(self) -> tuple[JsonValue, bool]:
        """Take the token that begins a value; return the value and True, or False if it opens a container."""
        token = self._peek()
        if token.kind == STRING:
            value: JsonValue = string_value(token.text)
        elif token.kind in (INTEGER, FLOAT):
            value = number_value(token)
        elif token.kind == KEYWORD:
            if token.text not in _CONSTANTS:
                raise parse_error(f"invalid keyword '{token.text.decode()}'"[:LONGEST_MESSAGE])
            value = _CONSTANTS[token.text]
        elif token.kind == STRUCTURE and token.text in b"{[":
            return self._begin_container(token.text)
        else:
            raise parse_error("expecting value")
        self._at += 1
        return value, True

    def _begin_container(self, bracket: bytes) -> tuple[JsonValue, bool]:
        container: list[JsonValue] | dict[str, JsonValue] = {} if bracket == b"{" else []
        self._at += 1
        token = self._peek()
        if token.kind == STRUCTURE and token.text == (b"}" if bracket == b"{" else b"]"):
            self._at += 1
            return container, True
        self._open.append(_Container(container))
        return None, False

    def _add(self, value: JsonValue) -> tuple[JsonValue, bool]:
        """Add a value to the innermost container; return the container and True if that closes it."""
        innermost = self._open[-1]
        container = innermost.value
        if isinstance(container, list):
            container.append(value)
            return self._separator(container, b"]", "expected separator in list")
        if innermost.key is None:
            if not isinstance(value, str):
                raise parse_error("key is not a string in object")
            if self._peek().text != b":":
                raise parse_error("missing : in object pair")
            self._at += 1
            innermost.key = value
            return None, False
        if innermost.key in container:
            raise parse_error("duplicate key")
        container[innermost.key] = value
        innermost.key = None
        return self._separator(container, b"}", "expected separator in dict")

    def _separator(
        self, container: list[JsonValue] | dict[str, JsonValue], closing: bytes, otherwise: str
    ) -> tuple[JsonValue, bool]:
        text = self._peek().text
        if text not in (closing, b","):
            raise parse_error(otherwise)
        self._at += 1
        if text == b",":
            return None, False
        self._open.pop()
        return container, True


def number_value(token: Token) -> int | float:
    """Return the number that a token writes: an integer that fits into 64 bits, signed or unsigned, else a float."""
    if token.kind == INTEGER and len(token.text) <= _LONGEST_INTEGER:
        number = int(token.text)
        if -(1 << 63) <= number < 1 << 64:
            return number
    return float(token.text)


def string_value(text: bytes) -> str:
    """Return the string that ``text``, a token with its quotes, writes.

    Raises:
        JsonError: it has a wrong escape sequence or is not UTF-8.
    """
    if b"\\" not in text:
        return _plain(text[1:-1])
    pieces: list[str] = []
    at, end = 1, len(text) - 1
    while at < end:
        if text[at] != 0x5C:
            stop = text.find(b"\\", at, end)
            stop = end if stop < 0 else stop
            pieces.append(_plain(text[at:stop]))
            at = stop
        elif text[at + 1] == 0x75:
            character, at = _escaped_character(text, at)
            pieces.append(character)
        elif text[at + 1] in _ESCAPES:
            pieces.append(_ESCAPES[text[at + 1]])
            at += 2
        else:
            raise parse_error("invalid escape sequence in string")
    return "".join(pieces)


def _plain(data: bytes) -> str:
    text = decode(data)
    if text is None:
        raise parse_error("invalid UTF-8 sequence in string")
    return text


def _escaped_character(text: bytes, at: int) -> tuple[str, int]:
    r"""Return the character of the ``\u`` sequence at ``at``, a surrogate pair perhaps, and where it ends."""
    digits = _HEX.match(text, at + 2)
    code = int(digits[0], 16) if digits else -1
    end = at + 6
    if 0xD800 <= code <= 0xDBFF:
        trailing = _TRAILING.match(text, end)
        if trailing:
            code = 0x10000 + ((code & 0x3FF) << 10) + (int(trailing[1], 16) & 0x3FF)
            end = trailing.end()
    if code < 0 or INVALID_CHARACTER.match(chr(code)):
        raise parse_error(f"{decode_lossy(text[at:end])} is not a valid Unicode character")
    return chr(code), end
