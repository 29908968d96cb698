"""Ids with which QEMU's walk meets Generic Initiators in ascending order of their nodes.

Entries come in the order of the hash table of ``/objects``, and a Linux guest numbers its nodes in that order. The ids
decide the buckets, and with them the order; those of all other objects in the table, memory backends among them, take
buckets too.
"""

from __future__ import annotations

from itertools import islice, pairwise, product
from random import Random
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.buckets import BucketTable
from sandbox.errors import InputError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

TRIED: Final = (30, 150, 2000)
"""How many ids of each object are looked at; more where these give no order."""

ATTEMPTS: Final = 8
STARTS: Final = 10
STEPS: Final = 3000
SEARCHED: Final = 200
"""How many ids of each object a search at random takes from."""

Choice: TypeAlias = tuple[int, str]
"""What an id costs, and the id."""


@record
class Unnamed:
    """An object that is to get an id.

    Attributes:
        stem: what the id starts with; it is the id itself where that will do.
        node: its proximity domain.
    """

    stem: str
    node: int


def ascending_ids(insertions: Sequence[str | Unnamed], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Choose ids, as short as may be, for objects that are to be walked in ascending order of their nodes.

    Args:
        insertions: everything that QEMU puts into ``/objects``, in its order: the ids of other objects, and the objects
            that are to be named; where the table is nearly full, only their ascending order makes sure of a result.
        taken: further ids that none of them may get.

    Returns:
        An id for each of those, in their order.

    Raises:
        InputError: no such ids were found.
    """
    return _Chooser(insertions, taken).ids()


def suffixed(stem: str) -> Iterator[str]:
    """Give a stem without and with a suffix: ``gi0-2``, ``gi0-2a`` to ``gi0-2z``, ``gi0-2aa`` and so on."""
    yield stem
    length = 1
    while True:
        for letters in product(ascii_lowercase, repeat=length):
            yield stem + "".join(letters)
        length += 1


class _Chooser:
    """Chooses for each object the bucket of its first probe, and an id that has it."""

    def __init__(self, insertions: Sequence[str | Unnamed], taken: Collection[str]) -> None:
        self.insertions = insertions
        self.others = [name for name in insertions if isinstance(name, str)]
        self.unnamed = [it for it in insertions if isinstance(it, Unnamed)]
        self.ascending = sorted(range(len(self.unnamed)), key=lambda index: self.unnamed[index].node)
        self.taken = {*taken, *self.others}
        self.spelt: list[tuple[str, ...]] = []

    def ids(self) -> tuple[str, ...]:
        for count in TRIED:
            self.spelt = [self.spellings(it.stem, count) for it in self.unnamed]
            found = self.spread_out()
            if found is not None:
                return found
        return self.searched([names[0] for names in self.spelt])

    def spellings(self, stem: str, count: int) -> tuple[str, ...]:
        """Return so many ids that an object can have, the shortest first."""
        free = (name for name in suffixed(stem) if name not in self.taken)
        return tuple(islice(free, count))

    def spread_out(self) -> tuple[str, ...] | None:
        """Look for ids whose first probes all differ; None where there are none."""
        ids = [names[0] for names in self.spelt]
        table = self.filled(ids)
        avoided = self.places_of_others(table)
        for _ in range(ATTEMPTS):
            if self.disorder(table, ids) == 0:
                return tuple(ids)
            spread = self.spread(table, avoided)
            if spread is None:
                return None
            ids, table = spread, self.filled(spread)
            avoided.update(table.bucket(name) for name in self.others)
        return None

    def places_of_others(self, table: BucketTable[None]) -> set[int]:
        """Return the buckets that the other objects take in a table of that size if nothing is in their way."""
        taken: set[int] = set()
        for name in self.others:
            place, step = table.first_probe(name), 0
            while place in taken:
                step += 1
                place = (place + step) % table.size
            taken.add(place)
        return taken

    def filled(self, ids: Sequence[str]) -> BucketTable[None]:
        """Return the table once everything is in it."""
        table: BucketTable[None] = BucketTable()
        waiting = iter(ids)
        for name in self.insertions:
            table.insert(name if isinstance(name, str) else next(waiting), None)
        return table

    def disorder(self, table: BucketTable[None], ids: Sequence[str]) -> int:
        """Return how many pairs of objects stand in the wrong order; the same id twice counts as one."""
        nodes = {name: it.node for name, it in zip(ids, self.unnamed, strict=True)}
        walked = [nodes[name] for name in table if name in nodes]
        if all(one <= other for one, other in pairwise(walked)):
            return len(ids) - len(nodes)
        wrong = sum(one > other for index, one in enumerate(walked) for other in walked[index + 1 :])
        return wrong + len(ids) - len(nodes)

    def spread(self, table: BucketTable[None], avoided: set[int]) -> list[str] | None:
        """Give the objects first probes in ascending order, none twice, at the least cost; None if there is no room.

        Keys whose first probes differ all end up there, whatever was inserted and moved before.
        """
        places = [place for place in range(table.prime) if place not in avoided]
        if len(places) < len(self.unnamed):
            return None
        best: list[tuple[int, tuple[int, ...]] | None] = [(0, ())] * (len(places) + 1)
        choices = [self.cheapest(table, index) for index in self.ascending]
        for rank, cheapest in enumerate(choices):
            reached: list[tuple[int, tuple[int, ...]] | None] = [None] * (len(places) + 1)
            for count in range(rank + 1, len(places) + 1):
                place = places[count - 1]
                before, choice = best[count - 1], cheapest.get(place)
                reached[count] = reached[count - 1]
                if before is not None and choice is not None:
                    found = (before[0] + choice[0], (*before[1], place))
                    known = reached[count]
                    reached[count] = found if known is None or found[0] < known[0] else known
            best = reached
        last = best[-1]
        if last is None:
            return None
        ids = [""] * len(self.unnamed)
        for index, cheapest, place in zip(self.ascending, choices, last[1], strict=True):
            ids[index] = cheapest[place][1]
        return ids

    def cheapest(self, table: BucketTable[None], index: int) -> dict[int, Choice]:
        """Return the shortest id for each first probe; each letter of a suffix costs 1."""
        found: dict[int, Choice] = {}
        shortest = len(self.unnamed[index].stem)
        for name in self.spelt[index]:
            place = table.first_probe(name)
            if place not in found:
                found[place] = (len(name) - shortest, name)
                if len(found) == table.prime:
                    break
        return found

    def searched(self, ids: list[str]) -> tuple[str, ...]:
        """Look for ids at random, where the table is so full that first probes must coincide."""
        random = Random(len(ids))  # noqa: S311 - the same ids each time, not secret ones
        for _ in range(STARTS):
            found = self.improved(ids, random)
            if found is not None:
                return self.shortened(found)
            ids = [random.choice(names[:SEARCHED]) for names in self.spelt]
        raise InputError(
            "no ids were found with which QEMU meets these objects in ascending order; give them in that order, or add "
            "another object"
        )

    def improved(self, ids: list[str], random: Random) -> list[str] | None:
        """Change one id after the other, never for the worse, until the order is right; None if it is not in time."""
        least = self.disorder(self.filled(ids), ids)
        for _ in range(STEPS):
            if least == 0:
                return ids
            index = random.randrange(len(ids))
            tried = [*ids]
            tried[index] = random.choice(self.spelt[index][:SEARCHED])
            found = self.disorder(self.filled(tried), tried)
            if found <= least:
                least, ids = found, tried
        return None

    def shortened(self, ids: list[str]) -> tuple[str, ...]:
        """Return ids with shorter ones in the place of those that may have them."""
        for index, name in enumerate(ids):
            for shorter in self.spelt[index]:
                if len(shorter) >= len(name):
                    break
                tried = [*ids[:index], shorter, *ids[index + 1 :]]
                if self.disorder(self.filled(tried), tried) == 0:
                    ids = tried
                    break
        return tuple(ids)
