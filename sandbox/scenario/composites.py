"""Shapes made of other shapes: lists, alternatives, and shapes with a name of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import record
from sandbox.scenario.shapes import mismatch

if TYPE_CHECKING:
    from sandbox.scenario.nodes import Findings, Node, Value
    from sandbox.scenario.shapes import JsonSchema, Shape


@record
class ListOf:
    """A list whose items have all one shape.

    Attributes:
        item: the shape.
        meaning: what is allowed, for messages.
    """

    item: Shape
    meaning: str = "a list"

    def takes(self, value: Value) -> bool:
        """Whether it is a list."""
        return isinstance(value, list)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Report what is no list, and what is wrong with the items."""
        if not isinstance(node.value, list):
            mismatch(self, node, path, findings)
            return
        for index, item in enumerate(node.value):
            self.item.check(item, f"{path}[{index}]", findings)

    def schema(self) -> JsonSchema:
        """Return the items' schema."""
        return {"type": "array", "items": self.item.schema()}

    def allowed(self) -> str:
        """Return the meaning."""
        return self.meaning


@record
class Either:
    """One of several shapes, of which no two take the same value.

    Attributes:
        shapes: the alternatives.
    """

    shapes: tuple[Shape, ...]

    def takes(self, value: Value) -> bool:
        """Whether one of the shapes takes it."""
        return any(shape.takes(value) for shape in self.shapes)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Leave the check to the first shape that takes the value; report a value that none takes."""
        for shape in self.shapes:
            if shape.takes(node.value):
                shape.check(node, path, findings)
                return
        mismatch(self, node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the shapes as alternatives."""
        return {"anyOf": [shape.schema() for shape in self.shapes]}

    def allowed(self) -> str:
        """Return what each allows."""
        return ", or ".join(shape.allowed() for shape in self.shapes)


@record
class Defined:
    """A shape with a name of its own, to which the JSON Schema refers wherever it is used."""

    name: str
    shape: Shape

    def takes(self, value: Value) -> bool:
        """Whether the shape takes it."""
        return self.shape.takes(value)

    def check(self, node: Node, path: str, findings: Findings) -> None:
        """Leave the check to the shape."""
        self.shape.check(node, path, findings)

    def schema(self) -> JsonSchema:
        """Return the reference."""
        return {"$ref": f"#/$defs/{self.name}"}

    def allowed(self) -> str:
        """Return what the shape allows."""
        return self.shape.allowed()
