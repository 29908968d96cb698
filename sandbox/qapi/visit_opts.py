"""Visits the keys and values of QEMU's older option syntax: what ``-object`` and ``-numa`` do with their text.

A key may come again: the last value counts, but for a list each is an element. An integer in a list may be a range,
``cpus=0-3``. The members of a struct in a struct have no prefix.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, QemuError
from sandbox.qapi.leftovers import first_left
from sandbox.qapi.model import EMPTY, ArrayType, EnumType, ObjectType
from sandbox.qapi.numbers import (
    INT64_MAX,
    INT64_MIN,
    UINT64_MAX,
    NumberError,
    read_bool,
    read_size,
    scan_integer,
)
from sandbox.qapi.visit_tree import RANGES, SIGNED, UNSIGNED, check_range

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.qapi.model import Schema

LONGEST_RANGE: Final = 65536


class OptsVisitor:
    """Visits the pairs of one option."""

    __slots__ = ("_element", "_left", "_names", "_rest_of_range", "_schema", "_visited")

    def __init__(self, schema: Schema, pairs: Iterable[tuple[str, str]]) -> None:
        self._schema = schema
        self._left: dict[str, list[str]] = {}
        for key, value in pairs:
            self._left.setdefault(key, []).append(value)
        self._names = list(self._left)
        self._visited: list[str] = []
        self._element: tuple[str, str] | None = None
        self._rest_of_range = range(0)

    def visit(self, typename: str) -> object:
        """Return what the pairs are, read as the struct or union of that name.

        Raises:
            QemuError: they are not of the type.
            InputError: the type is one that options cannot write.
        """
        value = self._object(self._schema.lookup_as(ObjectType, typename))
        if self._left:
            raise QemuError(f"Invalid parameter '{first_left(self._names, self._visited)}'")
        return value

    def _object(self, definition: ObjectType) -> dict[str, object]:
        value: dict[str, object] = {}
        self._members(definition, value)
        return value

    def _members(self, definition: ObjectType, value: dict[str, object]) -> None:
        for member in definition.members:
            if not member.optional or member.name in self._left:
                value[member.name] = self._value(member.type, member.name)
        if definition.tag is not None:
            branch = definition.branch(str(value[definition.tag.name]))
            if branch is not None and branch.type != EMPTY:
                self._members(self._schema.lookup_as(ObjectType, branch.type), value)

    def _value(self, typename: str, name: str | None) -> object:
        if typename in SIGNED or typename in UNSIGNED:
            number = self._integer(name, signed=typename in SIGNED)
            path = None if name is None else (None, name)
            return check_range(typename, number, path) if typename in RANGES else number
        if typename in ("str", "bool", "size"):
            return self._scalar(typename, name)
        definition = self._schema.lookup(typename)
        if isinstance(definition, EnumType):
            return self._enum(definition, name)
        if isinstance(definition, ObjectType):
            return self._object(definition)
        if isinstance(definition, ArrayType) and self._element is None and name is not None:
            return self._array(definition, name)
        raise InputError(f"'{name or 'an element'}' is of type '{typename}', which options cannot write")

    def _text(self, name: str | None) -> tuple[str, str]:
        """Return the key and the value that are read next: those of the list element, or the last of that name."""
        if self._element is not None:
            return self._element
        values = self._left.pop(name or "", None)
        if values is None:
            raise QemuError(f"Parameter '{name}' is missing")
        self._visited.append(name or "")
        return name or "", values[-1]

    def _scalar(self, typename: str, name: str | None) -> object:
        key, text = self._text(name)
        if typename == "str":
            return text
        if typename == "bool":
            switched = read_bool(text)
            if switched is None:
                raise QemuError(f"Parameter '{key}' expects 'on' or 'off'")
            return switched
        try:
            return read_size(text)
        except NumberError as error:
            raise QemuError(f"Parameter '{key}' expects a size value") from error

    def _enum(self, definition: EnumType, name: str | None) -> str:
        text = self._text(name)[1]
        if not any(text == known.name for known in definition.values):
            raise QemuError(f"Parameter '{name or 'null'}' does not accept value '{text}'")
        return text

    def _array(self, definition: ArrayType, name: str) -> list[object]:
        texts = self._left.get(name)
        if texts is None:
            raise QemuError(f"Parameter '{name}' is missing")
        elements: list[object] = []
        for text in texts:
            self._element = (name, text)
            elements.append(self._value(definition.element, None))
            while self._rest_of_range:
                elements.append(self._value(definition.element, None))
        self._element = None
        del self._left[name]
        self._visited.append(name)
        return elements

    def _integer(self, name: str | None, *, signed: bool) -> int:
        if self._rest_of_range:
            number, self._rest_of_range = self._rest_of_range[0], self._rest_of_range[1:]
            return number
        key, text = self._text(name)
        try:
            first, end = _scan(text, signed=signed)
            if end == len(text):
                return first
            if self._element is not None and text[end] == "-":
                last, length = _scan(text[end + 1 :], signed=signed)
                if end + 1 + length == len(text) and 0 <= last - first < LONGEST_RANGE:
                    self._rest_of_range = range(first + 1, last + 1)
                    return first
        except NumberError:
            pass
        what = ("an int64 value" if signed else "a uint64 value") + (" or range" if self._element is not None else "")
        raise QemuError(f"Parameter '{key}' expects {what}")


def _scan(text: str, *, signed: bool) -> tuple[int, int]:
    """Return the 64-bit integer that ``text`` begins with, and where it ends."""
    value, end = scan_integer(text)
    least, most = (INT64_MIN, INT64_MAX) if signed else (0, UINT64_MAX)
    if not least <= value <= most or (not signed and "-" in text[:end]):
        raise NumberError(text, out_of_range=True)
    return value, end
