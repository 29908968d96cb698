"""Which of several unexpected members an error names.

QEMU puts the members of an object into a GLib hash table, takes out each that it visits, and names the first one left
in the order of the table's buckets.

Source: QEMU 10.0 behaviour with libglib 2.74 to 2.84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.buckets import BucketTable
from sandbox.qapi.json_text import decode_lossy, encode

if TYPE_CHECKING:
    from collections.abc import Iterable


def first_left(names: Iterable[str], visited: Iterable[str]) -> str | None:
    """Return the unexpected name that QEMU reports, or None if all were visited.

    Args:
        names: the names of the members, each once, in the order in which QEMU puts them into the table.
        visited: the names that the visit took out, in its order.
    """
    table: BucketTable[None] = BucketTable(encode)
    for name in names:
        table.insert(name, None)
    for name in visited:
        table.remove(name)
    left = next(iter(table), None)
    return None if left is None else decode_lossy(encode(left))
