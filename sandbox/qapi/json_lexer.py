"""Bytes -> tokens of QEMU's JSON dialect, piece by piece, with QEMU's recovery after an error.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STRUCTURE: Final = "structure"
STRING: Final = "string"
INTEGER: Final = "integer"
FLOAT: Final = "float"
KEYWORD: Final = "keyword"
STRAY: Final = "stray"
"""Bytes that begin no token; the lexer then skips to where it may start afresh."""

TOO_LARGE: Final = "too large"
"""A token that has grown past the limit; its text is dropped."""


class Token(NamedTuple):
    """A token: its kind and its bytes."""

    kind: str
    text: bytes


class _State(NamedTuple):
    """What the lexer does in the middle of a token.

    Attributes:
        run: matches the bytes that keep it in this state.
        moves: from the byte that follows these to the next state, or to the kind of the token that the byte completes.
        otherwise: the kind of the token that ends before any other byte; STRAY if that byte is wrong, and goes with it.
    """

    run: re.Pattern[bytes] | None
    moves: Mapping[int, str]
    otherwise: str


def _moves(**targets: str) -> dict[int, str]:
    return {byte: target for target, text in targets.items() for byte in text.encode()}


_DIGITS: Final = re.compile(rb"[0-9]+")
_STATES: Final[Mapping[str, _State]] = {
    "double": _State(re.compile(rb'[^\x00-\x1f"\\\xfe\xff]+'), {0x22: STRING, 0x5C: "double_escape"}, STRAY),
    "double_escape": _State(None, dict.fromkeys(range(0x20, 0xFE), "double"), STRAY),
    "single": _State(re.compile(rb"[^\x00-\x1f'\\\xfe\xff]+"), {0x27: STRING, 0x5C: "single_escape"}, STRAY),
    "single_escape": _State(None, dict.fromkeys(range(0x20, 0xFE), "single"), STRAY),
    "minus": _State(None, _moves(zero="0", digits="123456789"), STRAY),
    "zero": _State(None, _moves(point=".", stray="0123456789"), INTEGER),
    "digits": _State(_DIGITS, _moves(point=".", e="eE"), INTEGER),
    "point": _State(None, _moves(fraction="0123456789"), STRAY),
    "fraction": _State(_DIGITS, _moves(e="eE"), FLOAT),
    "e": _State(None, _moves(e_sign="+-", exponent="0123456789"), STRAY),
    "e_sign": _State(None, _moves(exponent="0123456789"), STRAY),
    "exponent": _State(_DIGITS, {}, FLOAT),
    "keyword": _State(re.compile(rb"[a-z]+"), {}, KEYWORD),
}
_STARTS: Final[Mapping[int, str]] = {
    **_moves(double='"', single="'", zero="0", digits="123456789", minus="-", structure="[]{}:,"),
    **dict.fromkeys(range(0x61, 0x7B), "keyword"),
}
_WHOLE: Final = re.compile(
    rb"""[ \t\r\n]*+(?:
        (?P<structure>[\[\]{}:,])
      | (?P<string>"(?:[^\x00-\x1f"\\\xfe\xff]++|\\[\x20-\xfd])*+"|'(?:[^\x00-\x1f'\\\xfe\xff]++|\\[\x20-\xfd])*+')
      | (?P<integer>-?(?:0(?=[^0-9.])|[1-9][0-9]*+(?=[^0-9.eE])))
      | (?P<keyword>[a-z]++(?=[^a-z]))
    )""",
    re.VERBOSE,
)
"""The usual tokens where they are whole, which need no states; the groups are named for their kinds."""

_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_SKIPPED: Final = re.compile(rb"[^\x00-\x08\x0a-\x1f\[\]{}:,\xfe\xff]*")
"""What is skipped after an error: all up to a structural character, a control character but the tab, or FE, FF."""


class JsonLexer:
    """Takes bytes in pieces of any size and gives the tokens that they complete.

    A number or keyword is complete only when something follows it.

    Args:
        largest: the size of the largest token, in bytes.
    """

    __slots__ = ("_largest", "_parts", "_size", "_skipping", "_state")

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._state: _State | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False

    @property
    def idle(self) -> bool:
        """Whether the lexer is between tokens."""
        return self._state is None and not self._skipping

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield the tokens that ``data`` completes."""
        at = 0
        while at < len(data):
            if self._state is None:
                whole = None if self._skipping else _WHOLE.match(data, at)
                if whole is not None and whole.lastgroup and whole.end() - at <= self._largest:
                    yield Token(whole.lastgroup, whole[whole.lastgroup])
                    at = whole.end()
                    continue
                at = self._skip(data, at)
                if at == len(data):
                    return
                target = _STARTS.get(data[at], STRAY)
                if target in _STATES:
                    self._state = _STATES[target]
                    self._grow(data[at : at + 1])
                else:
                    yield Token(target, data[at : at + 1])
                    self._skipping = target == STRAY
                at += 1
                continue
            at, token = self._continue(self._state, data, at)
            if token is not None:
                yield token

    def finish(self) -> Iterator[Token]:
        """Yield what is left at the end of the input: a number or keyword that is complete now, or half a token."""
        state = self._state
        if state is not None:
            yield self._end(state.otherwise)
        self._skipping = False

    def _skip(self, data: bytes, at: int) -> int:
        """Return where the next token starts; the end of the data if it does not show one."""
        if self._skipping:
            skipped = _SKIPPED.match(data, at)
            at = skipped.end() if skipped else at
            if at == len(data):
                return at
            self._skipping = False
        space = _SPACE.match(data, at)
        return space.end() if space else at

    def _continue(self, state: _State, data: bytes, at: int) -> tuple[int, Token | None]:
        """Go on with the token that has begun; return how far, and the token if it is complete."""
        room = self._largest + 1 - self._size
        run = state.run.match(data, at, at + room) if state.run else None
        if run is not None:
            self._grow(run[0])
            at = run.end()
        elif (target := state.moves.get(data[at], "")) in _STATES:
            self._state = _STATES[target]
            self._grow(data[at : at + 1])
            at += 1
        elif target or state.otherwise == STRAY:
            self._grow(data[at : at + 1])
            return at + 1, self._end(target or STRAY)
        else:
            return at, self._end(state.otherwise)
        return at, self._end(TOO_LARGE) if self._size > self._largest else None

    def _grow(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._size += len(piece)

    def _end(self, kind: str) -> Token:
        text = b"" if kind == TOO_LARGE else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._state = None
        self._skipping = kind == STRAY
        return Token(kind, text)
