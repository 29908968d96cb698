"""The order in which QEMU walks the members of a JSON object.

QEMU keeps an object's members in a table of 512 buckets and walks the buckets upward; in a bucket, the member that was
put last comes first. Replies show that order, and it decides which of several wrong members an error names.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sandbox.qapi.json_text import encode

if TYPE_CHECKING:
    from collections.abc import Collection


BUCKETS: Final = 512

LONGEST_REMEMBERED: Final = 64
"""Names may come from a client: what is remembered of them is bounded."""


def bucket(key: str) -> int:
    """Return the bucket of a member's name: a hash of its bytes in modified UTF-8, modulo 512."""
    return _remembered(key) if len(key) <= LONGEST_REMEMBERED else _bucket(key)


def _bucket(key: str) -> int:
    data = encode(key)
    value = 0x238F13AF * len(data)
    for index, byte in enumerate(data):
        value += byte << (index * 5 % 24)
    return (1103515243 * value + 12345) % BUCKETS


_remembered: Final = lru_cache(maxsize=4096)(_bucket)


def walk_order(keys: Collection[str]) -> list[str]:
    """Return ``keys``, given in the order in which they were put, in the order in which QEMU walks them."""
    if len(keys) < 2:
        return list(keys)
    newest_first = list(keys)
    newest_first.reverse()
    newest_first.sort(key=bucket)
    return newest_first
