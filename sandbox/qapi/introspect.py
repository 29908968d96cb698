"""A schema as ``query-qmp-schema`` tells it: a list of SchemaInfo objects.

Commands and events come first, those of a file before those of files that it includes; then the types that they use,
in the order of first use. Types are known by numbers there: a client shall look at what they are, not at their names.

Source: QEMU 10.0 behaviour; QEMU's qapi/introspect.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sandbox.qapi.configure import present
from sandbox.qapi.model import AlternateType, ArrayType, BuiltinType, Command, EnumType, Event, ObjectType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sandbox.qapi.model import Definition, EnumValue, Feature, Member, Schema

    SchemaInfo: TypeAlias = dict[str, object]


def introspection(
    schema: Schema, names: Iterable[str] | None = None, defined: Collection[str] | None = None
) -> list[dict[str, object]]:
    """Return what ``query-qmp-schema`` answers.

    Args:
        schema: the schema; with nothing dropped, so that types get the numbers that QEMU gives them.
        names: the commands and events to tell of, and types to add even if none of these uses them. None: all commands
            and events.
        defined: the symbols that the build defines; what an ``if`` leaves out is not told. None: everything is told.

    Raises:
        InputError: the schema has no definition of such a name.
    """
    told = _Told(schema, defined)
    if names is None:
        names = [definition.name for definition in schema if isinstance(definition, (Command, Event))]
    turn = {file: number for number, file in enumerate(schema.files)}
    for definition in sorted(map(schema.lookup, names), key=lambda entry: turn.get(entry.place.file, -1)):
        if isinstance(definition, Command):
            told.command(definition)
        elif isinstance(definition, Event):
            told.event(definition)
        else:
            told.use(definition.name)
    told.types()
    return told.infos


class _Told:
    """What is told so far, and the types that are still to be told."""

    __slots__ = ("_defined", "_numbers", "_schema", "_used", "infos")

    def __init__(self, schema: Schema, defined: Collection[str] | None) -> None:
        self._schema = schema
        self._defined = defined
        self._numbers: dict[str, str] = {}
        self._used: dict[str, Definition] = {}
        self.infos: list[SchemaInfo] = []

    def command(self, command: Command) -> None:
        """Tell of a command."""
        more: SchemaInfo = {"arg-type": self.use(command.arg_type), "ret-type": self.use(command.ret_type)}
        if command.allow_oob:
            more["allow-oob"] = True
        self._tell(command, command.name, "command", more)

    def event(self, event: Event) -> None:
        """Tell of an event."""
        self._tell(event, event.name, "event", {"arg-type": self.use(event.arg_type)})

    def types(self) -> None:
        """Tell of the types in use, and of those that these use."""
        told = 0
        while told < len(self._used):
            for definition in list(self._used.values())[told:]:
                self._type(definition)
                told += 1

    def use(self, typename: str) -> str:
        """Return the name by which a type is known here; it is told of later."""
        definition = self._schema.lookup(typename)
        if _is_integer(definition):
            definition = self._schema.lookup("int")
        elif isinstance(definition, ArrayType) and _is_integer(self._schema.lookup(definition.element)):
            definition = ArrayType("[int]", definition.place, "int")
        self._used.setdefault(definition.name, definition)
        if isinstance(definition, ArrayType):
            return f"[{self.use(definition.element)}]"
        return definition.name if isinstance(definition, BuiltinType) else self._number(definition.name)

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, str(len(self._numbers)))

    def _type(self, definition: Definition) -> None:
        if isinstance(definition, BuiltinType):
            self.infos.append({"name": definition.name, "meta-type": "builtin", "json-type": definition.json_type})
        elif isinstance(definition, ArrayType):
            element = self.use(definition.element)
            if self._is_told(self._schema.lookup(definition.element)):
                self.infos.append({"name": f"[{element}]", "meta-type": "array", "element-type": element})
        elif isinstance(definition, EnumType):
            values = present(definition.values, self._defined)
            more: SchemaInfo = {"members": [self._value(value) for value in values], "values": [v.name for v in values]}
            self._tell(definition, self._number(definition.name), "enum", more)
        elif isinstance(definition, ObjectType):
            self._tell(definition, self._number(definition.name), "object", self._object(definition))
        elif isinstance(definition, AlternateType):
            used = [(branch, {"type": self.use(branch.type)}) for branch in definition.branches]
            told = [info for branch, info in used if present((branch,), self._defined)]
            self._tell(definition, self._number(definition.name), "alternate", {"members": told})

    def _object(self, definition: ObjectType) -> SchemaInfo:
        members = [(member, self._member(member)) for member in definition.members]
        info: SchemaInfo = {"members": [told for member, told in members if present((member,), self._defined)]}
        if definition.tag is not None:
            info["tag"] = definition.tag.name
            branches = [(b, {"case": b.name, "type": self.use(b.type)}) for b in definition.branches]
            info["variants"] = [told for branch, told in branches if present((branch,), self._defined)]
        return info

    def _member(self, member: Member) -> SchemaInfo:
        info: SchemaInfo = {"name": member.name, "type": self.use(member.type)}
        if member.optional:
            info["default"] = None
        return self._with_features(info, member.features)

    def _value(self, value: EnumValue) -> SchemaInfo:
        return self._with_features({"name": value.name}, value.features)

    def _with_features(self, info: SchemaInfo, features: tuple[Feature, ...]) -> SchemaInfo:
        """Add the features that the build has; none are told only if the schema has none."""
        if features:
            info["features"] = [feature.name for feature in present(features, self._defined)]
        return info

    def _is_told(self, definition: Definition) -> bool:
        return isinstance(definition, (BuiltinType, ArrayType)) or bool(present((definition,), self._defined))

    def _tell(
        self,
        definition: Command | Event | EnumType | ObjectType | AlternateType,
        name: str,
        meta_type: str,
        more: SchemaInfo,
    ) -> None:
        if present((definition,), self._defined):
            info: SchemaInfo = {"name": name, "meta-type": meta_type, **more}
            self.infos.append(self._with_features(info, definition.features))


def _is_integer(definition: Definition) -> bool:
    return isinstance(definition, BuiltinType) and definition.json_type == "int"
