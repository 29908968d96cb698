"""Texts in QEMU's JSON dialect out of a stream of bytes: where one ends, how much it may hold, where an error lets go.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sandbox.qapi.json_lexer import STRAY, STRUCTURE, TOO_LARGE, JsonLexer, Token
from sandbox.qapi.json_parser import JsonError, JsonValue, parse_error, parse_tokens
from sandbox.qapi.json_text import decode_lossy

if TYPE_CHECKING:
    from collections.abc import Iterable


class JsonLimits(NamedTuple):
    """How much one text may hold: bytes in its tokens, tokens, and levels of nesting. The defaults are QEMU's."""

    size: int = 64 << 20
    tokens: int = 2 << 20
    nesting: int = 1024


QEMU_LIMITS: Final = JsonLimits()
_STEPS: Final = {b"{": (1, 0), b"}": (-1, 0), b"[": (0, 1), b"]": (0, -1)}


class TextAssembler:
    """Puts tokens together until they are one text."""

    __slots__ = ("_braces", "_brackets", "_lexer", "_limits", "_size", "_tokens")

    def __init__(self, limits: JsonLimits = QEMU_LIMITS) -> None:
        self._limits = limits
        self._lexer = JsonLexer(limits.size)
        self._tokens: list[Token] = []
        self._braces = 0
        self._brackets = 0
        self._size = 0

    @property
    def idle(self) -> bool:
        """Whether the stream is between texts."""
        return not self._tokens and self._lexer.idle

    def feed(self, data: bytes) -> list[JsonValue | JsonError]:
        """Take the next bytes, and return the values and errors that they complete."""
        return self._process(self._lexer.feed(data))

    def finish(self) -> list[JsonValue | JsonError]:
        """Return what is left at the end of the input; the stream is then as new."""
        done = self._process(self._lexer.finish())
        if self._tokens:
            done.append(self._parse())
        return done

    def _process(self, tokens: Iterable[Token]) -> list[JsonValue | JsonError]:
        done: list[JsonValue | JsonError] = []
        for token in tokens:
            if token.kind == STRUCTURE and token.text in _STEPS:
                braces, brackets = _STEPS[token.text]
                self._braces += braces
                self._brackets += brackets
            error = self._refusal(token)
            if error is not None:
                self._clear()
                done.append(error)
                continue
            self._tokens.append(token)
            self._size += len(token.text)
            if self._braces < 0 or self._brackets < 0 or self._braces + self._brackets == 0:
                done.append(self._parse())
        return done

    def _refusal(self, token: Token) -> JsonError | None:
        if token.kind == STRAY:
            return parse_error(f"stray '{decode_lossy(token.text.partition(bytes(1))[0])}'")
        if token.kind == TOO_LARGE or self._size + len(token.text) + 1 > self._limits.size:
            return JsonError("JSON token size limit exceeded")
        if len(self._tokens) + 1 > self._limits.tokens:
            return JsonError("JSON token count limit exceeded")
        if self._braces + self._brackets > self._limits.nesting:
            return JsonError("JSON nesting depth limit exceeded")
        return None

    def _parse(self) -> JsonValue | JsonError:
        try:
            return parse_tokens(self._tokens)
        except JsonError as error:
            return error
        finally:
            self._clear()

    def _clear(self) -> None:
        self._tokens = []
        self._braces = 0
        self._brackets = 0
        self._size = 0
