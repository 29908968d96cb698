"""A value -> JSON as QEMU writes it: one line, ASCII only, members in QEMU's walking order.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.qapi.json_text import INVALID_CHARACTER, REPLACEMENT
from sandbox.qapi.qdict import walk_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ORDINARY: Final = re.compile(r"[ !#-\[\]-~]*")
_SPECIAL: Final = re.compile(r'["\\]|[^ -~]')
_ESCAPES: Final[Mapping[str, str]] = {
    '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip


def to_json(value: object, *, in_order: bool = False) -> str:
    """Return ``value`` as QEMU writes it in a reply, without a line end.

    Args:
        value: None, a bool, an int of at most 64 bits, a float, a str, or a list, tuple or dict (keys are str) of such.
        in_order: whether members stand in QEMU's order already.

    Raises:
        InputError: it is or holds something else.
    """
    scalar = _scalar(value)
    if scalar is not None:
        return scalar
    written: list[str] = []
    closing: list[str] = []
    open_containers: list[Iterator[tuple[str, object]]] = []
    _open(value, written, closing, open_containers, in_order=in_order)
    while open_containers:
        entry = next(open_containers[-1], None)
        if entry is None:
            open_containers.pop()
            written.append(closing.pop())
            continue
        name, element = entry
        if written[-1] not in ("{", "["):
            written.append(", ")
        written.append(name)
        scalar = _scalar(element)
        if scalar is not None:
            written.append(scalar)
        else:
            _open(element, written, closing, open_containers, in_order=in_order)
    return "".join(written)


def quoted(text: str) -> str:
    """Return ``text`` as a JSON string: only printable ASCII; U+FFFD stands for what QEMU's strings cannot hold."""
    if _ORDINARY.fullmatch(text):
        return f'"{text}"'
    return f'"{_SPECIAL.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in _ESCAPES:
        return _ESCAPES[character]
    if INVALID_CHARACTER.match(character):
        character = REPLACEMENT
    return "".join(f"\\u{unit:04X}" for unit in _utf16(ord(character)))


def _utf16(code: int) -> tuple[int, ...]:
    if code <= 0xFFFF:
        return (code,)
    return 0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)


def _scalar(value: object) -> str | None:
    """Return the JSON of a scalar; None for a container."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 64:
            raise InputError(f"{value:#x} does not fit into 64 bits")
        return str(value)
    if value is None:
        return "null"
    return f"{value:.17g}" if isinstance(value, float) else None


def _entries(value: object, *, in_order: bool) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InputError(f"a JSON object's keys are strings, not {type(key).__name__}")
        return ((quoted(key) + ": ", value[key]) for key in (value if in_order else walk_order(value)))
    if isinstance(value, (list, tuple)):
        return (("", element) for element in value)
    raise InputError(f"JSON has no {type(value).__name__}")


def _open(
    value: object,
    written: list[str],
    closing: list[str],
    containers: list[Iterator[tuple[str, object]]],
    *,
    in_order: bool,
) -> None:
    containers.append(_entries(value, in_order=in_order))
    written.append("{" if isinstance(value, dict) else "[")
    closing.append("}" if isinstance(value, dict) else "]")
