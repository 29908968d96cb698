"""The order of members in replies: that in which QEMU walks a JSON object."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from sandbox.qapi.qdict import walk_order

if TYPE_CHECKING:
    from collections.abc import Mapping

V = TypeVar("V")


@lru_cache(maxsize=512)
def _order(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(walk_order(names))


def on_wire(members: Mapping[str, V]) -> dict[str, V]:
    """Return members, which stand in the order of the schema, in the order in which QEMU writes them."""
    return {name: members[name] for name in _order(tuple(members))}
