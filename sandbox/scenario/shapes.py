"""Shapes: what a value of a scenario may be. A shape checks a node and writes itself as JSON Schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.records import record
from sandbox.scenario.nodes import Node, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.scenario.nodes import Findings, Value

JsonSchema = dict[str, Any]


class Shape(Protocol):
    """What a value may be."""

    def takes(self, value: Value) -> bool:
        """Whether a value, apart from what is inside it, may be of this shape."""

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report everything about a node that is not as it must be; ``path`` is how messages call the node."""

    def schema(self) -> JsonSchema:
        """Return the same as JSON Schema (draft 2020-12)."""

    def allowed(self) -> str:
        """Say in a few words what is allowed."""


def describe(value: Value) -> str:
    """Say in a few words what was found."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {_shortened(value)!r}" if value else "an empty text"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else f"the number {value}"


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def mismatch(shape: Shape, node: Node, path: str, findings: Findings) -> None:
    """Report a node that is not of a shape, unless it was reported already."""
    if not isinstance(node.value, Unreadable):
        found = describe(node.value)
        findings.add(f"{path or 'a scenario'}: found {found}; allowed: {shape.allowed()}", node.place)


@record
class Text:
    """Text.

    Attributes:
        meaning: what is allowed, for messages.
        pattern: a regular expression of both Python and ECMA-262 that the text must contain.
        rule: what no JSON Schema can say: returns what is wrong with a text, or None.
    """

    meaning: str = "text"
    pattern: str = ""
    rule: Callable[[str], str | None] | None = None

    def takes(self, value: Value) -> bool:
        """Whether it is text that matches the pattern."""
        return isinstance(value, str) and (not self.pattern or re.search(self.pattern, value) is not None)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report what is no such text or breaks the rule."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)
        elif self.rule and (wrong := self.rule(str(node.value))):
            findings.add(f"{path}: {wrong}", node.place)

    def schema(self) -> JsonSchema:
        """Return type and pattern; the rule has no counterpart."""
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {})}

    def allowed(self) -> str:
        """Return the meaning."""
        return self.meaning


@record
class Integer:
    """An integer within bounds, both included. As in JSON Schema, 2.0 is one too."""

    least: int
    most: int
    meaning: str = ""

    def takes(self, value: Value) -> bool:
        """Whether it is an integer within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value == int(value) and self.least <= value <= self.most

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report what is no such integer."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return type and bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def allowed(self) -> str:
        """Return the meaning, or else the bounds."""
        return self.meaning or f"an integer from {self.least} to {self.most}"


@record
class Boolean:
    """``true`` or ``false``."""

    def takes(self, value: Value) -> bool:
        """Whether it is one of the two."""
        return isinstance(value, bool)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report anything else."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the type."""
        return {"type": "boolean"}

    def allowed(self) -> str:
        """Return the two."""
        return "true or false"


@record
class Choice:
    """One of some words. A word that looks like a number may stand without quotes: ``10.0`` is ``"10.0"``."""

    words: tuple[str, ...]

    def takes(self, value: Value) -> bool:
        """Whether it is one of the words."""
        return not isinstance(value, bool) and (value in self.words or value in self._numbers())

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report what is none of them."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the words, and the numbers that some of them may be written as."""
        return {"enum": [*self.words, *self._numbers()]}

    def allowed(self) -> str:
        """Return the words."""
        return ", ".join(self.words)

    def _numbers(self) -> tuple[float, ...]:
        return tuple(float(word) for word in self.words if re.fullmatch(r"[0-9]+\.[0-9]+", word))


@record
class Null:
    """Nothing: a key without a value."""

    def takes(self, value: Value) -> bool:
        """Whether there is no value."""
        return value is None

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report a value."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the type."""
        return {"type": "null"}

    def allowed(self) -> str:
        """Return what stands for it."""
        return "nothing"


@record
class Json:
    """Any JSON value, or any mapping."""

    only_mappings: bool = False

    def takes(self, value: Value) -> bool:
        """Whether it is a mapping, if it must be one."""
        return not self.only_mappings or isinstance(value, dict)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report what is no mapping if it must be one."""
        if not self.takes(node.value):
            mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the type, if it matters."""
        return {"type": "object"} if self.only_mappings else {}

    def allowed(self) -> str:
        """Return which."""
        return "a mapping" if self.only_mappings else "any value"
