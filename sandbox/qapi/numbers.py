"""Numbers, sizes and switches as QEMU reads them from command-line text.

Integers may be decimal, hexadecimal (``0x2``) or octal (``010``), with white space and a sign before them. Sizes are
decimal or hexadecimal, take a fraction and a suffix (``1.5G``), and know no octal.

Source: QEMU 10.0 behaviour (built with a C library whose strtol takes no binary ``0b1``).
"""

from __future__ import annotations

import re
from typing import Final

from sandbox.errors import QemuError, SandboxError

INT64_MIN: Final = -(1 << 63)
INT64_MAX: Final = (1 << 63) - 1
UINT64_MAX: Final = (1 << 64) - 1

_PREFIX: Final = r"[ \t\n\v\f\r]*([+-]?)"
_ANY_BASE: Final = re.compile(_PREFIX + r"(?:0[xX]([0-9A-Fa-f]+)|(0[0-7]*)|([1-9][0-9]*))")
_DECIMAL: Final = re.compile(_PREFIX + r"([0-9]+)")
_HEXADECIMAL: Final = re.compile(_PREFIX + r"(?:0[xX])?([0-9A-Fa-f]+)")
_DECIMAL_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL_FLOAT: Final = re.compile(r"[+-]?0[xX](?:[0-9A-Fa-f]+\.?[0-9A-Fa-f]*|\.[0-9A-Fa-f]+)(?:[pP][+-]?[0-9]+)?")
_NOT_ZERO: Final = re.compile(r"[+-]?(?:0[xX][0.]*[1-9A-Fa-f]|[0.]*[1-9])")
_SMALLEST_FLOAT: Final = 2.2250738585072014e-308
_LARGEST_FLOAT: Final = 1.7976931348623157e308
_FRACTION: Final = re.compile(_PREFIX + r"\.([0-9]+)")
_DIGIT: Final = re.compile(r"[0-9]")
_MOST_DIGITS: Final = 25
_SUFFIXES: Final = "BKMGTPE"
_TRUE: Final = frozenset({"on", "yes", "true", "y"})
_FALSE: Final = frozenset({"off", "no", "false", "n"})
_SIZE_HINT: Final = (
    "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.\n"
)


class NumberError(SandboxError):
    """A text that is no number of the kind asked for; ``out_of_range`` if it is one, but too large or too small."""

    def __init__(self, text: str, *, out_of_range: bool = False) -> None:
        super().__init__(text)
        self.out_of_range = out_of_range


def scan_integer(text: str) -> tuple[int, int]:
    """Return the integer that ``text`` begins with, and where it ends.

    Raises:
        NumberError: it begins with none.
    """
    found = _ANY_BASE.match(text)
    if found is None:
        raise NumberError(text)
    sign, hexadecimal, octal, decimal = found.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else _from_decimal(decimal)
    return (-value if sign == "-" else value), found.end()


def read_int64(text: str) -> int:
    """Return the signed 64-bit integer that ``text`` is.

    Raises:
        NumberError: it is none.
    """
    value = _whole(text)
    if not INT64_MIN <= value <= INT64_MAX:
        raise NumberError(text, out_of_range=True)
    return value


def read_uint64(text: str, *, wrap: bool = True) -> int:
    """Return the unsigned 64-bit integer that ``text`` is.

    Args:
        text: the text.
        wrap: whether a negative number counts modulo 2**64, as in QEMU's keyval syntax; else it is out of range.

    Raises:
        NumberError: it is none.
    """
    value = _whole(text)
    if not (-UINT64_MAX if wrap else 0) <= value <= UINT64_MAX or (not wrap and "-" in text):
        raise NumberError(text, out_of_range=True)
    return value & UINT64_MAX


def read_number(text: str) -> float:
    """Return the finite floating-point number that ``text`` is, decimal or hexadecimal.

    Raises:
        NumberError: it is none, or too close to zero for its precision.
    """
    stripped = text.lstrip(" \t\n\v\f\r")
    try:
        if _HEXADECIMAL_FLOAT.fullmatch(stripped):
            value = float.fromhex(stripped)
        elif _DECIMAL_FLOAT.fullmatch(stripped):
            value = float(stripped)
        else:
            raise NumberError(text)
    except OverflowError:
        raise NumberError(text) from None
    vanishes = abs(value) < _SMALLEST_FLOAT and _NOT_ZERO.match(stripped) is not None
    if vanishes or abs(value) > _LARGEST_FLOAT:
        raise NumberError(text, out_of_range=vanishes)
    return value


def read_bool(text: str) -> bool | None:
    """Return what ``text`` switches: True for on, yes, true, y; False for off, no, false, n; None for anything else."""
    return True if text in _TRUE else False if text in _FALSE else None


def read_size(text: str, default_suffix: str = "B") -> int:
    """Return the size in bytes that ``text`` is, below 2**64: ``2G``, ``1.5k``, ``0x1000``.

    Args:
        text: the text.
        default_suffix: the unit of a number without one: ``M`` for ``-m`` and for ``mem=`` of ``-numa``.

    Raises:
        NumberError: it is none.
    """
    whole, fraction, at = _scan_size(text)
    whole, fraction = whole + (fraction >> 64), fraction & UINT64_MAX
    suffix = text[at : at + 1].upper()
    if suffix and suffix in _SUFFIXES:
        at += 1
    else:
        suffix = default_suffix
    if at < len(text):
        raise NumberError(text)
    unit = 1024 ** _SUFFIXES.index(suffix)
    if unit == 1 and fraction:
        raise NumberError(text)
    size = (((whole << 64) + fraction) * unit + (1 << 63)) >> 64 if unit > 1 else whole
    if size > UINT64_MAX:
        raise NumberError(text, out_of_range=True)
    return size


def option_number(name: str, text: str) -> int:
    """Return what a numeric option is set to.

    Raises:
        QemuError: ``text`` is no number; in the words that QEMU's older options have for it.
    """
    try:
        return read_uint64(text)
    except NumberError as error:
        if error.out_of_range:
            raise QemuError(f"Value '{text}' is too large for parameter '{name}'") from error
        raise QemuError(f"Parameter '{name}' expects a number") from error


def option_size(name: str, text: str) -> int:
    """Return what an option for a size is set to, in bytes.

    Raises:
        QemuError: ``text`` is no size; in the words that QEMU's older options have for it.
    """
    try:
        return read_size(text)
    except NumberError as error:
        if error.out_of_range:
            raise QemuError(f"Value '{text}' is out of range for parameter '{name}'") from error
        raise QemuError(f"Parameter '{name}' expects a non-negative number below 2^64", hint=_SIZE_HINT) from error


def _whole(text: str) -> int:
    value, end = scan_integer(text)
    if end < len(text):
        raise NumberError(text)
    return value


def _from_decimal(digits: str) -> int:
    """Return the value of decimal digits; of very many, just something that is too large for 64 bits."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _scan_size(text: str) -> tuple[int, int, int]:
    """Return the whole part of a size, its fraction in units of 2**-64, and where they end."""
    found = _DECIMAL.match(text)
    if found is None:
        return 0, *_scan_fraction(text, 0)
    sign, digits = found.groups()
    whole, end = _from_decimal(digits), found.end()
    following = text[end : end + 1]
    if sign != "-" and whole == 0 and following in ("x", "X"):
        found = _HEXADECIMAL.match(text)
        if found is None:
            raise NumberError(text)
        whole, end = int(found[2], 16), found.end()
        if text[end : end + 1].upper() in tuple(f".{_SUFFIXES}"):
            raise NumberError(text)
        following = ""
    if sign == "-" or whole > UINT64_MAX:
        raise NumberError(text, out_of_range=end == len(text))
    if following != ".":
        return whole, 0, end
    if not _DIGIT.match(text, end + 1):
        return whole, 0, end + 1
    fraction, end = _scan_fraction(text, end)
    return whole, fraction, end


def _scan_fraction(text: str, start: int) -> tuple[int, int]:
    found = _FRACTION.match(text, start)
    if found is None:
        raise NumberError(text)
    sign, digits = found.groups()
    if sign == "-":
        raise NumberError(text, out_of_range=found.end() == len(text))
    fraction = int(float(f".{digits}") * 2.0**64)
    return fraction or int(digits.strip("0") != ""), found.end()
