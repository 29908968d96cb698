"""Which steps of a v2 scenario a released QEMU can be given as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qom_types.dialects import INITIATOR_TYPES
from qom_types.v2.initiators import GenericInitiator
from sandbox.qom.tree import AmbiguousPathError
from sandbox.records import replace
from sandbox.scenario.model import NOTHING

if TYPE_CHECKING:
    from sandbox.machine.machine import Machine
    from sandbox.scenario.model import Command, Expectation

ADDS = "it adds an object of v2's"
DELETES = "it deletes an object of v2's"
ACCESSES = "it is about an object of v2's"
LISTS = "its reply lists objects of v2's"
LOOKS = "it only looks at entries of v2's objects"
REUSES = "an object of v2's has the id"


def why_not(command: Command, machine: Machine) -> str:
    """Say why a command means something else to a released QEMU than to v2's machine as it is now; "" if not so."""
    arguments = command.arguments or {}
    if command.name == "object-add":
        return _why_not_added(arguments.get("qom-type"), arguments.get("id"), machine)
    if command.name == "object-del":
        return DELETES if _is_initiator(arguments.get("id"), machine) else ""
    if command.name in ("qom-get", "qom-set", "qom-list"):
        return _why_not_accessed(arguments.get("path"), machine)
    if command.name == "human-monitor-command":
        return _why_not_typed(arguments.get("command-line"), machine)
    return ""


def carried(expected: Expectation) -> Expectation:
    """Return what of an expectation holds whatever objects there are."""
    if expected == NOTHING:
        return NOTHING
    return replace(expected, initiators=None, ports=None, nodes=None, srat=None, hmat=None)


def _why_not_added(typename: object, object_id: object, machine: Machine) -> str:
    if typename in INITIATOR_TYPES:
        return ADDS
    return REUSES if _is_initiator(object_id, machine) else ""


def _why_not_accessed(path: object, machine: Machine) -> str:
    if not isinstance(path, str):
        return ""
    try:
        found = machine.tree.resolve(path)
    except AmbiguousPathError:
        return ACCESSES if _is_initiator(path.rpartition("/")[2], machine) else ""
    if isinstance(found, GenericInitiator):
        return ACCESSES
    lists = found is not None and any(isinstance(child, GenericInitiator) for child in found.children())
    return LISTS if lists else ""


def _why_not_typed(line: Any, machine: Machine) -> str:
    name, _, rest = str(line).strip().partition(" ")
    if name == "object_add":
        if any(typename in rest for typename in INITIATOR_TYPES):
            return ADDS
        named = [part.partition("=")[2] for part in rest.split(",") if part.strip().startswith("id=")]
        return REUSES if named and _is_initiator(named[-1], machine) else ""
    if name == "object_del" and _is_initiator(rest.strip().strip('"'), machine):
        return DELETES
    return ""


def _is_initiator(object_id: object, machine: Machine) -> bool:
    return isinstance(object_id, str) and isinstance(machine.tree.objects.component(object_id), GenericInitiator)
