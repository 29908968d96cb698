"""The QAPI definitions of the commands that belong to the session or to the server."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.qapi.schema import Schema


@cache
def load_schema() -> Schema:
    """Return the definitions; they are read once and never changed."""
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    return parse_schema(read_beside(__file__, "qmp.json"), "sandbox/qmp/qmp.json")
