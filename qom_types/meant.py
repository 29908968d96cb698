"""Which dialect is meant: as objects and the machine tell, as the version of a QEMU tells, or where nothing does.

The members of the merged objects are the same in all QEMUs that have them. But from QEMU 11 on monitors are objects,
too, and take part in the order in which QEMU walks over the initiators; so members alone do not tell a version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import DIALECTS, INITIATOR_TYPES, NEWEST, V2
from sandbox.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qom_types.dialects import Dialect

AS_ASKED_FOR: Final = "as asked for"
NOTHING_TELLS: Final = "nothing tells otherwise"
"""Why the dialect of the mission, v2, is taken where nothing tells which one is meant."""

FIRST_MERGED: Final = (9, 0, 0)
"""The first release that has the objects, in their merged shape."""

DEBIANS: Final = "10.0"
"""The last dialect in which monitors are no objects; Debian's QEMU speaks it."""

DEBIANS_REASON: Final = "Debian's QEMU, since no version is told"


def deduce_dialect(objects: Iterable[Mapping[str, object]], machine: str = "") -> tuple[Dialect, str]:
    """Return the dialect that objects are written in and, in one phrase, why.

    Args:
        objects: the members of each object as given, ``qom-type`` among them, in the order of their appearance.
        machine: the name of the machine; a version that is younger than the series tells that it is not meant.
    """
    for members in objects:
        typename = members.get("qom-type")
        if typename == "nvidia-acpi-generic-initiator":
            return DIALECTS[V2], "the object nvidia-acpi-generic-initiator"
        if typename == "acpi-generic-port":
            return DIALECTS[NEWEST], "the object acpi-generic-port"
        if typename == "acpi-generic-initiator":
            if "device" in members:
                return DIALECTS[V2], "the member 'device' of acpi-generic-initiator"
            if "pci-dev" in members:
                return DIALECTS[NEWEST], "the member 'pci-dev' of acpi-generic-initiator"
    if _version(machine) > DIALECTS[V2].interface_version:
        return DIALECTS[NEWEST], f"the machine {machine}"
    return DIALECTS[V2], NOTHING_TELLS


def _version(machine: str) -> tuple[int, ...]:
    """Return the version in a machine's name, () where there is none."""
    parts = machine.rpartition("-")[2].split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def tells_version(dialect: str, reason: str) -> bool:
    """Whether a dialect that was deduced is the only one that fits: the merged objects alone tell no version.

    Args:
        dialect: its name.
        reason: why it was taken, as :func:`deduce_dialect` says.
    """
    return dialect != NEWEST and reason != NOTHING_TELLS


def dialect_of_version(version: tuple[int, int, int]) -> tuple[str, str]:
    """Return the name of the dialect that a released QEMU speaks and, in one phrase, why it is this one.

    Raises:
        InputError: this QEMU has no Generic Initiators; unless the v2 series was applied to it.
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


def foreign_member(dialect: Dialect, members: Mapping[str, object]) -> str | None:
    """Say which other dialects know a type or member that this one does not; None where there is no such thing.

    Args:
        dialect: the dialect in which the object is to be made.
        members: the object's members as given, ``qom-type`` among them.
    """
    typename = members.get("qom-type")
    if typename not in INITIATOR_TYPES:
        return None
    known = _members_of(dialect)
    if typename not in known:
        return _elsewhere(f"'{typename}'", [d.name for d in DIALECTS.values() if typename in _members_of(d)], dialect)
    for member in members:
        if member not in ("qom-type", "id") and member not in known[typename]:
            others = [d.name for d in DIALECTS.values() if member in _members_of(d).get(str(typename), ())]
            if others:
                return _elsewhere(f"member '{member}' of {typename}", others, dialect)
    return None


def _members_of(dialect: Dialect) -> Mapping[str, frozenset[str]]:
    if dialect.family == V2:
        return {
            "acpi-generic-initiator": frozenset({"device", "node"}),
            "nvidia-acpi-generic-initiator": frozenset({"device", "numa-node-start", "numa-node-count"}),
        }
    members = {"acpi-generic-initiator": frozenset({"pci-dev", "node"})}
    if dialect.has_ports:
        members["acpi-generic-port"] = frozenset({"pci-bus", "node"})
    return members


def _elsewhere(what: str, others: list[str], dialect: Dialect) -> str:
    is_translated = "port" not in what and ((V2 in others) != (dialect.name == V2))
    how = f", from which 'qom-sandbox translate --to {dialect.name}' translates" if is_translated else ""
    return f"{what} is not known to dialect {dialect.name}; known to: {', '.join(others)}{how}"
