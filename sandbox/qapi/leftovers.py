"""Which of several unexpected members an error names.

QEMU puts the members of an object into a GLib hash table, takes out each that it visits, and names the first one left
in the order of the table's buckets.

Source: QEMU 10.0 behaviour with libglib 2.74 to 2.84.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.qapi.json_text import decode_lossy, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST_SHIFT: Final = 3
_PRIMES: Final = (
    1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749,
    65521, 131071, 262139, 524287, 1048573, 2097143,
)  # fmt: skip
_GONE: Final = b"\0"
"""Stands in the bucket of a name that was taken out; no encoded name holds a zero byte."""


def first_left(names: Iterable[str], visited: Iterable[str]) -> str | None:
    """Return the unexpected name that QEMU reports, or None if all were visited.

    Args:
        names: the names of the members, each once, in the order in which QEMU puts them into the table.
        visited: the names that the visit took out, in its order.
    """
    table = _Names()
    for name in names:
        table.put(encode(name))
    for name in visited:
        table.take(encode(name))
    return table.first()


def _hash(name: bytes) -> int:
    value = 5381
    for byte in name:
        value = value * 33 + (byte ^ 0x80) - 0x80 & 0xFFFFFFFF
    return max(value, 2)


class _Names:
    """The hash table, as far as it decides the order: probes step by 1, 2, 3...; what is taken out leaves a mark."""

    __slots__ = ("_buckets", "_live", "_occupied")

    def __init__(self) -> None:
        self._buckets: list[bytes | None] = [None] * (1 << _LEAST_SHIFT)
        self._live = 0
        self._occupied = 0

    def put(self, name: bytes) -> None:
        """Add a name that is not in the table; nothing has been taken out yet."""
        self._buckets[self._free_bucket(name, self._buckets)] = name
        self._live += 1
        self._occupied += 1
        self._resize_if_due()

    def take(self, name: bytes) -> None:
        """Take out a name."""
        self._buckets[self._buckets.index(name)] = _GONE
        self._live -= 1
        self._resize_if_due()

    def first(self) -> str | None:
        """Return the first name in the order of the buckets."""
        return next((decode_lossy(name) for name in self._buckets if name is not None and name != _GONE), None)

    @staticmethod
    def _free_bucket(name: bytes, taken: list[bytes | None]) -> int:
        size = len(taken)
        bucket = (_hash(name) * 11 & 0xFFFFFFFF) % _PRIMES[size.bit_length() - 1]
        step = 0
        while taken[bucket] is not None:
            step += 1
            bucket = bucket + step & size - 1
        return bucket

    def _resize_if_due(self) -> None:
        size = len(self._buckets)
        shrinks = size > 4 * self._live and size > 1 << _LEAST_SHIFT
        if shrinks or size <= self._occupied + self._occupied // 16:
            self._rehash(1 << max(_LEAST_SHIFT, int(self._live * 1.333).bit_length()))

    def _rehash(self, size: int) -> None:
        """Place all names anew, in the order of the old buckets; but a name that has to make room goes next."""
        waiting = [None if name == _GONE else name for name in self._buckets]
        waiting += [None] * (size - len(waiting))
        placed: list[bytes | None] = [None] * size
        for start in range(len(waiting)):
            name, waiting[start] = waiting[start], None
            while name is not None:
                bucket = self._free_bucket(name, placed)
                placed[bucket] = name
                name, waiting[bucket] = waiting[bucket], None
        self._buckets = placed
        self._occupied = self._live
