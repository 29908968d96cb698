"""The short way to write ordinary values: those that Python's own encoder writes as QEMU does.

It gives way to :mod:`sandbox.qapi.json_writer` as soon as there is anything that the two could write differently. That
other way is the rule; this one only saves time.
"""

from __future__ import annotations

import json.encoder
from json.encoder import JSONEncoder, encode_basestring_ascii
from typing import TYPE_CHECKING, Any, Final

from sandbox.qapi.json_writer import to_json

if TYPE_CHECKING:
    from collections.abc import Callable


_DOUBTFUL: Final = ("\\u", "\x7f", ".", "e+", "e-0", "e-1", "e-2", "e-3")
"""What is in every text that the two write differently: escapes by number, DEL, and floats. Others may have it, too."""


def _make_encoder() -> Callable[[object], str]:
    """Return what encodes a container: JSONEncoder does it, but makes the same encoder in C anew for each value."""
    plain = JSONEncoder(check_circular=False, allow_nan=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return plain.encode
    encode = make(None, plain.default, encode_basestring_ascii, None, ": ", ", ", False, False, False)  # noqa: FBT003
    return lambda value: "".join(encode(value, 0))


_ENCODE: Final = _make_encoder()


def quick_json(value: object) -> str:
    """Return what :func:`sandbox.qapi.json_writer.to_json` returns for a value whose members stand in QEMU's order.

    Args:
        value: as there; all names of members are text and all integers fit into 64 bits.

    Raises:
        InputError: it is or holds something else.
    """
    if type(value) is dict or type(value) is list:
        try:
            text = _ENCODE(value)
        except (TypeError, ValueError, RecursionError):
            return to_json(value, in_order=True)
        for mark in _DOUBTFUL:
            if mark in text:
                return to_json(value, in_order=True)
        return text
    return to_json(value)
