"""Which names a schema may use, and where.

Source: QEMU's docs/devel/qapi-code-gen.rst, "Naming rules and reserved names".
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"(?:__[A-Za-z0-9.-]+_)?(?:[xX]-)?([A-Za-z][A-Za-z0-9_-]*)")
_PLAIN: Final = re.compile(r"[a-z][a-z0-9-]*")
_UPPER: Final = re.compile(r"[A-Z]")
_EVENT: Final = re.compile(r"[A-Z0-9_]+")
_CAMEL: Final = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_NOT_IN_C: Final = re.compile(r"[^A-Za-z0-9_]")


def c_name(name: str) -> str:
    """Return ``name`` as the C code spells it; two names with the same spelling clash."""
    return _NOT_IN_C.sub("_", name)


def wrong_type_name(name: str) -> str | None:
    """Return what is wrong with the name of an enum, struct, union or alternate, or None."""
    stem = _stem(name)
    if stem is None or not _CAMEL.fullmatch(stem):
        return "a type's name is CamelCase"
    return "type names that end in 'List' are reserved" if name.endswith("List") else None


def wrong_event_name(name: str) -> str | None:
    """Return what is wrong with the name of an event, or None."""
    stem = _stem(name)
    return None if stem is not None and _EVENT.fullmatch(stem) else "an event's name is ALL_CAPS with '_' between words"


def wrong_plain_name(name: str, *, underscore: bool = False, upper: bool = False) -> str | None:
    """Return what is wrong with the name of a command, branch or feature, or None.

    Args:
        name: the name.
        underscore: whether a pragma permits ``_``.
        upper: whether a pragma permits upper case.
    """
    if _PLAIN.fullmatch(name) and not name.startswith("q-"):
        return None
    stem = _stem(name)
    if stem is None:
        return "a name starts with a letter and has letters, digits, '-' and '_' only; 'q_' is reserved"
    if (_UPPER.search(stem) and not upper) or ("_" in stem and not underscore):
        return "the name uses upper case or '_'"
    return None


def wrong_member_name(name: str, *, old_style: bool = False) -> str | None:
    """Return what is wrong with the name of a struct's member, or None.

    ``old_style``: whether a pragma permits upper case and ``_``.
    """
    if name == "u" or name.startswith(("has-", "has_")):
        return "the name is reserved"
    return wrong_plain_name(name, underscore=old_style, upper=old_style)


def wrong_value_name(name: str, *, old_style: bool = False) -> str | None:
    """Return what is wrong with the name of an enum value, or None; it may start with a digit."""
    whole = "d" + name if name[:1].isdigit() else name
    return wrong_plain_name(whole, underscore=old_style, upper=old_style)


def _stem(name: str) -> str | None:
    """Return ``name`` without its downstream and experimental prefixes; None if it is no name at all."""
    found = _NAME.fullmatch(name)
    return None if found is None or name.startswith(("q_", "q-")) else found[1]
