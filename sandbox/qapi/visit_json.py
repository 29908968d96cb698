"""The built-in types as QMP reads them from JSON values.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.qapi.numbers import INT64_MAX, INT64_MIN, UINT64_MAX
from sandbox.qapi.visit_tree import RANGES, SIGNED, UNSIGNED, check_range, full_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.qapi.visit_tree import Path, Scalar


def _wrong_type(path: Path, expected: str) -> QemuError:
    return QemuError(f"Invalid parameter type for '{full_name(path)}', expected: {expected}")


def _signed(value: object, path: Path) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and INT64_MIN <= value <= INT64_MAX:
        return value
    raise _wrong_type(path, "integer")


def _unsigned(value: object, path: Path) -> int:
    """Negative numbers count modulo 2**64."""
    if isinstance(value, int) and not isinstance(value, bool) and INT64_MIN <= value <= UINT64_MAX:
        return value & UINT64_MAX
    raise QemuError(f"Parameter '{full_name(path)}' expects uint64")


def _string(value: object, path: Path) -> str:
    if isinstance(value, str):
        return value
    raise _wrong_type(path, "string")


def _bool(value: object, path: Path) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong_type(path, "boolean")


def _number(value: object, path: Path) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _wrong_type(path, "number")


def _null(value: object, path: Path) -> None:
    if value is not None:
        raise _wrong_type(path, "null")


def _any(value: object, _path: Path) -> object:
    return value


def _ranged(typename: str) -> Scalar:
    read = _signed if typename in SIGNED else _unsigned
    return lambda value, path: check_range(typename, read(value, path), path)


JSON_SCALARS: Final[Mapping[str, Scalar]] = {
    "str": _string,
    "bool": _bool,
    "number": _number,
    "null": _null,
    "any": _any,
    "size": _unsigned,
    **dict.fromkeys(SIGNED - RANGES.keys(), _signed),
    **dict.fromkeys(UNSIGNED - RANGES.keys(), _unsigned),
    **{typename: _ranged(typename) for typename in RANGES},
}
"""What reads a value of each built-in type."""
