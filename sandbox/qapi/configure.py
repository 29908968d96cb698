"""A schema for one build of QEMU: what the ``if`` conditions leave out is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from sandbox.errors import InputError
from sandbox.qapi.model import (
    AlternateType,
    ArrayType,
    BuiltinType,
    Command,
    EnumType,
    EnumValue,
    Event,
    Member,
    ObjectType,
    Schema,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sandbox.errors import Place
    from sandbox.qapi.conditions import Condition
    from sandbox.qapi.model import Definition


class _Conditional(Protocol):
    @property
    def condition(self) -> Condition | None: ...


C = TypeVar("C", bound=_Conditional)
F = TypeVar("F", bound=EnumType | ObjectType | AlternateType | Command | Event | EnumValue | Member)


def present(things: Iterable[C], defined: Collection[str] | None) -> tuple[C, ...]:
    """Return the things whose condition holds where ``defined`` are the defined symbols; all of them if it is None."""
    return tuple(
        thing for thing in things if defined is None or thing.condition is None or thing.condition.holds(defined)
    )


def configured(schema: Schema, defined: Collection[str]) -> Schema:
    """Return the part of ``schema`` that a build has which defines the symbols ``defined``.

    Raises:
        InputError: something that stays uses a type that goes.
    """
    stay = [definition for definition in schema if _stays(schema, definition, defined)]
    reduced = Schema({definition.name: _reduced(definition, defined) for definition in stay}, schema.files)
    for definition in reduced:
        for typename, what, place in _uses(definition):
            if typename not in reduced:
                left_out = f"'{definition.name}': {what} uses type '{typename}', which its 'if' leaves out"
                raise InputError(left_out, place)
    return reduced


def _stays(schema: Schema, definition: Definition, defined: Collection[str]) -> bool:
    if isinstance(definition, ArrayType):
        return _stays(schema, schema.lookup(definition.element), defined)
    return isinstance(definition, BuiltinType) or bool(present((definition,), defined))


def _reduced(definition: Definition, defined: Collection[str]) -> Definition:
    if isinstance(definition, (BuiltinType, ArrayType)):
        return definition
    if isinstance(definition, EnumType):
        values = present(definition.values, defined)
        return _fewer_features(definition._replace(values=tuple(_fewer_features(v, defined) for v in values)), defined)
    if isinstance(definition, ObjectType):
        members = tuple(_fewer_features(member, defined) for member in present(definition.members, defined))
        smaller = definition._replace(members=members, branches=present(definition.branches, defined))
        return _fewer_features(smaller, defined)
    if isinstance(definition, AlternateType):
        return _fewer_features(definition._replace(branches=present(definition.branches, defined)), defined)
    return _fewer_features(definition, defined)


def _fewer_features(thing: F, defined: Collection[str]) -> F:
    features = present(thing.features, defined)
    return thing if features == thing.features else cast("F", thing._replace(features=features))


def _uses(definition: Definition) -> Iterator[tuple[str, str, Place]]:
    if isinstance(definition, ObjectType):
        for member in definition.members:
            yield member.type, f"member '{member.name}'", member.place
    if isinstance(definition, (ObjectType, AlternateType)):
        for branch in definition.branches:
            yield branch.type, f"branch '{branch.name}'", branch.place
    if isinstance(definition, (Command, Event)):
        yield definition.arg_type, "'data'", definition.place
    if isinstance(definition, Command):
        yield definition.ret_type, "'returns'", definition.place
