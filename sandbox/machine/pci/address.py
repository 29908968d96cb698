"""The property ``addr``: a slot and a function on a bus, written ``04.0``, ``4`` or, in JSON, as a number.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

import re
from typing import Final

from sandbox.errors import QemuError

AUTOMATIC: Final = -1
"""The devfn that asks for the first free slot."""

SLOTS: Final = 32
FUNCTIONS: Final = 8
DEVFNS: Final = SLOTS * FUNCTIONS

_UINT32: Final = 0xFFFF_FFFF
_SPACE: Final = r"[ \t\n\v\f\r]*"
_HEXADECIMAL: Final = r"([+-]?)(0[xX])?([0-9A-Fa-f]*)"
_ADDRESS: Final = re.compile(rf"{_SPACE}{_HEXADECIMAL}(?:\.{_SPACE}{_HEXADECIMAL})?")


def make_devfn(slot: int, function: int) -> int:
    """Return the devfn of a slot (0..31) and a function (0..7): ``slot << 3 | function``."""
    return slot << 3 | function


def slot_of(devfn: int) -> int:
    """Return the slot of a devfn."""
    return devfn >> 3


def function_of(devfn: int) -> int:
    """Return the function of a devfn."""
    return devfn & 7


def format_devfn(devfn: int) -> str:
    """Return a devfn as QEMU prints it: two hexadecimal digits of slot, a dot, the function."""
    return f"{slot_of(devfn):02x}.{function_of(devfn)}"


def parse_devfn(value: object, typename: str) -> int:
    """Return the devfn that ``addr`` is set to, or :data:`AUTOMATIC`.

    Args:
        value: a text (slot and function are hexadecimal, with or without ``0x``) or, from JSON, a number that is the
            devfn itself.
        typename: the device's type, for messages.

    Raises:
        QemuError: the value is no address.
    """
    if isinstance(value, str):
        return _parse_text(value, typename)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QemuError("Invalid parameter type for 'addr', expected int or str")
    if isinstance(value, float):
        raise QemuError("Invalid parameter type for 'addr', expected: integer")
    if not -(1 << 31) <= value < 1 << 31:
        raise QemuError("Parameter 'addr' expects int32_t")
    if not AUTOMATIC <= value < DEVFNS:
        raise QemuError("Parameter 'addr' expects a value between -1 and 255")
    return value


def _parse_text(text: str, typename: str) -> int:
    found = _ADDRESS.fullmatch(text)
    if found is not None:
        slot = _number(*found.group(1, 2, 3))
        function = 0 if found[6] is None else _number(*found.group(4, 5, 6))
        if slot is not None and function is not None and slot < SLOTS and function < FUNCTIONS:
            return make_devfn(slot, function)
    raise QemuError(f"Property '{typename}.addr' doesn't take value '{text}'")


def _number(sign: str, prefix: str | None, digits: str) -> int | None:
    """Return a number as C's ``%x`` reads it, modulo 2**32; a bare ``0x`` is zero, no digit at all is no number."""
    if not digits:
        return 0 if prefix else None
    value = int(digits, 16)
    return (-value if sign == "-" else value) & _UINT32
