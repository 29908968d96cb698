"""How a structure's fields are written down, and how such a list is read against bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from sandbox.acpi.description import Field, Structure, Value
from sandbox.errors import DecodeError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Values: TypeAlias = Mapping[str, Value]
Meaning: TypeAlias = Callable[[Values], str]


def integer(raw: bytes) -> Value:
    """The bytes as an unsigned little-endian integer."""
    return int.from_bytes(raw, "little")


def text(raw: bytes) -> Value:
    """The bytes as text without the NUL bytes behind it; the bytes themselves where they are no printable ASCII."""
    letters = raw.rstrip(b"\0")
    return letters.decode("ascii") if letters and all(32 <= byte < 127 for byte in letters) else raw


def as_it_lies(raw: bytes) -> Value:
    """The bytes themselves."""
    return raw


@record
class FieldSpec:
    """One field of a layout: its key in paths, the specification's name, its length in bytes and what it means."""

    key: str
    name: str
    length: int
    meaning: Meaning | None = None
    read: Callable[[bytes], Value] = integer


@record
class Layout:
    """What a structure is called, the fields that follow each other in it, and how to sum it up."""

    name: str
    specs: tuple[FieldSpec, ...]
    summary: Meaning


@record
class Body:
    """What was found behind a table's fixed fields: structures up to ``stop``, and what was wrong there."""

    structures: tuple[Structure, ...]
    stop: int
    problem: DecodeError | None = None


@record
class TableKind:
    """A table's name, the fixed fields behind its header, and what describes the rest of it up to an end.

    ``describe_body`` is called only where the fixed fields are complete.
    """

    name: str
    fixed: tuple[FieldSpec, ...]
    describe_body: Callable[[bytes, int], Body]


def number(values: Values, key: str) -> int:
    """The value of a field that holds an integer; 0 where the bytes end before it."""
    value = values.get(key, 0)
    return value if isinstance(value, int) else 0


def shown(values: Values, key: str) -> str:
    """The value of a field for a sentence: bytes as hexadecimal digits, nothing where the bytes end before it."""
    value = values.get(key, "")
    return value.hex(" ") if isinstance(value, bytes) else str(value)


def reserved(key: str, length: int) -> FieldSpec:
    """A reserved field, which should be zero."""

    def meaning(values: Values) -> str:
        return "reserved, not zero" if values[key] not in {0, bytes(length)} else ""

    return FieldSpec(key, "Reserved", length, meaning, integer if length <= 8 else as_it_lies)


def read_fields(data: bytes, offset: int, path: str, specs: Sequence[FieldSpec]) -> tuple[Field, ...]:
    """Reads one field after the other from ``offset`` on, as far as the bytes reach; one cut off is kept as bytes."""
    pieces = []
    values: dict[str, Value] = {}
    position = offset
    for spec in specs:
        raw = data[position : position + spec.length]
        if not raw:
            break
        values[spec.key] = value = spec.read(raw) if len(raw) == spec.length else raw
        pieces.append((spec, position, raw, value))
        position += len(raw)
    fields = []
    for spec, position, raw, value in pieces:
        if len(raw) < spec.length:
            meaning = f"cut off: {len(raw)} of {spec.length} bytes"
        else:
            meaning = spec.meaning(values) if spec.meaning else ""
        fields.append(Field(f"{path}.{spec.key}", spec.name, position, len(raw), raw, value, meaning))
    return tuple(fields)


def loose_bytes(data: bytes, offset: int, end: int, name: str, summary: str) -> Structure:
    """Bytes that belong to no structure, as a structure with one field."""
    raw = data[offset:end]
    field = Field(f"{name}.bytes", "Bytes", offset, len(raw), raw, raw)
    return Structure(name, None, None, name, offset, len(raw), (field,), summary)


def describe_structures(
    data: bytes,
    start: int,
    spans: Iterable[tuple[int, int, int]],
    layout_at: Callable[[bytes, int, int, int], Layout],
) -> Body:
    """Describes one structure after the other as ``spans`` gives them (offset, type, length) until it ends or fails."""
    structures: list[Structure] = []
    ordinals: Counter[str] = Counter()
    stop = start
    try:
        for offset, structure_type, length in spans:
            layout = layout_at(data, offset, structure_type, length)
            path = f"{layout.name}[{ordinals[layout.name]}]"
            ordinals[layout.name] += 1
            fields = read_fields(data, offset, path, layout.specs)
            summary = layout.summary(values_of(path, fields))
            structures.append(
                Structure(path, len(structures), structure_type, layout.name, offset, length, fields, summary)
            )
            stop = offset + length
    except DecodeError as error:
        return Body(tuple(structures), stop, error)
    return Body(tuple(structures), stop)


def values_of(path: str, fields: Iterable[Field]) -> Values:
    """The values of a structure's fields by key."""
    return {field.path[len(path) + 1 :]: field.value for field in fields}
