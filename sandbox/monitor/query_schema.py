"""What is answered here: the commands by name, and the schema of commands, events and types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.monitor.table import names
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor
    from sandbox.qapi.schema import Schema


def query_commands(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-commands``: those that are answered here, in QEMU's order."""
    return [{"name": name} for name in names(monitor.machine.config.dialect.interface_version)]


def query_qmp_schema(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-qmp-schema``: the schema of what is answered here; object-add has the types of the dialect."""
    return described(monitor.machine)


def described(machine: Machine, more: str = "") -> list[object]:
    """Return what ``query-qmp-schema`` tells of a machine.

    Args:
        machine: the machine.
        more: QAPI definitions of further commands; they are told of behind the monitor's.
    """
    from sandbox.qapi.introspect import introspection

    return [ordered(entry) for entry in introspection(served_schema(machine, more))]


def served_schema(machine: Machine, more: str = "") -> Schema:
    """Return the schema of the commands and events of a machine's monitor, with the objects of its dialect."""
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    dialect = machine.config.dialect
    objects = f"../../qom_types/{dialect.family}/qom.json"

    def read(path: str) -> str:
        return read_beside(__file__, "..", "..", *path.split("/"))

    text = f"{{ 'include': '{objects}' }}\n{read_beside(__file__, 'commands.json')}{more}"
    file = "sandbox/monitor/commands.json"
    return parse_schema(text, file, read_include=read, defined=dialect.symbols(), any_names=True)


def ordered(value: object) -> object:
    """Return a value with the members of all its objects in QEMU's order."""
    if isinstance(value, dict):
        return {name: ordered(member) for name, member in on_wire(value).items()}
    return [ordered(item) for item in value] if isinstance(value, list) else value


COMMANDS: Final = {"query-commands": query_commands, "query-qmp-schema": query_qmp_schema}
