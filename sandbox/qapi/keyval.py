"""QEMU's keyval syntax, ``key=value,...`` with nested keys: what ``-machine``, ``-smp`` and HMP's ``object_add`` take.

``a.b=1`` is a member in a member, ``a.0=x,a.1=y`` a list, ``,,`` a comma in a value. All values are strings; which of
them are numbers is for :func:`~sandbox.qapi.visit.visit_keyval` to tell. ``-object`` and ``-numa`` do not use it: see
:mod:`sandbox.qapi.opts`.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sandbox.errors import QemuError
from sandbox.qapi.qdict import walk_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Keyval: TypeAlias = "str | list[Keyval] | dict[str, Keyval]"

LONGEST_FRAGMENT: Final = 127
LARGEST_INDEX: Final = (1 << 31) - 1

_HELP: Final = frozenset({"help", "?"})
_NAME: Final = re.compile(r"(?:__[A-Za-z0-9.-]*_)?[A-Za-z][A-Za-z0-9_-]*")
_INDEX: Final = re.compile(r"[0-9]+")
_FIRST_WORD: Final = re.compile(r"[^=,]*")
_VALUE: Final = re.compile(r"(?:[^,]++|,,)*+")


class KeyvalText(NamedTuple):
    """What a keyval text says: its tree, and whether it asks for help."""

    tree: dict[str, Keyval]
    wants_help: bool


def parse_keyval(text: str, implied_key: str | None = None) -> dict[str, Keyval]:
    """Return the tree that ``text`` writes.

    Args:
        text: the text.
        implied_key: the key of a first value that has none, ``type`` for ``-machine``.

    Raises:
        QemuError: the text is wrong, or asks for help.
    """
    read = read_keyval(text, implied_key)
    if read.wants_help:
        raise QemuError("Help is not available for this option")
    return read.tree


def read_keyval(text: str, implied_key: str | None = None) -> KeyvalText:
    """Return the tree that ``text`` writes, and whether ``help`` or ``?`` stands in it.

    Raises:
        QemuError: the text is wrong.
    """
    tree: dict[str, Keyval] = {}
    wants_help = False
    at = 0
    while at < len(text):
        word = _FIRST_WORD.match(text, at)
        key = word[0] if word else ""
        end = at + len(key)
        implied, implied_key = implied_key, None
        if key and text[end : end + 1] != "=" and (key in _HELP or implied is not None):
            if key in _HELP:
                wants_help = True
            elif implied is not None:
                _put(tree, implied, key, implied)
            at = end + 1
            continue
        holder, last = _holder(tree, key)
        if text[end : end + 1] != "=":
            raise QemuError(f"Expected '=' after parameter '{key}'")
        value, at = _value(text, end + 1)
        _put(holder, last, value, key)
    _make_lists(tree)
    return KeyvalText(tree, wants_help)


def merge_keyval(into: Mapping[str, Keyval], more: Mapping[str, Keyval]) -> dict[str, Keyval]:
    """Return ``into`` with ``more`` on top, as QEMU puts several ``-machine`` together.

    Members of objects are merged, lists are joined, other values replaced.

    Raises:
        QemuError: a key has an object, list or string in one and another of these in the other.
    """
    return _merged(into, more, "")


def _merged(into: Mapping[str, Keyval], more: Mapping[str, Keyval], prefix: str) -> dict[str, Keyval]:
    merged = dict(into)
    for key in walk_order(more.keys()):
        old, new = merged.get(key), more[key]
        if old is not None and type(old) is not type(new):
            raise QemuError(f"Parameter '{prefix}{key}' used inconsistently")
        if isinstance(old, dict) and isinstance(new, dict):
            new = _merged(old, new, f"{prefix}{key}.")
        elif isinstance(old, list) and isinstance(new, list):
            new = old + new
        merged[key] = new
    return merged


def _holder(tree: dict[str, Keyval], key: str) -> tuple[dict[str, Keyval], str]:
    """Return the object that ``key`` speaks about, made if need be, and the last fragment of the key.

    Raises:
        QemuError: a fragment of the key is no name and no index, or leads into a string.
    """
    holder = tree
    fragment = ""
    at = 0
    while True:
        found = (_INDEX.match(key, at) if at else None) or _NAME.match(key, at)
        if found is None or key[found.end() : found.end() + 1] not in ("", "."):
            raise QemuError(f"Invalid parameter '{key}'")
        if len(found[0]) > LONGEST_FRAGMENT:
            what = "Parameter" if found[0] == key else "Parameter fragment"
            raise QemuError(f"{what} '{found[0]}' is too long")
        if at:
            inner = holder.setdefault(fragment, {})
            if not isinstance(inner, dict):
                raise QemuError(f"Parameters '{key[: at - 1]}.*' used inconsistently")
            holder = inner
        fragment = found[0]
        at = found.end() + 1
        if at > len(key):
            return holder, fragment


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that starts at ``at``, and where the next key starts."""
    found = _VALUE.match(text, at)
    end = found.end() if found else at
    return text[at:end].replace(",,", ","), end + 1


def _put(holder: dict[str, Keyval], fragment: str, value: str, key: str) -> None:
    if not isinstance(holder.get(fragment, ""), str):
        raise QemuError(f"Parameters '{key}.*' used inconsistently")
    holder[fragment] = value


def _make_lists(tree: dict[str, Keyval]) -> None:
    """Replace, innermost first, every object whose keys are all indices by a list."""
    under_way: list[tuple[dict[str, Keyval], str, Iterator[str]]] = [(tree, "", iter(walk_order(tree.keys())))]
    while under_way:
        members, key, rest = under_way[-1]
        inner = next(((name, value) for name in rest if isinstance(value := members[name], dict)), None)
        if inner is not None:
            under_way.append((inner[1], inner[0], iter(walk_order(inner[1].keys()))))
            continue
        under_way.pop()
        if not under_way:
            return
        indexed = {name: min(int(name), LARGEST_INDEX) for name in members if _INDEX.fullmatch(name)}
        if indexed:
            elements = {indexed[name]: members[name] for name in walk_order(members.keys()) if name in indexed}
            if len(indexed) < len(members) or max(elements) >= len(elements):
                path = "".join(f"{name}." for _, name, _ in under_way[1:]) + f"{key}."
                if len(indexed) < len(members):
                    raise QemuError(f"Parameters '{path}*' used inconsistently")
                missing = next(index for index in range(len(elements) + 1) if index not in elements)
                raise QemuError(f"Parameter '{path}{missing}' missing")
            under_way[-1][0][key] = [elements[index] for index in range(len(elements))]
