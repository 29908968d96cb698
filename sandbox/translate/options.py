"""Options of a command line as objects are exchanged in it; every other word stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import INITIATOR_TYPES
from sandbox.errors import QemuError
from sandbox.machine.arguments import WITH_VALUE
from sandbox.qapi.opts import parse_opts
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

TYPENAME: Final = "acpi-generic-initiator"


@record
class Merged:
    """A merged object.

    Attributes:
        id: its id.
        device: the id of its device, or the device's full path.
        node: its proximity domain.
    """

    id: str
    device: str
    node: int

    def option(self) -> str:
        """Return the value of ``-object``."""
        return f"{TYPENAME},id={self.id},pci-dev={self.device.replace(',', ',,')},node={self.node}"

    def arguments(self) -> dict[str, object]:
        """Return the arguments of ``object-add``."""
        return {"qom-type": TYPENAME, "id": self.id, "pci-dev": self.device, "node": self.node}


def exchange_objects(
    words: Sequence[str],
    replacement: Callable[[str], Sequence[str]],
    typenames: Collection[str] = INITIATOR_TYPES,
) -> tuple[str, ...]:
    """Return a command line with the Generic Initiator objects in it exchanged.

    Args:
        words: QEMU's words, with or without the program.
        replacement: gives from the id of an object the values of ``-object`` that take its place.
        typenames: which objects are exchanged.
    """
    changed: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name = word.lstrip("-") if word.startswith("-") else ""
        value = next(waiting, None) if name in WITH_VALUE else None
        if name == "object" and value is not None:
            members = object_members(value)
            if members.get("qom-type") in typenames:
                for option in replacement(str(members.get("id", ""))):
                    changed += ("-object", option)
                continue
        changed.append(word)
        if value is not None:
            changed.append(value)
    return tuple(changed)


def object_members(value: str) -> dict[str, object]:
    """Return the members of an ``-object`` as they were given, unchecked; none where they cannot be read."""
    try:
        if not value.startswith("{"):
            return dict(parse_opts(value, "qom-type"))
        from sandbox.qapi.json import parse_json

        members = parse_json(value)
    except QemuError:
        return {}
    return dict(members) if isinstance(members, dict) else {}
