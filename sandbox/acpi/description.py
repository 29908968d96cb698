"""What a table holds, as data for those who show or compare it: structures, and in them fields with their meaning."""

from __future__ import annotations

from typing import TypeAlias

from sandbox.records import record

Value: TypeAlias = int | str | bytes


@record
class Field:
    """One field of a structure.

    Attributes:
        path: where it stands by name: ``Generic Initiator Affinity[3].pxm``; no two fields of a table share one.
        name: what the ACPI specification calls it: ``Proximity Domain``.
        offset: its first byte, counted from the table's start.
        length: its bytes.
        raw: the bytes themselves.
        value: an integer (read little-endian), a text, or bytes where neither would say anything.
        meaning: the value in words; "" where the value says it all.
    """

    path: str
    name: str
    offset: int
    length: int
    raw: bytes
    value: Value
    meaning: str = ""


@record
class Structure:
    """Fields that belong together: the table's header with the fixed fields behind it, or one structure of its body.

    Attributes:
        path: ``SRAT`` for the header, ``Generic Initiator Affinity[3]`` for the fourth structure of that name.
        index: its place among the structures of the body, counted from 0; None for the header and for bytes that
            belong to no structure.
        type: its type number; None where there is no such thing.
        name: what the ACPI specification calls it.
        offset: its first byte, counted from the table's start.
        length: its bytes.
        fields: its fields in the order in which they lie, without a gap.
        summary: the whole structure in a few words.
    """

    path: str
    index: int | None
    type: int | None
    name: str
    offset: int
    length: int
    fields: tuple[Field, ...]
    summary: str

    @property
    def raw(self) -> bytes:
        """The structure's bytes."""
        return b"".join([field.raw for field in self.fields])


@record
class Problem:
    """Why a table does not decode, in the words of :class:`sandbox.errors.DecodeError`; ``offset`` is where."""

    what: str
    offset: int

    def __str__(self) -> str:
        return f"offset {self.offset:#x}: {self.what}"


@record
class TableDescription:
    """A whole table. The fields of its structures, put together, are its bytes, whether it decodes or not.

    Attributes:
        signature: the four letters it starts with; where they are no letters, the bytes as hexadecimal digits.
        name: what the ACPI specification calls the table.
        structures: the header first.
        problems: why it does not decode, the error that decoding raises first; empty for a table that decodes.
    """

    signature: str
    name: str
    structures: tuple[Structure, ...]
    problems: tuple[Problem, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of all structures in the order in which they lie."""
        return tuple([field for structure in self.structures for field in structure.fields])
