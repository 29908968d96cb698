"""The text of a schema file: JSON with single quotes and comments, read into values that know where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 64
"""How deep values may nest; real schemas stay below ten."""

STRING, WORD, END, BAD = range(2, 6)

_TOKEN: Final = re.compile(
    r"(?:\s++|\#[^\n]*+)*+"
    r"(?:([\[\]{}:,])|'((?:[ -&(-\[\]-~]++|\\\\)*+)'|(true|false)|(\Z)|([^\n]))",
)
_STRAY: Final = re.compile(r"[^\[\]{}:,\s']+")


class Node:
    """One value of a schema: a string, a bool, a list of nodes or a dict of nodes.

    Attributes:
        value: the value.
        offset: where it starts in the text.
        key_offset: where the key starts that it stands behind; its own offset if there is none.
    """

    __slots__ = ("key_offset", "offset", "value")

    def __init__(self, value: str | bool | list[Node] | dict[str, Node], offset: int) -> None:
        self.value = value
        self.offset = offset
        self.key_offset = offset


class SchemaText:
    """One schema file and the places in it."""

    __slots__ = ("_line_starts", "file", "text")

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._line_starts: list[int] = []

    def place(self, offset: int) -> Place:
        """Return the place of the character at ``offset``."""
        if not self._line_starts:
            self._line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        line = bisect_right(self._line_starts, offset)
        return Place(self.file, line, offset - self._line_starts[line - 1] + 1)

    def error(self, what: str, offset: int) -> InputError:
        """Return an error about what stands at ``offset``."""
        return InputError(what, self.place(offset))

    def expressions(self) -> Iterator[Node]:
        """Yield the top-level expressions, each an object.

        Raises:
            InputError: the text is not a sequence of such expressions.
        """
        return _Reader(self).expressions()


class _Reader:
    """Reads values from the tokens of one text: kind (that of a structural character is itself), text and offset."""

    __slots__ = ("_at", "_source", "_tokens")

    def __init__(self, source: SchemaText) -> None:
        self._source = source
        self._tokens = [
            (token[1] or kind, token[kind], token.start(kind))
            for token in _TOKEN.finditer(source.text)
            if (kind := token.lastindex)
        ]
        self._at = 0

    def expressions(self) -> Iterator[Node]:
        while self._tokens[self._at][0] != END:
            node = self._value(0)
            if not isinstance(node.value, dict):
                raise self._source.error("a schema is a sequence of objects: expected '{'", node.offset)
            yield node

    def _value(self, depth: int) -> Node:
        kind, word, offset = self._tokens[self._at]
        if kind == STRING:
            self._at += 1
            return Node(word.replace("\\\\", "\\") if "\\" in word else word, offset - 1)
        if kind == WORD:
            self._at += 1
            return Node(word == "true", offset)
        if kind not in ("{", "["):
            raise self._unexpected("'{', '[', a string, true or false")
        if depth == DEEPEST:
            raise self._source.error(f"values nest deeper than {DEEPEST} levels", offset)
        self._at += 1
        return Node(self._members(depth + 1) if kind == "{" else self._elements(depth + 1), offset)

    def _members(self, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        if self._took("}"):
            return members
        tokens = self._tokens
        while True:
            kind, key, offset = tokens[self._at]
            if kind != STRING:
                raise self._unexpected("a string" if members else "a string or '}'")
            self._at += 1
            if tokens[self._at][0] != ":":
                raise self._unexpected(f"':' after '{key}'")
            if key in members:
                raise self._source.error(f"key '{key}' comes twice", offset - 1)
            self._at += 1
            node = members[key] = self._value(depth)
            node.key_offset = offset - 1
            if self._took("}"):
                return members
            if not self._took(","):
                raise self._unexpected("',' or '}'")

    def _elements(self, depth: int) -> list[Node]:
        elements: list[Node] = []
        if self._took("]"):
            return elements
        while True:
            elements.append(self._value(depth))
            if self._took("]"):
                return elements
            if not self._took(","):
                raise self._unexpected("',' or ']'")

    def _took(self, character: str) -> bool:
        """Take the next token if it is that structural character."""
        if self._tokens[self._at][0] != character:
            return False
        self._at += 1
        return True

    def _unexpected(self, expected: str) -> InputError:
        kind, word, offset = self._tokens[self._at]
        if kind == BAD:
            return self._bad_token(offset)
        found = "the end of the file" if kind == END else f"'{word}'"
        return self._source.error(f"expected {expected}, found {found}", offset - (kind == STRING))

    def _bad_token(self, offset: int) -> InputError:
        text = self._source.text
        if text[offset] != "'":
            stray = _STRAY.match(text, offset)
            return self._source.error(f"stray '{stray[0] if stray else text[offset]}'", offset)
        at = offset + 1
        while at < len(text) and text[at] not in "'\n":
            if text.startswith("\\\\", at):
                at += 1
            elif text[at] == "\\":
                return self._source.error(f"unknown escape sequence '{text[at : at + 2].strip()}'", at)
            elif not " " <= text[at] <= "~":
                return self._source.error("a string holds printable ASCII only", at)
            at += 1
        return self._source.error('missing terminating "\'"', offset)
