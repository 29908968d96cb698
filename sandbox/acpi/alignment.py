"""Which structure of one table stands for which of another."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.acpi.description import Structure

Pair: TypeAlias = "tuple[Structure, Structure]"

_MOST_COMPARISONS = 20_000


@record
class Alignment:
    """How the structures of a table a become those of a table b.

    ``changed`` pairs have the same name and are to be compared field by field; ``moved`` pairs have the same bytes
    at another place in the order. What is in no list is the same in both.
    """

    changed: tuple[Pair, ...]
    moved: tuple[Pair, ...]
    removed: tuple[Structure, ...]
    added: tuple[Structure, ...]


def align(a: Sequence[Structure], b: Sequence[Structure]) -> Alignment:
    """Aligns by the edit script that ``difflib`` finds over the encoded structures.

    Where the script replaces structures by others, those of the same name become pairs: the most alike first.
    """
    a, b = _without_common_ends(a, b)
    script = SequenceMatcher(None, [*map(_key, a)], [*map(_key, b)], autojunk=False).get_opcodes()
    blocks = [
        (list(a[low_a:high_a]), list(b[low_b:high_b])) for tag, low_a, high_a, low_b, high_b in script if tag != "equal"
    ]
    moved = _take_moved(blocks)
    changed = [pair for gone, new in blocks for pair in _take_alike(gone, new)]
    return Alignment(
        tuple(changed),
        tuple(moved),
        tuple([structure for gone, _ in blocks for structure in gone]),
        tuple([structure for _, new in blocks for structure in new]),
    )


def _key(structure: Structure) -> tuple[str, bytes]:
    return structure.name, structure.raw


def _without_common_ends(
    a: Sequence[Structure], b: Sequence[Structure]
) -> tuple[Sequence[Structure], Sequence[Structure]]:
    """Return what is left of both without what they start and end with alike.

    ``difflib`` looks for the longest run first and may take one that is shifted, where structures occur more than once.
    """
    shorter = min(len(a), len(b))
    start = next((at for at in range(shorter) if _key(a[at]) != _key(b[at])), shorter)
    shorter -= start
    end = next((at for at in range(shorter) if _key(a[-1 - at]) != _key(b[-1 - at])), shorter)
    return a[start : len(a) - end], b[start : len(b) - end]


def align_by_path(a: Sequence[Structure], b: Sequence[Structure]) -> Alignment:
    """Pairs the structures of the same path, for tables whose structures are known by their place alone."""
    in_a = {structure.path: structure for structure in a}
    in_b = {structure.path: structure for structure in b}
    return Alignment(
        tuple([(structure, in_b[path]) for path, structure in in_a.items() if path in in_b]),
        (),
        tuple([structure for path, structure in in_a.items() if path not in in_b]),
        tuple([structure for path, structure in in_b.items() if path not in in_a]),
    )


def _take_moved(blocks: list[tuple[list[Structure], list[Structure]]]) -> list[Pair]:
    waiting: dict[tuple[str, bytes], list[Structure]] = {}
    for _, new in blocks:
        for structure in new:
            waiting.setdefault((structure.name, structure.raw), []).append(structure)
    moved = []
    for gone, _ in blocks:
        for structure in gone:
            candidates = waiting.get((structure.name, structure.raw))
            if candidates:
                moved.append((structure, candidates.pop(0)))
    left = {id(structure) for structure, _ in moved}
    arrived = {id(structure) for _, structure in moved}
    for gone, new in blocks:
        gone[:] = [structure for structure in gone if id(structure) not in left]
        new[:] = [structure for structure in new if id(structure) not in arrived]
    return moved


def _take_alike(gone: list[Structure], new: list[Structure]) -> list[Pair]:
    """Pairs structures of the same name and takes them out of the two lists."""
    partner: dict[int, int] = {}
    taken = set()
    for i, j in _candidates(gone, new):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    pairs = [(gone[i], new[j]) for i, j in sorted(partner.items())]
    gone[:] = [structure for i, structure in enumerate(gone) if i not in partner]
    new[:] = [structure for j, structure in enumerate(new) if j not in taken]
    return pairs


def _candidates(gone: list[Structure], new: list[Structure]) -> list[tuple[int, int]]:
    """Which places may pair up, the best first; in large blocks only those at the same place among their name."""
    if len(gone) * len(new) <= _MOST_COMPARISONS:
        pairs = [(i, j) for i, a in enumerate(gone) for j, b in enumerate(new) if a.name == b.name]
        return sorted(pairs, key=lambda pair: -_likeness(gone[pair[0]], new[pair[1]]))
    places: dict[str, list[int]] = {}
    for j, structure in reversed(list(enumerate(new))):
        places.setdefault(structure.name, []).append(j)
    return [(i, places[a.name].pop()) for i, a in enumerate(gone) if places.get(a.name)]


def _likeness(a: Structure, b: Structure) -> int:
    """How many fields of the two agree."""
    return sum([one.raw == other.raw for one, other in zip(a.fields, b.fields, strict=False)])
