"""What an unquoted YAML scalar means here: close to YAML 1.2's core schema, so that values reach QMP as they look.

* ``true`` and ``false`` are the only booleans: ``on``, ``off``, ``yes`` and ``no`` stay text.
* Integers are decimal, ``0x1f`` or ``0o17``. As in QEMU's JSON, one that fits neither 64-bit type becomes a float.
* ``null``, ``~`` and nothing at all are null.
* A number with leading zeros (``010``, ``04.0``) is refused: YAML 1.1 reads it as octal, YAML 1.2 as decimal, and a PCI
  address as neither.
* All else is text: ``00:04.0`` and ``.inf`` too.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

NULL: Final = re.compile(r"(?:~|null|Null|NULL|)\Z")
TRUE: Final = re.compile(r"(?:true|True|TRUE)\Z")
FALSE: Final = re.compile(r"(?:false|False|FALSE)\Z")
DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
PREFIXED: Final = re.compile(r"0(?:x[0-9a-fA-F]+|o[0-7]+)\Z")
FLOAT: Final = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z")
MERGE: Final = re.compile(r"<<\Z")

MOST_DIGITS: Final = 400
"""More digits than any float has in front of its point; a longer number can be no value of QMP."""

_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1


def resolve_scalar(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Raises:
        ValueError: the scalar may be a number or text, or JSON has no such number; the message says how to write it.
    """
    if NULL.match(text):
        return None
    if TRUE.match(text):
        return True
    if FALSE.match(text):
        return False
    if LEADING_ZERO.match(text):
        raise ValueError(f"is {text} a number or text? Write text in quotes, and a number without leading zeros")
    if len(text) > MOST_DIGITS and (FLOAT.match(text) or PREFIXED.match(text)):
        raise ValueError(f"a number of {len(text)} characters; write text in quotes")
    if DECIMAL.match(text):
        return _as_in_json(int(text))
    if PREFIXED.match(text):
        return _as_in_json(int(text, 0))
    if FLOAT.match(text):
        return _finite(float(text), text)
    return text


def _as_in_json(number: int) -> int | float:
    if _LEAST <= number <= _MOST:
        return number
    try:
        return float(number)
    except OverflowError:
        raise ValueError("a number beyond the range of floats; write text in quotes") from None


def _finite(number: float, text: str) -> float:
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is beyond the range of floats; write text in quotes")
    return number
