"""The recorded facts beside this module, read a file at a time when one is first wanted."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sandbox.resources import read_beside

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def rows(name: str) -> Mapping[str, str]:
    """Return the rows of a file of the folder ``data``, in its order."""
    import json

    found: Mapping[str, str] = json.loads(read_beside(__file__, "data", name))
    return found


@cache
def rows_of(name: str, prefix: str) -> Mapping[str, str]:
    """Return the rows whose names start with ``prefix`` and a blank, without that."""
    start = f"{prefix} "
    return {key.removeprefix(start): text for key, text in rows(name).items() if key.startswith(start)}


@cache
def versions(name: str) -> Mapping[str, tuple[int, ...]]:
    """Return a row of properties.json that gives names with the newest version of a machine: ``edid:4.0.1 ...``."""
    pairs = (entry.split(":") for entry in rows("properties.json")[name].split())
    return {key: tuple(map(int, version.split("."))) for key, version in pairs}
