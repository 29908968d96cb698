"""Ids for objects that come and go: with them each reading of firmware's meets the nodes in ascending order.

Objects that a later command adds share one hash table with those of the start, and the table grows and shrinks with
them. Whether an order holds is found out by living through the history; the ids are found by trying.
"""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

from sandbox.buckets import BucketTable
from sandbox.records import record, replace
from sandbox.translate.ascending import suffixed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

BEAM: Final = 48
"""How many beginnings of a choice are followed up."""

TRIED: Final = (60, 400, 1500)
"""How many ids of each object are looked at; more where these give no order."""

STARTS: Final = 3
STEPS: Final = 1000
"""How often a search at random begins, and how often it changes an id each time."""

SEARCHED: Final = 150
"""How many ids of each object it takes from."""


@record
class Put:
    """An object comes: the id of one that keeps it, or the number of one that is to get one."""

    what: str | int


@record
class Take:
    """An object goes; ``may_resize`` tells whether the table may shrink with it, as after an addition that fails."""

    what: str | int
    may_resize: bool = False


@record
class Read:
    """Firmware reads the tables: the nodes by then, by the numbers of the objects that are there."""

    nodes: Mapping[int, int]


Event: TypeAlias = "Put | Take | Read"


def disorder(history: Sequence[Event], ids: Sequence[str]) -> int:
    """Return how many pairs of nodes firmware meets in the wrong order; the same id twice counts as one."""
    numbers = {name: number for number, name in enumerate(ids)}
    return len(ids) - len(numbers) + sum(_wrong_pairs(walked) for walked in _readings(history, ids, numbers))


def ids_over(history: Sequence[Event], stems: Sequence[str], taken: Collection[str]) -> tuple[str, ...] | None:
    """Choose ids with which every reading is in order.

    Args:
        history: what happens, from the start on.
        stems: what the id of each object starts with, by its number.
        taken: ids that none of them may get.

    Returns:
        The ids by number; None if none were found.
    """
    if disorder(history, stems) == 0 and not set(stems) & set(taken):
        return tuple(stems)
    best: list[str] = []
    for count in TRIED:
        spelt = [tuple(islice((it for it in suffixed(stem) if it not in taken), count)) for stem in stems]
        best = _climbing(history, spelt) or best
        if best and disorder(history, best) == 0:
            return tuple(best)
    return _improved(history, best or [names[0] for names in spelt], spelt)


def _readings(history: Sequence[Event], ids: Sequence[str], numbers: Mapping[str, int]) -> Iterator[list[int]]:
    """Live through a history, and give the nodes in the order of each reading."""
    table: BucketTable[None] = BucketTable()
    for event in history:
        if isinstance(event, Read):
            nodes = event.nodes
            yield [nodes[number] for name in table if (number := numbers.get(name, -1)) in nodes]
            continue
        _happen(event, table, ids)


def _happen(event: Put | Take, table: BucketTable[None], ids: Sequence[str]) -> None:
    name = event.what if isinstance(event.what, str) else ids[event.what]
    if isinstance(event, Put):
        table.insert(name, None)
    elif name in table:
        table.remove(name, may_resize=event.may_resize)


def _wrong_pairs(walked: Sequence[int]) -> int:
    return sum(one > other for index, one in enumerate(walked) for other in walked[index + 1 :])


@record
class _Size:
    """A size of the table in which firmware reads.

    Attributes:
        table: any table of that size.
        taken: the buckets that the other objects have in it, at one reading.
        readers: the numbers of the objects that are there at some reading.
    """

    table: BucketTable[None]
    taken: frozenset[int]
    readers: frozenset[int]


def _sizes(history: Sequence[Event], ids: Sequence[str]) -> list[_Size]:
    """Return the sizes that the table has at the readings; it hardly matters with which ids."""
    found: dict[int, _Size] = {}
    table: BucketTable[None] = BucketTable()
    others: set[str] = set()
    for event in history:
        if isinstance(event, Read):
            taken = frozenset(table.bucket(name) for name in others if name in table)
            known = found.get(table.size) or _Size(_of_size(table.size), taken, frozenset())
            found[table.size] = replace(known, readers=known.readers | event.nodes.keys())
            continue
        _happen(event, table, ids)
        if isinstance(event, Put) and isinstance(event.what, str):
            others.add(event.what)
    return list(found.values())


def _of_size(size: int) -> BucketTable[None]:
    table: BucketTable[None] = BucketTable()
    number = 0
    while table.size < size:
        table.insert(f"{number}", None)
        number += 1
    return table


def _climbing(history: Sequence[Event], spelt: Sequence[Sequence[str]]) -> list[str]:
    """Look for ids whose first probes climb with the nodes in tables of every size; [] where there are none."""
    sizes = _sizes(history, [names[0] for names in spelt])
    lowest = {number: node for event in history if isinstance(event, Read) for number, node in event.nodes.items()}
    order = sorted(range(len(spelt)), key=lambda number: (lowest.get(number, 1 << 32), number))
    beam: list[tuple[tuple[int, ...], tuple[str, ...]]] = [((-1,) * len(sizes), ())]
    for number in order:
        is_there = [number in size.readers for size in sizes]
        grown: dict[tuple[int, ...], tuple[str, ...]] = {}
        for places, name in _places(spelt[number], sizes, is_there).items():
            for before, names in beam:
                after = _climbed(before, places, is_there)
                if after is not None and after not in grown:
                    grown[after] = (*names, name)
        beam = sorted(grown.items(), key=lambda it: _progress(it[0], sizes))[:BEAM]
    if not beam:
        return []
    ids = [""] * len(spelt)
    for number, name in zip(order, beam[0][1], strict=True):
        ids[number] = name
    return ids


def _places(names: Sequence[str], sizes: Sequence[_Size], is_there: Sequence[bool]) -> dict[tuple[int, ...], str]:
    """Return the first id for each tuple of free buckets; 0 stands for a size in which the object is not read."""
    found: dict[tuple[int, ...], str] = {}
    for name in names:
        places = [size.table.first_probe(name) if there else 0 for size, there in zip(sizes, is_there, strict=True)]
        blocked = any(there and place in size.taken for size, there, place in zip(sizes, is_there, places, strict=True))
        if not blocked:
            found.setdefault(tuple(places), name)
    return found


def _climbed(before: Sequence[int], places: Sequence[int], is_there: Sequence[bool]) -> tuple[int, ...] | None:
    if any(there and place <= last for last, place, there in zip(before, places, is_there, strict=True)):
        return None
    return tuple(place if there else last for last, place, there in zip(before, places, is_there, strict=True))


def _progress(places: Sequence[int], sizes: Sequence[_Size]) -> tuple[float, int]:
    """Return how much of the fullest size is used up: less is better."""
    return max(place / size.table.prime for place, size in zip(places, sizes, strict=True)), sum(places)


def _improved(history: Sequence[Event], ids: Sequence[str], spelt: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Change one id after the other, never for the worse, until the order is right; None if it is not in time."""
    random = Random(len(ids))  # noqa: S311 - the same ids each time, not secret ones
    current = list(ids)
    for _ in range(STARTS):
        least = disorder(history, current)
        for _ in range(STEPS):
            if least == 0:
                return tuple(current)
            index = random.randrange(len(current))
            tried = [*current]
            tried[index] = random.choice(spelt[index][:SEARCHED])
            found = disorder(history, tried)
            if found <= least:
                least, current = found, tried
        current = [random.choice(names[:SEARCHED]) for names in spelt]
    return None
