"""The QAPI definitions of the commands that belong to the session, and of those that are the server's own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sandbox.qapi.schema import Schema

SESSION: Final = "qmp.json"
OWN: Final = "own.json"


@cache
def load_schema(name: str) -> Schema:
    """Return the definitions of a file beside this one; they are read once and never changed."""
    from sandbox.qapi.schema import parse_schema

    return parse_schema(schema_text(name), f"sandbox/qmp/{name}")


def schema_text(name: str) -> str:
    """Return the text of a file beside this one."""
    from sandbox.resources import read_beside

    return read_beside(__file__, name)
