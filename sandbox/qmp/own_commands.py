"""The server's own commands; the prefix ``x-`` marks, as in QEMU, what may change.

``x-sandbox-tables`` returns ``srat``, ``slit`` and ``hmat``: null, or ``length``, ``base64``: the whole table, and
``structures``: for each, ``path``, ``name``, ``summary`` and ``fields``: for each, ``name`` and ``value``; bytes are
hexadecimal text.

``x-sandbox-dialect`` returns ``name`` and ``reason``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError
from sandbox.qapi.visit import visit_arguments
from sandbox.qmp.schema import OWN, load_schema
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine


def execute_own(machine: Machine, name: str, arguments: Mapping[str, Any]) -> object:
    """Execute one of the server's own commands.

    Raises:
        QemuError: it takes no such arguments, or firmware's reading would end the machine.
    """
    visit_arguments(load_schema(OWN), name, arguments)
    return OWN_COMMANDS[name](machine)


def sandbox_tables(machine: Machine) -> object:
    """``x-sandbox-tables``: what firmware would read now; asking is no reading, so that later changes still count."""
    try:
        tables = machine.tables_in_prospect()
    except MachineExit as ended:
        raise QemuError(f"firmware's reading of the tables would end the machine: {ended.stderr}") from None
    return {name: _table(getattr(tables, name)) for name in TABLE_NAMES}


def sandbox_dialect(machine: Machine) -> object:
    """``x-sandbox-dialect``."""
    return {"name": machine.config.dialect.name, "reason": machine.config.dialect_reason}


def _table(data: bytes | None) -> object:
    if data is None:
        return None
    from base64 import b64encode

    from sandbox.acpi.fields import describe

    return {
        "length": len(data),
        "base64": b64encode(data).decode("ascii"),
        "structures": [
            {
                "path": structure.path,
                "name": structure.name,
                "summary": structure.summary,
                "fields": [{"name": field.name, "value": _value(field.value)} for field in structure.fields],
            }
            for structure in describe(data).structures
        ],
    }


def _value(value: int | str | bytes) -> int | str:
    return value.hex() if isinstance(value, bytes) else value


def with_own(machine: Machine, name: str, value: object) -> object:
    """Return the reply to one of the commands of ``INTROSPECTION`` with the server's own commands in it."""
    if name == "query-commands" and isinstance(value, list):
        return [*value, *({"name": own} for own in OWN_COMMANDS)]
    from sandbox.monitor.query_schema import described
    from sandbox.qmp.schema import schema_text

    return described(machine, schema_text(OWN))


INTROSPECTION: Final = frozenset({"query-commands", "query-qmp-schema"})
"""The commands that tell which commands there are."""

OWN_COMMANDS: Final[Mapping[str, Callable[[Machine], object]]] = {
    "x-sandbox-tables": sandbox_tables,
    "x-sandbox-dialect": sandbox_dialect,
}
