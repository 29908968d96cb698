"""Definitions checked against each other: bases, discriminators, branches, clashes, what may be used where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.qapi.drafts import ObjectDraft
from sandbox.qapi.model import (
    EMPTY,
    AlternateType,
    ArrayType,
    Branch,
    BuiltinType,
    Command,
    EnumType,
    Event,
    ObjectType,
    Schema,
)
from sandbox.qapi.names import c_name

if TYPE_CHECKING:
    from sandbox.errors import Place
    from sandbox.qapi.drafts import Drafts, TypeUse
    from sandbox.qapi.model import Definition, Member

_NUMBER_LIKE: Final = re.compile(r"[-+0-9.]")


def checked(drafts: Drafts) -> Schema:
    """Return the schema that the drafts define.

    Raises:
        InputError: they break a rule of the language; the first one in the order of the schema.
    """
    return _Checker(drafts).schema()


class _Checker:
    __slots__ = ("_checked", "_drafts", "_under_way")

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._checked: dict[str, Definition] = {}
        self._under_way: set[str] = set()

    def schema(self) -> Schema:
        drafts = self._drafts
        for use in drafts.uses:
            self._check_known(use)
        for name, definition in drafts.definitions.items():
            if isinstance(definition, ObjectDraft):
                self._object(name)
            else:
                self._checked[name] = definition
        for use in drafts.uses:
            self._check_role(use)
        for definition in self._checked.values():
            if isinstance(definition, AlternateType):
                self._check_alternate(definition)
            elif isinstance(definition, (Command, Event)) and not definition.boxed:
                self._check_arguments(definition)
        return Schema({name: self._checked[name] for name in drafts.definitions}, tuple(drafts.files))

    def _check_known(self, use: TypeUse) -> None:
        known = self._drafts.definitions.get(use.typename)
        if known is None or isinstance(known, (Command, Event, ArrayType)):
            raise use.error(f"uses unknown type '{use.typename}'")
        if use.role == "struct" and not (isinstance(known, ObjectDraft) and known.tag_name is None):
            raise use.error(f"must be a struct, which '{use.typename}' is not")
        if use.role == "object" and not isinstance(known, ObjectDraft | ObjectType):
            raise use.error(f"must be a struct or a union, which '{use.typename}' is not")

    def _check_role(self, use: TypeUse) -> None:
        known = self._checked[use.typename]
        if use.role == "return" and not isinstance(known, ObjectType):
            what = f"must be an object or an array of objects, which '{use.typename}' is not"
            raise use.error(f"{what} (pragma command-returns-exceptions permits others)")
        if use.role in ("arguments", "boxed arguments"):
            if not isinstance(known, ObjectType):
                raise use.error(f"must be an object, which '{use.typename}' is not")
            if known.tag is not None and use.role == "arguments":
                raise use.error(f"is the union '{use.typename}', which needs 'boxed': true")

    def _object(self, name: str) -> ObjectType:
        done = self._checked.get(name)
        if isinstance(done, ObjectType):
            return done
        draft = self._drafts.definitions[name]
        assert isinstance(draft, ObjectDraft)
        if name in self._under_way:
            raise InputError(f"{draft.where} contains itself", draft.place)
        self._under_way.add(name)
        members: dict[str, Member] = {}
        if draft.base is not None:
            self._add_members(members, self._object(draft.base).members, draft)
        self._add_members(members, draft.own, draft)
        tag = self._tag(draft, members) if draft.tag_name is not None else None
        branches = self._branches(draft, tag, members) if tag is not None else ()
        made = ObjectType(
            name, draft.place, tuple(members.values()), draft.base, tag, branches, draft.condition, draft.features
        )
        self._checked[name] = made
        return made

    @staticmethod
    def _add_members(
        members: dict[str, Member], more: tuple[Member, ...], draft: ObjectDraft, at: Place | None = None
    ) -> None:
        for member in more:
            known = members.setdefault(c_name(member.name), member)
            if known is not member:
                clash = f"'{member.name}'{_of(member, draft)} clashes with '{known.name}'{_of(known, draft)}"
                raise InputError(f"{draft.where}: member {clash}", at or member.place)

    def _tag(self, draft: ObjectDraft, members: dict[str, Member]) -> Member:
        name = draft.tag_name or ""
        tag = members.get(c_name(name))
        where = f"{draft.where}: discriminator '{name}'"
        if tag is None or tag.name != name:
            raise InputError(f"{where} is not a member of the base", draft.tag_place)
        if not isinstance(self._drafts.definitions[tag.type], EnumType):
            raise InputError(f"{where} is of type '{tag.type}', which is no enum", draft.tag_place)
        if tag.optional:
            raise InputError(f"{where} is optional", draft.tag_place)
        if tag.condition is not None:
            raise InputError(f"{where} is conditional", draft.tag_place)
        return tag

    def _branches(self, draft: ObjectDraft, tag: Member, members: dict[str, Member]) -> tuple[Branch, ...]:
        enum = self._drafts.definitions[tag.type]
        assert isinstance(enum, EnumType)
        values = {value.name: value for value in enum.values}
        for branch in draft.branches:
            if branch.name not in values:
                what = f"{draft.where}: branch '{branch.name}' is not a value of enum '{enum.name}'"
                raise InputError(what, branch.place)
            self._check_branch(draft, branch.type, branch.place, dict(members))
        written = {branch.name for branch in draft.branches}
        rest = [value for value in enum.values if value.name not in written]
        branches = draft.branches + tuple(Branch(value.name, EMPTY, draft.place, value.condition) for value in rest)
        if not branches:
            raise InputError(f"{draft.where} has no branches", draft.place)
        return branches

    def _check_branch(self, draft: ObjectDraft, typename: str, at: Place, members: dict[str, Member]) -> None:
        """Check that no member of a branch clashes with the members that come before it."""
        branch_type = self._object(typename)
        self._add_members(members, branch_type.members, draft, at)
        for inner in branch_type.branches:
            self._check_branch(draft, inner.type, at, dict(members))

    def _check_arguments(self, definition: Command | Event) -> None:
        arguments = self._checked[definition.arg_type]
        assert isinstance(arguments, ObjectType)
        for member in arguments.members:
            if member.condition is not None:
                kind = "command" if isinstance(definition, Command) else "event"
                what = f"{kind} '{definition.name}': the conditional argument '{member.name}' needs 'boxed': true"
                raise InputError(what, member.place)

    def _check_alternate(self, alternate: AlternateType) -> None:
        taken: dict[str, Branch] = {}
        spellings: dict[str, Branch] = {}
        for branch in alternate.branches:
            where = f"alternate '{alternate.name}': branch '{branch.name}'"
            same = spellings.setdefault(c_name(branch.name), branch)
            if same is not branch:
                raise InputError(f"{where} clashes with '{same.name}'", branch.place)
            used = self._checked[branch.type]
            kinds = _json_kinds(used)
            if not kinds:
                raise InputError(f"{where} cannot be of type '{branch.type}'", branch.place)
            for kind in kinds:
                if kind in taken:
                    raise InputError(f"{where} cannot be told apart from '{taken[kind].name}'", branch.place)
                taken[kind] = branch


def _of(member: Member, draft: ObjectDraft) -> str:
    if member.owner in (draft.name, f"q_obj_{draft.name}-base"):
        return ""
    return f" of '{member.owner}'"


def _json_kinds(used: Definition) -> frozenset[str]:
    """Return the kinds of JSON values that a branch of an alternate takes.

    A string branch also takes the kinds that its values could be mistaken for where every scalar is a string (keyval).
    """
    if isinstance(used, ObjectType):
        return frozenset(("object",))
    if isinstance(used, ArrayType):
        return frozenset(("array",))
    if isinstance(used, EnumType):
        kinds = {"string"}
        names = [value.name for value in used.values]
        if "on" in names or "off" in names:
            kinds.add("boolean")
        if any(_NUMBER_LIKE.match(name) for name in names):
            kinds.add("number")
        return frozenset(kinds)
    if isinstance(used, BuiltinType):
        if used.name == "str":
            return frozenset(("string", "number", "boolean"))
        if used.json_type != "value":
            return frozenset(("number" if used.json_type == "int" else used.json_type,))
    return frozenset()
