"""The QAPI types of the values that ``-numa``, ``-smp`` and ``-machine`` take."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.qapi.schema import Schema


@lru_cache(maxsize=1)
def load_options_schema() -> Schema:
    """Parse ``options.json``, which lies beside this module; a schema is immutable, so one serves all."""
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    name = "options.json"
    return parse_schema(read_beside(__file__, name), f"sandbox/machine/{name}")
