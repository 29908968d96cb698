"""The short way to write ordinary values: those whose JSON needs no more than Python's own string encoder.

It gives way to :mod:`sandbox.qapi.json_writer` as soon as it meets anything else. That other way is the rule; this one
only saves time.
"""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Final

from sandbox.qapi.json_writer import quoted, to_json
from sandbox.qapi.qdict import walk_order

LONGEST_KEYS: Final = 512
"""How many characters the names of an object's members may have together: what is remembered of them is bounded."""


class _UnusualError(Exception):
    """A value that this way does not write."""


def quick_json(value: object) -> str:
    """Return what :func:`sandbox.qapi.json_writer.to_json` returns.

    Raises:
        InputError: as there.
    """
    try:
        return _written(value)
    except (_UnusualError, RecursionError):
        return to_json(value)


@lru_cache(maxsize=1024)
def _layout(keys: tuple[object, ...]) -> tuple[tuple[str, str], ...]:
    """Return an object's members in QEMU's order, each with its name as it is written; an error is not remembered."""
    names = [key for key in keys if isinstance(key, str)]
    if len(names) < len(keys) or sum(map(len, names)) > LONGEST_KEYS:
        raise _UnusualError
    return tuple((name, quoted(name) + ": ") for name in walk_order(names))


def _written(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is dict:
        if not value:
            return "{}"
        members = [
            name + (_string(member) if type(member := value[key]) is str else _written(member))
            for key, name in _layout(tuple(value))
        ]
        return "{" + ", ".join(members) + "}"
    if kind is list:
        return "[" + ", ".join([_written(element) for element in value]) + "]"
    if kind is bool:
        return "true" if value else "false"
    if kind is int and -(1 << 63) <= value < 1 << 64:
        return repr(value)
    if value is None:
        return "null"
    raise _UnusualError


def _string(text: str) -> str:
    # printable ASCII is where Python and QEMU agree
    return encode_basestring_ascii(text) if text.isascii() and text.isprintable() else quoted(text)
