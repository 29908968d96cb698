"""A set of tables as the rules see it, whether it decodes or not, and what a Linux guest numbers by it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from sandbox.acpi.slit import MATRIX_OFFSET
from sandbox.acpi.srat import ENTRIES_OFFSET, decode_entry, entry_spans
from sandbox.errors import DecodeError, InputError, Place
from sandbox.lint.model import Where
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.acpi.srat import SratEntry

PROCESSOR_TYPES: Final = (0, 2, 3, 7)
MEMORY_TYPE: Final = 1
GICC_TYPE: Final = 3
INITIATOR_TYPE: Final = 5
ENABLED: Final = 1

NARROW_TYPES: Final = (0, 1)
WIDE_DOMAINS: Final = 2
"""The first revision of SRAT in which Linux takes more than 8 bits of the domains of entries of those types."""

X86_DOMAINS: Final = 1024
ARM64_DOMAINS: Final = 256


@record
class Spanned:
    """An entry of SRAT and where it lies.

    Attributes:
        offset: counted from the table's start.
        length: bytes.
        type: its type number.
        value: what it says.
    """

    offset: int
    length: int
    type: int
    value: SratEntry

    @property
    def enabled(self) -> bool:
        """Whether readers take notice of it; an entry of a type without flags, or not known here, counts as not."""
        return bool(getattr(self.value, "flags", 0) & ENABLED)

    @property
    def pxm(self) -> int:
        """Its proximity domain; -1 where it has none."""
        return int(getattr(self.value, "pxm", -1))


@record
class View:
    """A set of tables.

    Attributes:
        srat: the bytes of SRAT, or None.
        slit: the bytes of SLIT, or None.
        hmat: the bytes of HMAT, or None.
        title: the moment at which firmware reads them, for people; "" for tables that were brought.
        place: where they stand: the scenario, or the folder.
        files: for tables that were brought, the file of each by its name in small letters.
        starts: where in its file each raw table begins, by its name in small letters.
        ram: ranges of RAM, (address, bytes), where they are known.
        cut_off: the names, in small letters, of tables that end before their header says so, and are left out here.
        origin_ids: for each Generic Initiator entry in the table's order the id of its object; empty if unknown.
    """

    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None
    title: str = ""
    place: Place | None = None
    files: tuple[tuple[str, Place], ...] = ()
    starts: tuple[tuple[str, int], ...] = ()
    ram: tuple[tuple[int, int], ...] = ()
    origin_ids: tuple[str, ...] = ()
    cut_off: frozenset[str] = frozenset()

    def where(self, table: str, offset: int | None = None) -> Where:
        """Return the place of a finding about a table, named in capitals."""
        name, about = table.lower(), f"{table} {self.title}".rstrip()
        start = dict(self.starts).get(name)
        byte = None if start is None or offset is None else start + offset
        return Where(dict(self.files).get(name, self.place), about, offset, byte)

    def without_cut_off(self) -> View:
        """Return it without tables that are cut off: whatever is wrong with what is there of them follows from that."""
        given = {"srat": self.srat, "slit": self.slit, "hmat": self.hmat}
        cut = {name for name, data in given.items() if data is not None and is_cut_off(data)}
        whole = {name: None if name in cut else data for name, data in given.items()}
        return replace(self, **whole, cut_off=frozenset(cut)) if cut else self

    def entries(self) -> tuple[Spanned, ...]:
        """Return the entries of SRAT up to the first that cannot be read, or to where the header says that it ends."""
        return tuple(self._spans())

    def _spans(self) -> Iterator[Spanned]:
        if self.srat is None or len(self.srat) < ENTRIES_OFFSET:
            return
        try:
            for offset, kind, length in entry_spans(self.srat, end_of(self.srat)):
                yield Spanned(offset, length, kind, decode_entry(self.srat, offset, kind, length))
        except DecodeError:
            return

    @property
    def is_readable(self) -> bool:
        """Whether there is an SRAT whose entries lead to its end."""
        if self.srat is None or len(self.srat) < ENTRIES_OFFSET:
            return False
        last = self.entries()[-1:]
        return end_of(self.srat) == (last[0].offset + last[0].length if last else ENTRIES_OFFSET)

    def initiators(self) -> tuple[Spanned, ...]:
        """Return the Generic Initiator entries, disabled ones too."""
        return tuple(entry for entry in self.entries() if entry.type == INITIATOR_TYPE and entry.pxm >= 0)

    def numbered_initiators(self) -> tuple[int, ...]:
        """Return the domains of the initiators that Linux sees: up to the first that is disabled or too high."""
        most = self.most_domains
        seen = takewhile(lambda entry: entry.enabled and entry.pxm < most, self.initiators())
        return tuple(entry.pxm for entry in seen)

    @property
    def most_domains(self) -> int:
        """Below which number Linux takes domains."""
        return ARM64_DOMAINS if self.is_arm else X86_DOMAINS

    @property
    def is_arm(self) -> bool:
        """Whether SRAT has processors of Arm."""
        return any(entry.type == GICC_TYPE for entry in self.entries())

    def rows(self) -> tuple[bytes, ...] | None:
        """Return the distances of SLIT, a row each; None where there is none or it is too short for its matrix."""
        if self.slit is None or len(self.slit) < MATRIX_OFFSET:
            return None
        count = int.from_bytes(self.slit[36:MATRIX_OFFSET], "little")
        if MATRIX_OFFSET + count * count > len(self.slit):
            return None
        starts = range(MATRIX_OFFSET, MATRIX_OFFSET + count * count, count or 1)
        return tuple(self.slit[start : start + count] for start in starts)

    def guest_nodes(self) -> tuple[int, ...]:
        """Return the proximity domains in the order in which Linux gives them node numbers, from 0 on.

        Source: Linux 6.1 to 7.3 as booted: processors and Generic Initiators in the table's order, then memory; a
        disabled processor or memory entry takes none, a disabled Generic Initiator, or one whose domain is too high,
        ends the first pass.
        """
        entries = self.entries()
        found = (*_first_pass(entries, self.domain, self.most_domains), *_second_pass(entries, self.domain))
        most = self.most_domains
        return tuple(dict.fromkeys(domain for domain in found if domain < most))

    def domain(self, entry: Spanned) -> int:
        """Return an entry's domain as Linux reads it: before revision 2 processors and memory have 8 bits of it."""
        is_narrow = entry.type in NARROW_TYPES and self.srat is not None and self.srat[8] < WIDE_DOMAINS
        return entry.pxm & 0xFF if is_narrow else entry.pxm


def ram_of(text: str, file: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of RAM, (address, bytes), from the text of /proc/iomem.

    Raises:
        InputError: no RAM is in there, or its addresses are hidden, as Linux does for all but root.
    """
    found = []
    for line in text.splitlines():
        span, colon, name = line.partition(" : ")
        first, dash, last = span.strip().partition("-")
        if colon and dash and name.strip() == "System RAM":
            try:
                found.append((int(first, 16), int(last, 16) - int(first, 16) + 1))
            except ValueError:
                continue
    if not found or all(size == 1 for _, size in found):
        raise InputError("no System RAM with addresses in here; read /proc/iomem as root", Place(file))
    return tuple(found)


def is_cut_off(table: bytes) -> bool:
    """Whether a table has fewer bytes than its header says."""
    return len(table) < int.from_bytes(table[4:8], "little")


def end_of(table: bytes) -> int:
    """Return where a table ends: where its header says so, unless that cannot be."""
    declared = int.from_bytes(table[4:8], "little")
    return declared if ENTRIES_OFFSET <= declared <= len(table) else len(table)


def _first_pass(entries: Sequence[Spanned], domain: Callable[[Spanned], int], most: int) -> Iterator[int]:
    for entry in entries:
        if entry.type == INITIATOR_TYPE and entry.pxm >= 0 and (not entry.enabled or entry.pxm >= most):
            return
        if entry.enabled and (entry.type == INITIATOR_TYPE or entry.type in PROCESSOR_TYPES):
            yield domain(entry)


def _second_pass(entries: Sequence[Spanned], domain: Callable[[Spanned], int]) -> Iterator[int]:
    yield from (domain(entry) for entry in entries if entry.type == MEMORY_TYPE and entry.enabled)
