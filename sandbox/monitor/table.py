"""Which module answers which command. A module is imported when one of its commands is first executed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.monitor.monitor import Monitor

    Command = Callable[[Monitor, Mapping[str, Any]], object]

PLACES: Final[Mapping[str, str]] = {
    "device_add": "device_commands",
    "query-pci": "query_pci",
    "human-monitor-command": "hmp",
    "cont": "state_commands",
    "stop": "state_commands",
    "query-iothreads": "query_objects",
    "query-name": "query_identity",
    "query-cpu-definitions": "query_known",
    "query-memory-devices": "query_memory",
    "query-memory-size-summary": "query_memory",
    "query-hotpluggable-cpus": "query_cpus",
    "query-memdev": "query_objects",
    "query-kvm": "query_identity",
    "system_powerdown": "state_commands",
    "system_reset": "state_commands",
    "query-uuid": "query_identity",
    "query-target": "query_identity",
    "query-current-machine": "query_identity",
    "query-machines": "query_known",
    "query-cpus-fast": "query_cpus",
    "device_del": "device_commands",
    "device-list-properties": "type_commands",
    "object-del": "object_commands",
    "object-add": "object_commands",
    "qom-list-properties": "type_commands",
    "qom-list-types": "type_commands",
    "qom-set": "qom_commands",
    "qom-list-get": "qom_commands",
    "qom-get": "qom_commands",
    "qom-list": "qom_commands",
    "query-qmp-schema": "query_schema",
    "quit": "state_commands",
    "query-commands": "query_schema",
    "query-version": "query_identity",
    "query-chardev": "query_backends",
    "query-block": "query_backends",
    "query-status": "state_commands",
}
"""The module of each command, in the order of query-commands. Source: QEMU 10.0 behaviour."""

INTRODUCED: Final[Mapping[str, tuple[int, int]]] = {"qom-list-get": (10, 1)}
"""The QEMU that first had a command, where it is younger than the oldest dialect."""

MOVED_KVM: Final = (11, 1)
"""The first QEMU that lists query-kvm ahead of query-status. Source: QEMU 11.1 behaviour."""

SESSION: Final = "qmp_capabilities"
"""The one command that belongs to the session and not to the machine; query-commands tells of it as well."""


def names(version: tuple[int, ...]) -> list[str]:
    """Return the commands that are answered by a machine of a QEMU version, in the order of query-commands."""
    known = [name for name in PLACES if INTRODUCED.get(name, (0, 0)) <= version]
    if version >= MOVED_KVM:
        known.remove("query-kvm")
        known.insert(known.index("query-status"), "query-kvm")
    return [*known[: known.index("query-chardev")], SESSION, *known[known.index("query-chardev") :]]


def find(name: str, version: tuple[int, ...]) -> Command | None:
    """Return the function of a command; None where there is no such command."""
    place = PLACES.get(name)
    if place is None or INTRODUCED.get(name, (0, 0)) > version:
        return None
    commands: Mapping[str, Command] = import_module(f"sandbox.monitor.{place}").COMMANDS
    return commands[name]
