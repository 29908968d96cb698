"""The short way to write ordinary values: those that Python's own encoder writes as QEMU does.

It gives way to :mod:`sandbox.qapi.json_writer` as soon as there is anything that the two could write differently. That
other way is the rule; this one only saves time.
"""

from __future__ import annotations

from json.encoder import JSONEncoder
from typing import Final

from sandbox.qapi.json_writer import to_json

_ENCODE: Final = JSONEncoder(check_circular=False, allow_nan=False).encode

_DOUBTFUL: Final = ("\\u", "\x7f", ".", "e+", "e-0", "e-1", "e-2", "e-3")
"""What is in every text that the two write differently: escapes by number, DEL, and floats. Others may have it, too."""


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
