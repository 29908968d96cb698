"""The built-in types as QEMU reads them from the strings of its keyval syntax.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.qapi.numbers import NumberError, read_bool, read_int64, read_number, read_size, read_uint64
from sandbox.qapi.visit_tree import RANGES, SIGNED, UNSIGNED, check_range, full_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.qapi.visit_tree import Path, Scalar

INDEX: Final = ".%d"


def _string(value: object, path: Path) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        raise QemuError(f"Parameters '{full_name(path, INDEX)}.*' are unexpected")
    raise QemuError(f"Internal error: parameter {full_name(path, INDEX)} invalid")


def _expects(path: Path, what: str) -> QemuError:
    return QemuError(f"Parameter '{full_name(path, INDEX)}' expects {what}")


def _integer(read: Callable[[str], int], what: str) -> Callable[[object, Path], int]:
    def scalar(value: object, path: Path) -> int:
        text = _string(value, path)
        try:
            return read(text)
        except NumberError as error:
            raise _expects(path, what) from error

    return scalar


def _bool(value: object, path: Path) -> bool:
    switched = read_bool(_string(value, path))
    if switched is None:
        raise _expects(path, "'on' or 'off'")
    return switched


def _number(value: object, path: Path) -> float:
    text = _string(value, path)
    try:
        return read_number(text)
    except NumberError as error:
        what = f"Invalid parameter type for '{full_name(path, INDEX)}', expected: number"
        raise QemuError(what) from error


def _null(value: object, path: Path) -> None:
    if value is not None:
        raise QemuError(f"Invalid parameter type for '{full_name(path, INDEX)}', expected: null")


def _any(value: object, _path: Path) -> object:
    return value


_signed: Final = _integer(read_int64, "integer")
_unsigned: Final = _integer(read_uint64, "integer")


def _ranged(typename: str) -> Scalar:
    read = _signed if typename in SIGNED else _unsigned
    return lambda value, path: check_range(typename, read(value, path), path)


KEYVAL_SCALARS: Final[Mapping[str, Scalar]] = {
    "str": _string,
    "bool": _bool,
    "number": _number,
    "null": _null,
    "any": _any,
    "size": _integer(read_size, "size"),
    **dict.fromkeys(SIGNED - RANGES.keys(), _signed),
    **dict.fromkeys(UNSIGNED - RANGES.keys(), _unsigned),
    **{typename: _ranged(typename) for typename in RANGES},
}
"""What reads a value of each built-in type."""
