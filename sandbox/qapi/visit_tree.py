"""Visits a tree of values with a schema: the walk that the JSON and the keyval visitor share.

What is checked in which order is QEMU's: members in the order of the schema, those of the base first, the branch last;
only then is a member reported that nobody asked for.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.errors import InputError, QemuError
from sandbox.qapi.leftovers import first_left
from sandbox.qapi.model import EMPTY, AlternateType, ArrayType, BuiltinType, EnumType, ObjectType
from sandbox.qapi.qdict import walk_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.qapi.model import Schema

Path: TypeAlias = "tuple[Path, str | int] | None"
"""Where a value stands: its container's path, and its name or index there; None for the root."""

Scalar: TypeAlias = "Callable[[object, Path], object]"

RANGES: Final[Mapping[str, tuple[int, int]]] = {
    **{f"int{bits}": (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in (8, 16, 32)},
    **{f"uint{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32)},
}
"""The integer types that are narrower than 64 bits, and what they hold."""

SIGNED: Final = frozenset({"int", "int8", "int16", "int32", "int64"})
UNSIGNED: Final = frozenset({"uint8", "uint16", "uint32", "uint64"})

_KINDS: Final[Mapping[type, str]] = {
    dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number", type(None): "null",
}  # fmt: skip


def full_name(path: Path, index: str = "[%d]") -> str:
    """Return how QEMU names a value: ``a.b``, ``list[0]``; with ``index`` ``.%d``, as for keyval, ``list.0``."""
    if path is None:
        return "<anonymous>"
    pieces: list[str] = []
    while path is not None:
        path, key = path
        pieces.append(index % key if isinstance(key, int) else f".{key}")
    return "".join(reversed(pieces)).removeprefix(".")


def last_name(path: Path) -> str:
    """Return the last part of a value's name, which is all that some of QEMU's messages have; ``null`` in a list."""
    return path[1] if path is not None and isinstance(path[1], str) else "null"


def check_range(typename: str, value: int, path: Path) -> int:
    """Return ``value`` if an integer type narrower than 64 bits holds it.

    Raises:
        QemuError: it does not fit.
    """
    least, most = RANGES[typename]
    if not least <= value <= most:
        raise QemuError(f"Parameter '{last_name(path)}' expects {typename}_t")
    return value


class TreeVisitor:
    """Visits one tree of dicts, lists and scalars.

    Args:
        schema: the schema.
        scalars: what reads a value of each built-in type.
        index: how an index is written in the name of a value.
    """

    __slots__ = ("_index", "_scalars", "_schema", "_string")

    def __init__(self, schema: Schema, scalars: Mapping[str, Scalar], index: str) -> None:
        self._schema = schema
        self._scalars = scalars
        self._string = scalars["str"]
        self._index = index

    def visit(self, typename: str, value: object, path: Path = None) -> object:
        """Return what ``value`` is, read as the type of that name.

        Raises:
            QemuError: it is not of the type.
        """
        scalar = self._scalars.get(typename)
        if scalar is not None:
            return scalar(value, path)
        definition = self._schema.lookup(typename)
        if isinstance(definition, ObjectType):
            return self._object(definition, value, path)
        if isinstance(definition, EnumType):
            return self._enum(definition, value, path)
        if isinstance(definition, ArrayType):
            return self._array(definition, value, path)
        if isinstance(definition, AlternateType):
            return self._alternate(definition, value, path)
        raise InputError(f"'{typename}' is no type", definition.place)

    def _wrong_type(self, path: Path, expected: str) -> QemuError:
        return QemuError(f"Invalid parameter type for '{full_name(path, self._index)}', expected: {expected}")

    def _object(self, definition: ObjectType, value: object, path: Path) -> dict[str, object]:
        if not isinstance(value, dict):
            raise self._wrong_type(path, "object")
        visited: dict[str, object] = {}
        self._members(definition, value, path, visited)
        if len(visited) < len(value):
            unexpected = first_left(walk_order(value.keys()), visited)
            raise QemuError(f"Parameter '{full_name((path, unexpected or ''), self._index)}' is unexpected")
        return visited

    def _members(
        self, definition: ObjectType, value: dict[str, object], path: Path, visited: dict[str, object]
    ) -> None:
        for member in definition.members:
            name = member.name
            if name in value:
                visited[name] = self.visit(member.type, value[name], (path, name))
            elif not member.optional:
                raise QemuError(f"Parameter '{full_name((path, name), self._index)}' is missing")
        if definition.tag is not None:
            branch = definition.branch(str(visited[definition.tag.name]))
            if branch is not None and branch.type != EMPTY:
                self._members(self._schema.lookup_as(ObjectType, branch.type), value, path, visited)

    def _enum(self, definition: EnumType, value: object, path: Path) -> object:
        text = self._string(value, path)
        if not any(text == known.name for known in definition.values):
            raise QemuError(f"Parameter '{last_name(path)}' does not accept value '{text}'")
        return text

    def _array(self, definition: ArrayType, value: object, path: Path) -> list[object]:
        if not isinstance(value, list):
            raise self._wrong_type(path, "array")
        return [self.visit(definition.element, element, (path, index)) for index, element in enumerate(value)]

    def _alternate(self, definition: AlternateType, value: object, path: Path) -> object:
        kind = _KINDS.get(type(value))
        for branch in definition.branches:
            if self._kind_of(branch.type) == kind:
                return self.visit(branch.type, value, path)
        raise QemuError(f"Invalid parameter type for '{last_name(path)}', expected: {definition.name}")

    def _kind_of(self, typename: str) -> str:
        definition = self._schema.lookup(typename)
        if isinstance(definition, BuiltinType):
            return "number" if definition.json_type == "int" else definition.json_type
        if isinstance(definition, EnumType):
            return "string"
        return "array" if isinstance(definition, ArrayType) else "object"
