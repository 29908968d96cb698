"""Files that hold ACPI tables: raw tables one after the other, or the text form of acpidump.

The text form, for each table: a line ``SRAT @ 0x000000007FFE0000``, rows of up to 16 bytes as
``    0000: 53 52 41 54 ...  SRAT...``, an empty line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.header import HEADER_LENGTH
from sandbox.errors import DecodeError
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADDRESS_MARK = " @ 0x"
_SIGNATURE_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_ROW = 16
_FIRST_ADDRESS = 0x7FFE0000
_ALIGNMENT = 0x1000
_LONGEST_NAME = 8


@record
class RawTable:
    """A table as it was found.

    Attributes:
        name: the signature.
        data: its bytes, whether they decode or not.
        address: the physical address that the text form gives; None for a raw table.
        start: where a raw table begins in its file; None for one in the text form.
    """

    name: str
    data: bytes
    address: int | None = None
    start: int | None = field(default=None, compare=False)


class DumpTextError(DecodeError):
    """A text form that cannot be read; ``line`` counts from 1, ``offset`` from the start of the file, in bytes."""

    def __init__(self, what: str, line: int, offset: int) -> None:
        super().__init__(what, offset)
        self.args = (what, line, offset)
        self.line = line

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def read_tables(data: bytes) -> tuple[RawTable, ...]:
    """Finds the tables in a file's content, of whichever form it is.

    A raw table reaches as far as its header says; zero bytes between and behind tables are skipped. Where the
    header's length cannot be right, since neither another table nor the end of the file comes then, the rest of
    the file is the table; describing it tells what is wrong.

    Raises:
        DecodeError: no table is in there; as :class:`DumpTextError` where the text form is broken.
    """
    text, mark, _ = data.partition(_ADDRESS_MARK.encode())
    return _read_text(data) if mark and b"\0" not in text else _read_binary(data)


def to_acpidump(tables: Iterable[RawTable]) -> str:
    """Writes tables in acpidump's text form, which acpixtract, iasl's and fwts's users know.

    A table without an address gets one of its own, since readers tell tables apart by it.
    """
    blocks = []
    tables = tuple(tables)
    taken = {table.address for table in tables}
    address = _FIRST_ADDRESS
    for table in tables:
        place = table.address
        if place is None:
            while address in taken:
                address += _ALIGNMENT
            place = address
            address += -(-len(table.data) // _ALIGNMENT) * _ALIGNMENT or _ALIGNMENT
        rows = [_row(table.data, start) for start in range(0, len(table.data), _ROW)]
        blocks.append("\n".join([f"{table.name}{_ADDRESS_MARK}{place:016X}", *rows, "", ""]))
    return "".join(blocks)


def _row(data: bytes, start: int) -> str:
    row = data[start : start + _ROW]
    digits = row.hex(" ").upper()
    letters = "".join([chr(byte) if 32 <= byte < 127 else "." for byte in row])
    return f"{f'{start:04X}':>8}: {digits:<48} {letters}"


def _read_binary(data: bytes) -> tuple[RawTable, ...]:
    starts: list[int] = []
    ends: list[int] = []
    position = _skip_zeros(data, 0)
    while position < len(data):
        if not _SIGNATURE_LETTERS.issuperset(data[position : position + 4]) or len(data) - position < 8:
            if not starts:
                what = "no ACPI table starts here, and this is not acpidump's text form either"
                raise DecodeError(what, position)
            ends[-1] = len(data)
            break
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        fits = HEADER_LENGTH <= length <= len(data) - position
        starts.append(position)
        ends.append(position + length if fits else len(data))
        position = _skip_zeros(data, ends[-1])
    if not starts:
        raise DecodeError("there is no ACPI table in here", 0)
    return tuple(
        [
            RawTable(data[start : start + 4].decode(), data[start:end], start=start)
            for start, end in zip(starts, ends, strict=True)
        ]
    )


def _skip_zeros(data: bytes, position: int) -> int:
    return len(data) - len(data[position:].lstrip(b"\0"))


@record(frozen=False)
class _OpenTable:
    name: str
    address: int
    line: int
    offset: int
    data: bytearray

    def close(self) -> RawTable:
        if not self.data:
            raise DumpTextError(f"no bytes follow for table {self.name}", self.line, self.offset)
        return RawTable(self.name, bytes(self.data), self.address)


def _read_text(data: bytes) -> tuple[RawTable, ...]:
    tables: list[RawTable] = []
    open_table: _OpenTable | None = None
    offset = 0
    for number, raw in enumerate(data.splitlines(keepends=True), 1):
        line = raw.decode("latin-1").rstrip()
        head = _parse_head(line)
        if open_table and (head or not line):
            tables.append(open_table.close())
            open_table = None
        if head:
            open_table = _OpenTable(*head, number, offset, bytearray())
        elif open_table:
            try:
                open_table.data += _parse_row(line, len(open_table.data))
            except ValueError as error:
                raise DumpTextError(str(error), number, offset) from None
        elif line:
            what = f"expected a table's first line, such as 'SRAT @ 0x000000007FFE0000', found {line[:40]!r}"
            raise DumpTextError(what, number, offset)
        offset += len(raw)
    if open_table:
        tables.append(open_table.close())
    return tuple(tables)


def _parse_head(line: str) -> tuple[str, int] | None:
    name, mark, digits = line.partition(_ADDRESS_MARK)
    if not mark or not 1 <= len(name) <= _LONGEST_NAME or ":" in name:
        return None
    try:
        return name, int(digits, 16)
    except ValueError:
        return None


def _parse_row(line: str, expected: int) -> bytes:
    """Reads a row of bytes whose offset must be the expected one; two spaces part the bytes from their text."""
    digits, colon, rest = line.partition(":")
    try:
        offset = int(digits, 16)
        tokens = rest.strip().split("  ")[0].split(" ")[:_ROW]
        row = bytes.fromhex(" ".join(tokens))
    except ValueError:
        row = b""
    if not colon or not row or len(row) != len(tokens):
        raise ValueError(f"expected a row of bytes, found {line[:40]!r}")
    if offset != expected:
        raise ValueError(f"expected the row of offset {expected:04X}, found {offset:04X}")
    return row
