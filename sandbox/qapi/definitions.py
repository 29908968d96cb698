"""One top-level expression of a schema -> its definition: all that can be checked without any other definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox.qapi import names, parts
from sandbox.qapi.drafts import ObjectDraft, TypeUse
from sandbox.qapi.grammar import COMMON, KEYS, WRITTEN_VALUE
from sandbox.qapi.model import EMPTY, AlternateType, Branch, Command, EnumType, EnumValue, Event, Member

if TYPE_CHECKING:
    from sandbox.errors import Place
    from sandbox.qapi.conditions import Condition
    from sandbox.qapi.drafts import Drafts, Pragmas
    from sandbox.qapi.model import Feature
    from sandbox.qapi.reader import Node, SchemaText


class _Head(NamedTuple):
    """What all definitions have."""

    name: str
    where: str
    keys: dict[str, Node]
    place: Place
    condition: Condition | None
    features: tuple[Feature, ...]


class DefinitionReader:
    """Reads the definitions of one file into :class:`~sandbox.qapi.drafts.Drafts`."""

    __slots__ = ("_drafts", "_pragmas", "_source")

    def __init__(self, source: SchemaText, pragmas: Pragmas, drafts: Drafts) -> None:
        self._source = source
        self._pragmas = pragmas
        self._drafts = drafts

    def read(self, node: Node) -> None:
        """Read one top-level object.

        Raises:
            InputError: it is not a definition, or breaks a rule.
        """
        kinds = [kind for kind in KEYS if kind in parts.members(self._source, node, "definition")]
        if len(kinds) != 1:
            raise self._source.error(f"expected exactly one of the keys {', '.join(KEYS)}", node.offset)
        kind = kinds[0]
        head = self._head(kind, node)
        if kind == "command":
            self._command(head)
        elif kind == "event":
            arg_type, boxed = self._arguments(head)
            event = Event(head.name, head.place, arg_type, head.condition, head.features, boxed)
            self._drafts.add(event, head.where)
        else:
            self._type(kind, head)

    def _head(self, kind: str, node: Node) -> _Head:
        source = self._source
        named = parts.members(source, node, kind)[kind]
        name = parts.string(source, named, kind, "its name")
        where = f"{kind} '{name}'"
        if kind == "command":
            wrong = names.wrong_plain_name(name, underscore=name in self._pragmas.command_names)
        else:
            wrong = names.wrong_event_name(name) if kind == "event" else names.wrong_type_name(name)
        if wrong:
            raise source.error(f"{where}: {wrong}", named.offset)
        keys = parts.check_keys(source, node, where, *KEYS[kind])
        condition, features = parts.common(source, keys, where)
        return _Head(name, where, keys, source.place(node.offset), condition, features)

    def _type(self, kind: str, head: _Head) -> None:
        for feature in head.features:
            if feature.name in parts.SPECIAL_FEATURES:
                what = f"{head.where}: a type cannot have the feature '{feature.name}'"
                raise self._source.error(what, head.keys["features"].offset)
        if kind == "enum":
            self._enum(head)
        elif kind == "struct":
            self._struct(head)
        elif kind == "union":
            self._union(head)
        else:
            branches = self._branches(head, "a type or array")
            if not branches:
                raise self._source.error(f"{head.where}: 'data' is empty", head.keys["data"].offset)
            alternate = AlternateType(head.name, head.place, branches, head.condition, head.features)
            self._drafts.add(alternate, head.where)

    def _enum(self, head: _Head) -> None:
        source = self._source
        prefix = None
        if "prefix" in head.keys:
            prefix = parts.string(source, head.keys["prefix"], f"{head.where}: 'prefix'", "a prefix")
        old_style = head.name in self._pragmas.member_names
        values: dict[str, EnumValue] = {}
        for node in parts.elements(source, head.keys["data"], f"{head.where}: 'data'"):
            named, condition, features = parts.long_form(source, node, f"{head.where}: value", "name", COMMON)
            name = parts.string(source, named, f"{head.where}: value", "its name")
            wrong = names.wrong_value_name(name, old_style=old_style)
            if not wrong and (spelling := names.c_name(name)) in values:
                wrong = f"it clashes with value '{values[spelling].name}'"
            if wrong:
                raise source.error(f"{head.where}: value '{name}': {wrong}", named.offset)
            values[spelling] = EnumValue(name, source.place(named.offset), condition, features)
        enum = EnumType(head.name, head.place, tuple(values.values()), head.condition, head.features, prefix)
        self._drafts.add(enum, head.where)

    def _struct(self, head: _Head) -> None:
        old_style = head.name in self._pragmas.member_names
        own = self._members(head.keys["data"], head.name, head.where, "member", old_style=old_style)
        base, base_place = None, head.place
        if "base" in head.keys:
            base, base_place = self._base(head)
        draft = ObjectDraft(head.name, head.where, head.place, own, head.condition, head.features, base, base_place)
        self._drafts.add(draft, head.where)

    def _union(self, head: _Head) -> None:
        base_node = head.keys["base"]
        base: str | None
        if isinstance(base_node.value, dict):
            old_style = head.name in self._pragmas.member_names
            base = f"q_obj_{head.name}-base"
            base_place = self._source.place(base_node.offset)
            own = self._members(base_node, base, head.where, "base member", old_style=old_style)
            self._drafts.add(ObjectDraft(base, head.where, base_place, own, head.condition), head.where)
        else:
            base, base_place = self._base(head)
        tag = head.keys["discriminator"]
        tag_name = parts.string(self._source, tag, f"{head.where}: 'discriminator'", "the name of a member")
        branches = self._branches(head, "a type")
        draft = ObjectDraft(
            head.name, head.where, head.place, (), head.condition, head.features, base, base_place,
            tag_name, self._source.place(tag.offset), branches,
        )  # fmt: skip
        self._drafts.add(draft, head.where)

    def _base(self, head: _Head) -> tuple[str, Place]:
        node = head.keys["base"]
        base = parts.string(self._source, node, f"{head.where}: 'base'", "the name of a struct")
        use = TypeUse(base, f"{head.where}: base", "struct", self._source, node.offset)
        return self._drafts.use(use), self._source.place(node.offset)

    def _command(self, head: _Head) -> None:
        arg_type, boxed = self._arguments(head)
        ret_type = EMPTY
        if "returns" in head.keys:
            node = head.keys["returns"]
            role = "any" if head.name in self._pragmas.command_returns else "return"
            ret_type = self._type_name(node, f"{head.where}: 'returns'", role)
        flags = {key: self._flag(head, key) for key in WRITTEN_VALUE if key != "boxed"}
        if flags["allow-oob"] and flags["coroutine"]:
            what = f"{head.where}: flags 'allow-oob' and 'coroutine' exclude each other"
            raise self._source.error(what, head.keys["coroutine"].key_offset)
        options = {key.replace("-", "_"): value for key, value in flags.items()}
        command = Command(head.name, head.place, arg_type, ret_type, head.condition, head.features, boxed, **options)
        self._drafts.add(command, head.where)

    def _flag(self, head: _Head, key: str) -> bool:
        written = WRITTEN_VALUE[key]
        node = head.keys.get(key)
        if node is None:
            return not written
        if node.value is not written:
            raise self._source.error(f"{head.where}: flag '{key}' takes {str(written).lower()} only", node.offset)
        return written

    def _arguments(self, head: _Head) -> tuple[str, bool]:
        """Return the type of the arguments of a command or event, and whether they are boxed."""
        boxed = self._flag(head, "boxed")
        node = head.keys.get("data")
        if node is None:
            if boxed:
                raise self._source.error(f"{head.where}: 'boxed' needs 'data'", head.keys["boxed"].key_offset)
            return EMPTY, boxed
        if boxed or not isinstance(node.value, dict):
            name = parts.string(self._source, node, f"{head.where}: 'data'", "the name of a type")
            role = "boxed arguments" if boxed else "arguments"
            return self._drafts.use(TypeUse(name, f"{head.where}: 'data'", role, self._source, node.offset)), boxed
        implicit = f"q_obj_{head.name}-arg"
        own = self._members(node, implicit, head.where, "argument")
        if not own:
            return EMPTY, boxed
        place = self._source.place(node.offset)
        self._drafts.add(ObjectDraft(implicit, head.where, place, own, head.condition), head.where)
        return implicit, boxed

    def _members(self, node: Node, owner: str, where: str, what: str, *, old_style: bool = False) -> tuple[Member, ...]:
        source = self._source
        read: list[Member] = []
        for key, value in parts.members(source, node, where).items():
            name = key.removeprefix("*")
            here = f"{where}: {what} '{name}'"
            wrong = names.wrong_member_name(name, old_style=old_style)
            if wrong:
                raise source.error(f"{here}: {wrong}", value.key_offset)
            typed, condition, features = parts.long_form(source, value, here, "type", COMMON)
            place = source.place(value.key_offset)
            type_name = self._type_name(typed, here, "")
            read.append(Member(name, type_name, key != name, place, owner, condition, features))
        return tuple(read)

    def _branches(self, head: _Head, expected: str) -> tuple[Branch, ...]:
        source = self._source
        read: list[Branch] = []
        for name, value in parts.members(source, head.keys["data"], f"{head.where}: 'data'").items():
            here = f"{head.where}: branch '{name}'"
            typed, condition, _ = parts.long_form(source, value, here, "type", ("if",))
            if expected == "a type":
                parts.string(source, typed, here, "the name of a struct")
                type_name = self._type_name(typed, here, "object")
            else:
                wrong = names.wrong_plain_name(name)
                if wrong:
                    raise source.error(f"{here}: {wrong}", value.key_offset)
                type_name = self._type_name(typed, here, "")
            read.append(Branch(name, type_name, source.place(value.key_offset), condition))
        return tuple(read)

    def _type_name(self, node: Node, where: str, role: str) -> str:
        if isinstance(node.value, str):
            return self._drafts.use(TypeUse(node.value, where, role, self._source, node.offset))
        if isinstance(node.value, list) and len(node.value) == 1:
            element = node.value[0].value
            if isinstance(element, str):
                return self._drafts.use_array(TypeUse(element, where, role, self._source, node.offset))
        raise self._source.error(f"{where}: expected a type's name, or an array of one type's name", node.offset)
