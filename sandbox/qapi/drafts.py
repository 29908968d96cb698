"""Between a schema's text and its definitions: objects whose base is only a name yet, and the uses of types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sandbox.errors import InputError
from sandbox.qapi.model import ArrayType

if TYPE_CHECKING:
    from sandbox.errors import Place
    from sandbox.qapi.conditions import Condition
    from sandbox.qapi.model import Branch, Definition, Feature, Member
    from sandbox.qapi.reader import SchemaText


class Everything(frozenset[str]):
    """The set of all names."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        """Whether the name is in the set: it is."""
        return True


class Pragmas:
    """What a schema exempts from the rules, by name."""

    __slots__ = ("are_final", "command_names", "command_returns", "member_names")

    def __init__(self, *, exempt_all: bool = False) -> None:
        exempt: frozenset[str] = Everything() if exempt_all else frozenset()
        self.are_final = exempt_all
        self.command_names = exempt
        self.command_returns = exempt
        self.member_names = exempt


class ObjectDraft(NamedTuple):
    """A struct or union as it is written."""

    name: str
    where: str
    place: Place
    own: tuple[Member, ...]
    condition: Condition | None
    features: tuple[Feature, ...] = ()
    base: str | None = None
    base_place: Place | None = None
    tag_name: str | None = None
    tag_place: Place | None = None
    branches: tuple[Branch, ...] = ()


class TypeUse(NamedTuple):
    """A type's name at ``offset`` of a file; ``where`` says what uses it, ``role`` what is asked of the type."""

    typename: str
    where: str
    role: str
    source: SchemaText
    offset: int

    def error(self, what: str) -> InputError:
        """Return an error about this use."""
        return self.source.error(f"{self.where} {what}", self.offset)


class Drafts:
    """Everything that the files of a schema define, in order, not yet checked against each other."""

    __slots__ = ("definitions", "files", "uses")

    def __init__(self) -> None:
        self.definitions: dict[str, Definition | ObjectDraft] = {}
        self.uses: list[TypeUse] = []
        self.files: list[str] = []

    def add(self, definition: Definition | ObjectDraft, where: str) -> None:
        """Add a definition.

        Raises:
            InputError: the name is taken.
        """
        known = self.definitions.get(definition.name)
        if known is not None and not isinstance(known, ArrayType):
            raise InputError(f"{where}: '{definition.name}' is already defined at {known.place}", definition.place)
        self.definitions[definition.name] = definition

    def use(self, use: TypeUse) -> str:
        """Note that a type is used, and return its name."""
        self.uses.append(use)
        return use.typename

    def use_array(self, use: TypeUse) -> str:
        """Note that an array is used; the use is of its element's type. Return the name of the array."""
        self.uses.append(use)
        name = f"[{use.typename}]"
        if name not in self.definitions:
            self.definitions[name] = ArrayType(name, use.source.place(use.offset), use.typename)
        return name
