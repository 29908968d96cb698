"""Where a schema of ours and a schema of QEMU's differ.

Ours may know less: an enum may lack values and a union branches, which is only noted. What both know must be the same:
the members of an object, in their order, with their types, and which of them are optional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.qapi.model import EMPTY, AlternateType, ArrayType, Command, EnumType, Event, ObjectType
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.errors import Place
    from sandbox.qapi.model import Branch, Definition, Member, Schema


@record
class Disagreement:
    """One difference between two schemas.

    Attributes:
        name: the name of the definition in which they differ.
        what: the difference.
        ours: where it is in our schema; None if ours has nothing there.
        theirs: where it is in theirs; None if theirs has nothing there.
        informational: whether ours merely knows less, where it may.
    """

    name: str
    what: str
    ours: Place | None
    theirs: Place | None
    informational: bool = False

    def __str__(self) -> str:
        return f"{self.ours or self.theirs}: '{self.name}': {self.what}" + (
            f" ({self.theirs})" if self.ours and self.theirs else ""
        )


def disagreements(ours: Schema, theirs: Schema, names: Iterable[str]) -> tuple[Disagreement, ...]:
    """Return where two schemas differ about some definitions and all that these use.

    Args:
        ours: the schema that may know less.
        theirs: the schema that counts.
        names: names of definitions of ours: types, commands, events.

    Raises:
        InputError: ours has no definition of such a name.
    """
    found: list[Disagreement] = []
    waiting = list(names)
    seen: set[str] = set()
    for name in waiting:
        if name in seen:
            continue
        seen.add(name)
        our_definition = ours.lookup(name)
        found += _compared(our_definition, theirs)
        waiting += _used_types(our_definition)
    return tuple(found)


def _compared(our: Definition, theirs: Schema) -> Iterator[Disagreement]:
    if our.name not in theirs:
        yield Disagreement(our.name, "theirs does not define it", our.place, None)
        return
    their = theirs.lookup(our.name)
    if isinstance(our, ObjectType) and isinstance(their, ObjectType):
        yield from _objects(our, their)
    elif isinstance(our, EnumType) and isinstance(their, EnumType):
        yield from _enums(our, their)
    elif isinstance(our, AlternateType) and isinstance(their, AlternateType):
        yield from _branches(our.name, our.branches, their.branches)
    elif isinstance(our, (Command, Event)) and type(our) is type(their):
        yield from _commands(our, their)
    elif type(our) is not type(their):
        what = f"it is a {type(our).__name__} in ours and a {type(their).__name__} in theirs"
        yield Disagreement(our.name, what, our.place, their.place)


def _objects(our: ObjectType, their: ObjectType) -> Iterator[Disagreement]:
    ours = {member.name: member for member in our.members}
    theirs = {member.name: member for member in their.members}
    for name, member in ours.items():
        if name in theirs:
            yield from _members(our.name, member, theirs[name])
        else:
            yield Disagreement(our.name, f"theirs has no member '{name}'", member.place, their.place)
    for name, member in theirs.items():
        if name not in ours:
            yield Disagreement(our.name, f"member '{name}' is not in ours", our.place, member.place)
    if ours.keys() == theirs.keys() and list(ours) != list(theirs):
        what = f"the members come in another order: {', '.join(ours)} in ours, {', '.join(theirs)} in theirs"
        yield Disagreement(our.name, what, our.place, their.place)
    our_tag, their_tag = (tag.name if tag is not None else None for tag in (our.tag, their.tag))
    if our_tag != their_tag:
        what = f"the discriminator is {_quoted(our_tag)} in ours and {_quoted(their_tag)} in theirs"
        yield Disagreement(our.name, what, our.place, their.place)
    else:
        yield from _branches(our.name, our.branches, their.branches)


def _quoted(name: str | None) -> str:
    return "absent" if name is None else f"'{name}'"


def _members(name: str, our: Member, their: Member) -> Iterator[Disagreement]:
    if our.type != their.type:
        what = f"member '{our.name}' is of type '{our.type}' in ours and '{their.type}' in theirs"
        yield Disagreement(name, what, our.place, their.place)
    if our.optional != their.optional:
        kinds = [("optional" if member.optional else "mandatory") for member in (our, their)]
        what = f"member '{our.name}' is {kinds[0]} in ours and {kinds[1]} in theirs"
        yield Disagreement(name, what, our.place, their.place)


def _enums(our: EnumType, their: EnumType) -> Iterator[Disagreement]:
    ours = {value.name: value for value in our.values}
    theirs = {value.name: value for value in their.values}
    for name, value in ours.items():
        if name not in theirs:
            yield Disagreement(our.name, f"theirs has no value '{name}'", value.place, their.place)
    for name, value in theirs.items():
        if name not in ours:
            yield Disagreement(our.name, f"value '{name}' is not in ours", None, value.place, informational=True)
    both = [name for name in ours if name in theirs]
    if both != [name for name in theirs if name in ours]:
        yield Disagreement(our.name, "the values come in another order", our.place, their.place)


def _branches(name: str, our: tuple[Branch, ...], their: tuple[Branch, ...]) -> Iterator[Disagreement]:
    ours = {branch.name: branch for branch in our}
    theirs = {branch.name: branch for branch in their}
    for case, branch in ours.items():
        other = theirs.get(case)
        if other is None:
            yield Disagreement(name, f"theirs has no branch '{case}'", branch.place, None)
        elif other.type != branch.type:
            what = f"branch '{case}' is of type '{branch.type}' in ours and '{other.type}' in theirs"
            yield Disagreement(name, what, branch.place, other.place)
    for case, branch in theirs.items():
        if case not in ours and branch.type != EMPTY:
            yield Disagreement(name, f"branch '{case}' is not in ours", None, branch.place, informational=True)


def _commands(our: Command | Event, their: Definition) -> Iterator[Disagreement]:
    for attribute, what in (("arg_type", "the arguments are"), ("ret_type", "it returns")):
        types = [getattr(definition, attribute, EMPTY) for definition in (our, their)]
        if types[0] != types[1]:
            yield Disagreement(
                our.name, f"{what} '{types[0]}' in ours and '{types[1]}' in theirs", our.place, their.place
            )


def _used_types(definition: Definition) -> Iterator[str]:
    if isinstance(definition, ObjectType):
        yield from (member.type for member in definition.members)
    if isinstance(definition, (ObjectType, AlternateType)):
        yield from (branch.type for branch in definition.branches)
    if isinstance(definition, ArrayType):
        yield definition.element
    if isinstance(definition, (Command, Event)):
        yield definition.arg_type
    if isinstance(definition, Command):
        yield definition.ret_type
