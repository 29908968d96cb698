"""The files of a schema: includes and pragmas."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from sandbox.errors import InputError, Place
from sandbox.qapi import parts
from sandbox.qapi.definitions import DefinitionReader
from sandbox.qapi.drafts import Drafts, Pragmas
from sandbox.qapi.model import BUILTINS, EMPTY, NOWHERE, BuiltinType, EnumType, EnumValue, ObjectType
from sandbox.qapi.reader import SchemaText

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.qapi.reader import Node

_QTYPES = ("none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool")


def read_modules(text: str, file: str, read_include: Callable[[str], str] | None, *, any_names: bool = False) -> Drafts:
    """Read a schema file and what it includes.

    Args:
        text: the text of the file.
        file: its name; includes are relative to it.
        read_include: returns the text of a file; ``OSError`` and ``UnicodeDecodeError`` become an InputError.
        any_names: whether the rules for names are left to whoever wrote the schema.

    Raises:
        InputError: a file cannot be read, or is wrong by itself.
    """
    drafts = Drafts()
    for name, json_type in BUILTINS.items():
        drafts.definitions[name] = BuiltinType(name, json_type)
    drafts.definitions["QType"] = EnumType("QType", NOWHERE, tuple(EnumValue(name, NOWHERE) for name in _QTYPES))
    drafts.definitions[EMPTY] = ObjectType(EMPTY, NOWHERE, ())
    modules = _Modules(drafts, read_include, Pragmas(exempt_all=any_names))
    modules.read(text, file, ())
    return drafts


class _Modules:
    __slots__ = ("_drafts", "_pragmas", "_read_include", "_seen")

    def __init__(self, drafts: Drafts, read_include: Callable[[str], str] | None, pragmas: Pragmas) -> None:
        self._drafts = drafts
        self._read_include = read_include
        self._pragmas = pragmas
        self._seen: set[str] = set()

    def read(self, text: str, file: str, within: tuple[str, ...]) -> None:
        self._seen.add(posixpath.normpath(file))
        self._drafts.files.append(file)
        source = SchemaText(text, file)
        reader = DefinitionReader(source, self._pragmas, self._drafts)
        for node in source.expressions():
            keys = parts.members(source, node, "schema")
            if "include" in keys:
                self._include(source, parts.check_keys(source, node, "include", ("include",), ()), within)
            elif "pragma" in keys:
                self._pragma(source, parts.check_keys(source, node, "pragma", ("pragma",), ()))
            else:
                reader.read(node)

    def _include(self, source: SchemaText, keys: dict[str, Node], within: tuple[str, ...]) -> None:
        node = keys["include"]
        included = parts.string(source, node, "include", "the path of a file")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source.file), included))
        normal = path
        chain = (*within, posixpath.normpath(source.file))
        if normal in chain:
            raise source.error(f"include '{included}': the file includes itself", node.offset)
        if normal in self._seen:
            return
        if self._read_include is None:
            raise source.error(f"include '{included}': no files can be read here", node.offset)
        try:
            text = self._read_include(path)
        except OSError as error:
            what = f"include '{included}': cannot read '{path}': {error.strerror or error}"
            raise source.error(what, node.offset) from error
        except UnicodeDecodeError as error:
            raise InputError(f"not UTF-8: byte {error.start}", Place(path)) from error
        self.read(text, path, chain)

    def _pragma(self, source: SchemaText, keys: dict[str, Node]) -> None:
        for name, node in parts.members(source, keys["pragma"], "pragma").items():
            where = f"pragma '{name}'"
            if name == "doc-required":
                if not isinstance(node.value, bool):
                    raise source.error(f"{where}: expected true or false", node.offset)
                continue
            exempt = frozenset(
                parts.string(source, element, where, "a name") for element in parts.elements(source, node, where)
            )
            if self._pragmas.are_final:
                continue
            if name == "command-name-exceptions":
                self._pragmas.command_names = exempt
            elif name == "command-returns-exceptions":
                self._pragmas.command_returns = exempt
            elif name == "member-name-exceptions":
                self._pragmas.member_names = exempt
            elif name != "documentation-exceptions":
                raise source.error(f"{where} is unknown", node.key_offset)
