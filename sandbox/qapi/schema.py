"""Schema text -> checked schema: the language of QEMU's qapi/*.json, from QEMU 8.1 to 11.1.

    schema = parse_schema(text, "qom.json")
    schema.lookup("ObjectOptions").place      # qom.json:12:1

Comments, and with them all documentation, are skipped. Everything that an ``if`` makes conditional counts as present,
unless the symbols are given that the build of QEMU defines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError, Place
from sandbox.qapi.check import checked
from sandbox.qapi.model import Schema
from sandbox.qapi.modules import read_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["Schema", "parse_schema"]


def parse_schema(
    text: str,
    file: str = "<schema>",
    read_include: Callable[[str], str] | None = None,
    defined: Collection[str] | None = None,
    *,
    any_names: bool = False,
) -> Schema:
    """Return the schema that ``text`` defines.

    Args:
        text: the text of a schema file.
        file: its name, for places and for the paths of includes.
        read_include: returns the text of an included file, given its path: the directory of ``file``, then what the
            directive says. None: an include is an error.
        defined: the symbols that the build defines; what an ``if`` leaves out is then dropped. None: everything stays.
        any_names: whether the rules for names are left to whoever wrote the schema. QEMU's own files break them under
            exceptions that stand in another file, ``pragma.json``, which not every one of them includes.

    Raises:
        InputError: the text breaks a rule of the language; the place has file, line and column, the message names the
            definition and the member.
    """
    try:
        schema = checked(read_modules(text, file, read_include, any_names=any_names))
    except RecursionError:
        raise InputError("includes or bases follow each other too deeply", Place(file, 1, 1)) from None
    if defined is None:
        return schema
    from sandbox.qapi.configure import configured

    return configured(schema, defined)
