"""Which dialect a live QEMU speaks, by its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import MISSION, NEWEST
from sandbox.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection

SERIES_TYPE: Final = "nvidia-acpi-generic-initiator"
"""The object that only a QEMU with the series of October 2023 has."""


def dialect_of(version: tuple[int, int, int], typenames: Collection[str] = ()) -> tuple[str, str]:
    """Return the name of the dialect that a QEMU speaks and, in one phrase, why.

    Args:
        version: major, minor and micro version, as ``query-version`` gives them.
        typenames: QOM types that it lists, as far as they are known.

    Raises:
        InputError: it is older than the objects; the message says what is needed.
    """
    name = "QEMU " + ".".join(str(part) for part in version)
    if SERIES_TYPE in typenames:
        return MISSION, f"{name} has the object {SERIES_TYPE}"
    if version < (9, 0, 0):
        raise InputError(f"{name} has no Generic Initiator objects: it takes QEMU 9.0 or later, or one with the series")
    if version[:2] == (9, 0) and version >= (9, 0, 4):
        return "9.2", f"{name} writes the handle as 9.2 does, but has no acpi-generic-port"
    if version < (9, 2, 0):
        return "9.0", name
    if version < (10, 0, 0):
        return "9.2", name
    if version < (11, 0, 0):
        return "10.0", name
    if version < (12, 0, 0):
        return "11.1", name
    return NEWEST, f"{name} is newer than any that is known, and taken for {NEWEST}"
