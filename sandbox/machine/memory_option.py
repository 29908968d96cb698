"""The value of ``-m``, and of ``mem=`` in ``-numa node``: sizes that count in MiB where they have no suffix.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError
from sandbox.machine.families import MIB
from sandbox.machine.refusals import ConfigurationError
from sandbox.qapi.numbers import NumberError, option_number, option_size, read_size

if TYPE_CHECKING:
    from collections.abc import Iterable

UINT64 = (1 << 64) - 1


def parse_memory(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return ``size``, ``max-size`` (bytes) and ``slots``, as far as given.

    Raises:
        QemuError: a name or a value is wrong.
    """
    found: dict[str, int] = {}
    for name, text in pairs:
        if name == "size":
            found["size"] = _in_mebibytes(text, option_size(name, text))
        elif name == "maxmem":
            found["max-size"] = option_size(name, text)
        elif name == "slots":
            found["slots"] = option_number(name, text)
        elif name != "id":
            raise QemuError(f"Invalid parameter '{name}'")
    return found


def legacy_node_memory(text: str) -> int:
    """Return what ``mem=`` of ``-numa node`` stands for, in bytes."""
    return option_size("mem", text) * (MIB if text[-1:].isdigit() else 1) & UINT64


def _in_mebibytes(text: str, size: int) -> int:
    if not text[-1:].isdigit():
        return size
    if size * MIB > UINT64:
        raise ConfigurationError("too large 'size' option value")
    try:
        return read_size(f"{text}M")
    except NumberError:
        raise ConfigurationError("Parameter 'memory.size' expects size") from None
