"""The order in which QEMU walks the properties of an object, and other things that it keeps in GLib's hash tables.

A walk of such a table meets names in the order of its buckets, not in the order of their arrival. SRAT's Generic
Initiator entries come in that order, which makes it part of the table's bytes. :class:`BucketTable` places names as
libglib 2.74 to 2.84 does, removals and resizes included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

V = TypeVar("V")

UNUSED: Final = 0
TOMBSTONE: Final = 1
FIRST_REAL_HASH: Final = 2
LEAST_SHIFT: Final = 3

PRIMES: Final = (
    1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749,
    65521, 131071, 262139, 524287, 1048573, 2097143, 4194301, 8388593, 16777213,
)  # fmt: skip
"""The modulus of the first probe for a table of ``2 ** index`` buckets: the largest prime that is not above it."""


def string_hash(data: bytes) -> int:
    """Return the 32-bit hash of a string: djb2 over its bytes as signed characters.

    The two values that mark a bucket as unused or as a tombstone are moved out of the way.
    """
    value = 5381
    for byte in data:
        value = value * 33 + (byte - 256 if byte > 127 else byte)
    return max(value & 0xFFFFFFFF, FIRST_REAL_HASH)


class BucketTable(Generic[V]):
    """A mapping from names to values that iterates in GLib's bucket order.

    ``reversed()`` gives the opposite order, which is the one of QMP's ``qom-list``.

    Args:
        encode: gives the bytes of a name, which decide its bucket.

    Attributes:
        changes: how many times something was put in or taken out.
    """

    __slots__ = ("_encode", "_hashes", "_keys", "_mask", "_prime", "_used", "_values", "changes")

    def __init__(self, encode: Callable[[str], bytes] = str.encode) -> None:
        self._encode = encode
        self._hashes: list[int] = []
        self._keys: list[str | None] = []
        self._values: dict[str, V] = {}
        self._used = 0
        self.changes = 0
        self._allocate(LEAST_SHIFT)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> V:
        return self._values[key]

    def get(self, key: str) -> V | None:
        """Return the value of ``key``, or None."""
        return self._values.get(key)

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._keys if key is not None)

    def __reversed__(self) -> Iterator[str]:
        return (key for key in reversed(self._keys) if key is not None)

    def values(self) -> list[V]:
        """Return the values in bucket order."""
        values = self._values
        return [values[key] for key in self._keys if key is not None]

    @property
    def size(self) -> int:
        """The number of buckets."""
        return self._mask + 1

    @property
    def prime(self) -> int:
        """The modulus of the first probe."""
        return self._prime

    def bucket(self, key: str) -> int:
        """Return the bucket in which a key is, counted from 0.

        Raises:
            ValueError: ``key`` is not in the table.
        """
        return self._keys.index(key)

    def first_probe(self, key: str) -> int:
        """Return the bucket in which a key is, or would be, as long as no other key is in the way."""
        return (string_hash(self._encode(key)) * 11 & 0xFFFFFFFF) % self._prime

    def insert(self, key: str, value: V) -> None:
        """Put ``value`` under ``key``; a key that is there already keeps its bucket."""
        self.changes += 1
        if key in self._values:
            self._values[key] = value
            return
        key_hash = string_hash(self._encode(key))
        hashes = self._hashes
        bucket = (key_hash * 11 & 0xFFFFFFFF) % self._prime
        first_tombstone = -1
        step = 0
        while (occupant := hashes[bucket]) != UNUSED:
            if occupant == TOMBSTONE and first_tombstone < 0:
                first_tombstone = bucket
            step += 1
            bucket = (bucket + step) & self._mask
        reuses_tombstone = first_tombstone >= 0
        if reuses_tombstone:
            bucket = first_tombstone
        hashes[bucket] = key_hash
        self._keys[bucket] = key
        self._values[key] = value
        if not reuses_tombstone:
            self._used += 1
            self._resize_if_due()

    def remove(self, key: str, *, may_resize: bool = True) -> V:
        """Take ``key`` out, which leaves a tombstone in its bucket, and return its value.

        Args:
            key: a name that is in the table.
            may_resize: False where QEMU removes through an iterator: the table then keeps its size.

        Raises:
            KeyError: ``key`` is not in the table.
        """
        value = self._values.pop(key)
        self.changes += 1
        bucket = self._keys.index(key)
        self._hashes[bucket] = TOMBSTONE
        self._keys[bucket] = None
        if may_resize:
            self._resize_if_due()
        return value

    def _allocate(self, shift: int) -> None:
        size = 1 << shift
        grown = size - len(self._hashes)
        if grown > 0:
            self._hashes.extend([UNUSED] * grown)
            self._keys.extend([None] * grown)
        self._mask = size - 1
        self._prime = PRIMES[shift]

    def _resize_if_due(self) -> None:
        size = self._mask + 1
        live = len(self._values)
        if (size > 4 * live and size > 1 << LEAST_SHIFT) or size <= self._used + self._used // 16:
            self._allocate(max(LEAST_SHIFT, int(live * 1.333).bit_length()))
            self._place_again(size)
            del self._hashes[self._mask + 1 :]
            del self._keys[self._mask + 1 :]
            self._used = live

    def _place_again(self, old_size: int) -> None:
        """Give every key its bucket under the new modulus, in place, as GLib does.

        The scan goes over the old buckets. A key lifted from one may land on another that has not been lifted yet; that
        one is then lifted next, so a chain of them moves before the scan goes on.
        """
        hashes, keys = self._hashes, self._keys
        placed = bytearray(len(hashes))
        for start in range(old_size):
            lifted_hash, lifted_key = hashes[start], keys[start]
            if lifted_key is None:
                hashes[start] = UNUSED
                continue
            if placed[start]:
                continue
            hashes[start], keys[start] = UNUSED, None
            while lifted_key is not None:
                bucket = (lifted_hash * 11 & 0xFFFFFFFF) % self._prime
                step = 0
                while placed[bucket]:
                    step += 1
                    bucket = (bucket + step) & self._mask
                placed[bucket] = 1
                lifted_hash, hashes[bucket] = hashes[bucket], lifted_hash
                lifted_key, keys[bucket] = keys[bucket], lifted_key
