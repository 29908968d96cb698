"""A checked schema: its definitions, frozen, and the look-up by name.

Types refer to each other by name. The name of an array is its element's name in brackets, ``[uint16]``. What a schema
defines only by the way has the name that QEMU gives it: ``q_obj_object-del-arg`` holds the arguments of ``object-del``,
``q_obj_ObjectOptions-base`` the common members of the union ``ObjectOptions``, ``q_empty`` nothing.

The definitions are named tuples: a process that loads a schema makes many of them, and their classes, at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from sandbox.errors import InputError, Place
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.qapi.conditions import Condition

NOWHERE: Final = Place("<built-in>")
EMPTY: Final = "q_empty"


class Feature(NamedTuple):
    """A feature string of a definition, a member or an enum value."""

    name: str
    condition: Condition | None = None


class Member(NamedTuple):
    """A member of an object: ``type`` is a type's name. ``owner`` names the type that declares it."""

    name: str
    type: str
    optional: bool
    place: Place
    owner: str
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()


class EnumValue(NamedTuple):
    """A value of an enum."""

    name: str
    place: Place
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()


class Branch(NamedTuple):
    """A branch of a union or an alternate: ``type`` is a type's name, ``q_empty`` for what a union leaves out."""

    name: str
    type: str
    place: Place
    condition: Condition | None = None


class BuiltinType(NamedTuple):
    """A type that the language brings along; ``json_type`` as query-qmp-schema tells it."""

    name: str
    json_type: str
    place: Place = NOWHERE


class EnumType(NamedTuple):
    """An enum."""

    name: str
    place: Place
    values: tuple[EnumValue, ...]
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()
    prefix: str | None = None


class ArrayType(NamedTuple):
    """An array; ``element`` is a type's name."""

    name: str
    place: Place
    element: str


class ObjectType(NamedTuple):
    """A struct or a flat union.

    Attributes:
        name: the type's name.
        place: where the definition stands.
        members: its members, those of its bases first.
        base: the name of the base struct, or None.
        tag: the member that tells the branches of a union apart; None for a struct.
        branches: the branches of a union, one for each value of the tag: first the written ones, then the empty ones.
        condition: the ``if`` of the definition.
        features: the features of the definition.
    """

    name: str
    place: Place
    members: tuple[Member, ...]
    base: str | None = None
    tag: Member | None = None
    branches: tuple[Branch, ...] = ()
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()

    def branch(self, tag_value: str) -> Branch | None:
        """Return the branch for a value of the tag."""
        return next((branch for branch in self.branches if branch.name == tag_value), None)


class AlternateType(NamedTuple):
    """A choice between types that JSON tells apart."""

    name: str
    place: Place
    branches: tuple[Branch, ...]
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()


class Command(NamedTuple):
    """A QMP command; the types of its arguments and of what it returns are names, ``q_empty`` for nothing."""

    name: str
    place: Place
    arg_type: str = EMPTY
    ret_type: str = EMPTY
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()
    boxed: bool = False
    gen: bool = True
    success_response: bool = True
    allow_oob: bool = False
    allow_preconfig: bool = False
    coroutine: bool = False


class Event(NamedTuple):
    """A QMP event; the type of its data is a name, ``q_empty`` for none."""

    name: str
    place: Place
    arg_type: str = EMPTY
    condition: Condition | None = None
    features: tuple[Feature, ...] = ()
    boxed: bool = False


Type: TypeAlias = BuiltinType | EnumType | ArrayType | ObjectType | AlternateType
Definition: TypeAlias = Type | Command | Event
D = TypeVar("D", BuiltinType, EnumType, ArrayType, ObjectType, AlternateType, Command, Event)

BUILTINS: Final[Mapping[str, str]] = {
    "str": "string",
    "number": "number",
    **dict.fromkeys(("int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "size"), "int"),
    "bool": "boolean",
    "any": "value",
    "null": "null",
}
"""The built-in types and how JSON writes them."""


@record
class Schema:
    """A checked schema.

    Attributes:
        definitions: by name, in the order of the schema: the built-in types first, an implicit type before its user.
        files: the files that it was read from, a file before those that it includes.
    """

    definitions: Mapping[str, Definition]
    files: tuple[str, ...] = ()

    def __contains__(self, name: str) -> bool:
        return name in self.definitions

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.definitions.values())

    def lookup(self, name: str) -> Definition:
        """Return the definition of that name.

        Raises:
            InputError: there is none.
        """
        found = self.definitions.get(name)
        if found is None:
            raise InputError(f"the schema does not define '{name}'")
        return found

    def lookup_as(self, kind: type[D], name: str) -> D:
        """Return the definition of that name, which must be of ``kind``: ``lookup_as(Command, "object-add")``.

        Raises:
            InputError: there is none, or it is of another kind.
        """
        found = self.lookup(name)
        if not isinstance(found, kind):
            raise InputError(f"'{name}' is no {kind.__name__} in the schema", found.place)
        return found
