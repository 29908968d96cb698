"""Which dialect a QEMU speaks, by its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError

if TYPE_CHECKING:
    from sandbox.live.session import LiveSession

FIRST_MERGED: Final = (9, 0, 0)
V2: Final = "v2"


def dialect_of(version: tuple[int, int, int]) -> tuple[str, str]:
    """Return the name of the dialect that a released QEMU speaks and, in one phrase, why it is this one.

    Raises:
        InputError: this QEMU has no Generic Initiators; :func:`carries_v2` tells whether it has those of the series.
    """
    name = ".".join(map(str, version))
    if version < FIRST_MERGED:
        raise InputError(f"QEMU {name} has no Generic Initiators: 9.0 or later is needed")
    if version < (9, 0, 4) or version[:2] == (9, 1):
        return "9.0", f"QEMU {name}"
    if version[:2] == (9, 0):
        return "9.2", f"QEMU {name} writes handles as 9.2 does, but has no Generic Ports"
    if version[:2] == (9, 2):
        return "9.2", f"QEMU {name}"
    dialect = "10.0" if version < (11, 0, 0) else "11.1"
    is_known = dialect == f"{version[0]}.{version[1]}"
    return dialect, f"QEMU {name}" if is_known else f"QEMU {name}, taken for one that does as {dialect}"


def carries_v2(session: LiveSession) -> bool:
    """Whether a QEMU has the objects of the v2 series."""
    found = session.execute("qom-list-types", {"implements": "acpi-generic-initiator"})
    return isinstance(found, list) and any(info.get("name") == "nvidia-acpi-generic-initiator" for info in found)
