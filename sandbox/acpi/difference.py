"""How two tables differ: by structures and by fields, not only by bytes."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from sandbox.acpi.alignment import align, align_by_path
from sandbox.acpi.fields import describe
from sandbox.acpi.header import ChecksumState, checksum_state
from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.acpi.description import Field, Structure, Value


class Kind(Enum):
    """What became of a structure or field on the way from table a to table b."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


@record
class Side:
    """One side of a difference: a field, or a whole structure, in one of the two tables.

    Attributes:
        path: as in the table's description.
        offset: its first byte, counted from the table's start.
        length: its bytes.
        value: the field's value; a structure's bytes.
        meaning: the field's meaning; a structure's summary.
    """

    path: str
    offset: int
    length: int
    value: Value
    meaning: str


@record
class Difference:
    """One difference between a table a and a table b.

    Attributes:
        kind: CHANGED: a field has another value, or is right in one table only. ADDED, REMOVED: a structure, or a
            field in a pair of structures, is in one table only. MOVED: a structure with the same bytes
            stands elsewhere in the order.
        name: what the ACPI specification calls the field or structure.
        a: where and what in table a; None if it was added.
        b: where and what in table b; None if it was removed.
        consequent: it merely follows from other differences: the checksum where both are right, the length where
            both are that of their table or structure.
    """

    kind: Kind
    name: str
    a: Side | None
    b: Side | None
    consequent: bool = False


def diff_tables(a: bytes, b: bytes) -> tuple[Difference, ...]:
    """The differences from table a to table b, the header's first; empty exactly if the bytes are the same.

    Tables that do not decode are compared as far as they can be described.
    """
    described_a, described_b = describe(a), describe(b)
    head_a, *body_a = described_a.structures
    head_b, *body_b = described_b.structures
    is_matrix = described_a.signature == described_b.signature == "SLIT"
    alignment = (align_by_path if is_matrix else align)(body_a, body_b)
    found = _compare(head_a, head_b, _consequent_in_header(a, b), _judged_otherwise(a, b))
    for pair in alignment.changed:
        found += _compare(*pair, _consequent_in_structure(*pair))
    found += [Difference(Kind.MOVED, gone.name, _whole(gone), _whole(new)) for gone, new in alignment.moved]
    found += [Difference(Kind.REMOVED, gone.name, _whole(gone), None) for gone in alignment.removed]
    found += [Difference(Kind.ADDED, new.name, None, _whole(new)) for new in alignment.added]
    return tuple(sorted(found, key=_position))


def _compare(
    a: Structure, b: Structure, consequent: frozenset[str], judged: frozenset[str] = frozenset()
) -> list[Difference]:
    in_a, in_b = _by_key(a), _by_key(b)
    found = []
    for key in in_a | in_b:
        one, other = in_a.get(key), in_b.get(key)
        if one and other:
            if one.raw != other.raw or key in judged:
                found.append(Difference(Kind.CHANGED, one.name, _side(one), _side(other), key in consequent))
        elif one:
            found.append(Difference(Kind.REMOVED, one.name, _side(one), None))
        elif other:
            found.append(Difference(Kind.ADDED, other.name, None, _side(other)))
    return found


def _consequent_in_header(a: bytes, b: bytes) -> frozenset[str]:
    keys = set()
    if _has_own_length(a) and _has_own_length(b):
        keys.add(".length")
    if checksum_state(a) is checksum_state(b) is ChecksumState.VALID:
        keys.add(".checksum")
    return frozenset(keys)


def _judged_otherwise(a: bytes, b: bytes) -> frozenset[str]:
    """Return the header's fields that are right in one of the tables only, whether their bytes differ or not."""
    keys = set()
    if _has_own_length(a) != _has_own_length(b):
        keys.add(".length")
    if checksum_state(a) is not checksum_state(b):
        keys.add(".checksum")
    return frozenset(keys)


def _has_own_length(data: bytes) -> bool:
    return int.from_bytes(data[4:8], "little") == len(data)


def _consequent_in_structure(a: Structure, b: Structure) -> frozenset[str]:
    """The length of a structure follows from its other fields unless it is one that could not be decoded."""
    decoded = not any(field.path.endswith(".body") for structure in (a, b) for field in structure.fields)
    return frozenset({".length"} if decoded else ())


def _by_key(structure: Structure) -> dict[str, Field]:
    return {field.path[len(structure.path) :]: field for field in structure.fields}


def _side(field: Field) -> Side:
    return Side(field.path, field.offset, field.length, field.value, field.meaning)


def _whole(structure: Structure) -> Side:
    return Side(structure.path, structure.offset, structure.length, structure.raw, structure.summary)


def _position(difference: Difference) -> int:
    side = difference.a or difference.b
    return side.offset if side else 0
