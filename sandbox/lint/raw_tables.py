"""Rules about tables that were brought: what is broken in them, and what iasl and fwts do not notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.fields import describe
from sandbox.acpi.header import HEADER_LENGTH, ChecksumState, checksum, checksum_state
from sandbox.acpi.srat import ENTRIES_OFFSET, UnknownStructure, entry_spans, specified_length
from sandbox.errors import DecodeError
from sandbox.lint.devices import NVIDIA_DRIVER
from sandbox.lint.model import ERROR, NOTE, WARNING, Found, Rule
from sandbox.lint.view import (
    INITIATOR_TYPE,
    MEMORY_TYPE,
    NARROW_TYPES,
    PROCESSOR_TYPES,
    WIDE_DOMAINS,
    end_of,
    is_cut_off,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.lint.view import View


def wrong_checksum(view: View) -> Iterator[Found]:
    """The bytes do not add up to 0."""
    for name, whole in _tables(view):
        data = whole[: end_of(whole)]
        state = checksum_state(data)
        if state is ChecksumState.VALID:
            continue
        right = f"{checksum(data):#04x} would be right"
        if state is ChecksumState.ZERO:
            message = f"the checksum is 0, as in fw_cfg before firmware has run; {right}"
            yield Found(message, view.where(name, 9), severity=NOTE)
        else:
            yield Found(f"the checksum is {data[9:10].hex() or 'missing'}; {right}", view.where(name, 9))


def wrong_length(view: View) -> Iterator[Found]:
    """The header's length is not that of the file, or too small for the table."""
    for name, data in _tables(view):
        declared = int.from_bytes(data[4:8], "little")
        least = {"SRAT": ENTRIES_OFFSET, "SLIT": 44}.get(name, HEADER_LENGTH)
        if declared != len(data):
            remedy = "Give the whole table; if this is all of it, put its length into bytes 4 to 7."
            message = f"the header says {declared} bytes, and there are {len(data)}"
            yield Found(message, view.where(name, 4), remedy=remedy if is_cut_off(data) else "")
        elif declared < least:
            yield Found(f"the table has {declared} bytes, fewer than the {least} of an empty one", view.where(name, 4))


def matrix_cut_off(view: View) -> Iterator[Found]:
    """SLIT has fewer bytes than its matrix needs."""
    if view.slit is not None and len(view.slit) >= 44 and view.rows() is None:
        count = int.from_bytes(view.slit[36:44], "little")
        message = f"{count} localities need {count * count} distances, and there are {len(view.slit) - 44}"
        yield Found(message, view.where("SLIT", 36))


def wrong_entry_length(view: View) -> Iterator[Found]:
    """An entry's length is not that of its type, or leads nowhere."""
    if view.srat is None or len(view.srat) < ENTRIES_OFFSET:
        return
    try:
        for offset, kind, length in entry_spans(view.srat, end_of(view.srat)):
            wanted = specified_length(kind)
            if wanted is not None and wanted != length:
                message = f"the entry of type {kind} has {length} bytes, and the specification has {wanted}"
                yield Found(message, view.where("SRAT", offset))
    except DecodeError as error:
        yield Found(error.what, view.where("SRAT", error.offset))


def unknown_type(view: View) -> Iterator[Found]:
    """An entry of a type that is not known."""
    for entry in view.entries():
        if isinstance(entry.value, UnknownStructure) and specified_length(entry.type) is None:
            yield Found(f"an entry of the unknown type {entry.type}", view.where("SRAT", entry.offset))


def disabled_initiator(view: View) -> Iterator[Found]:
    """A disabled initiator hides what is behind it."""
    entries = view.entries()
    for index, entry in enumerate(entries):
        if entry.type != INITIATOR_TYPE or entry.pxm < 0 or entry.enabled:
            continue
        behind = [it for it in entries[index + 1 :] if it.enabled and it.type in (INITIATOR_TYPE, *PROCESSOR_TYPES)]
        message = f"the initiator of domain {entry.pxm} is not enabled"
        if behind:
            found = f"{message}, and Linux does not see the {len(behind)} initiators and processors behind it"
            yield Found(found, view.where("SRAT", entry.offset))
        else:
            yield Found(message, view.where("SRAT", entry.offset), severity=NOTE)
        return


def domain_too_high(view: View) -> Iterator[Found]:
    """A domain beyond what a kernel takes."""
    most = view.most_domains
    for entry in view.entries():
        if entry.enabled and view.domain(entry) >= most:
            owner = {INITIATOR_TYPE: "the initiator", MEMORY_TYPE: "the memory"}.get(entry.type, "the processor")
            message = f"{owner} is in domain {entry.pxm}, and Linux takes domains below {most}"
            severity = WARNING if entry.type == INITIATOR_TYPE else ERROR
            yield Found(message, view.where("SRAT", entry.offset), severity=severity)


def masked_domain(view: View) -> Iterator[Found]:
    """Before revision 2 domains have 8 bits."""
    if view.srat is None or len(view.srat) < HEADER_LENGTH or view.srat[8] >= WIDE_DOMAINS:
        return
    for entry in view.entries():
        if entry.enabled and entry.type in NARROW_TYPES and entry.pxm > 0xFF:
            message = f"domain {entry.pxm} reads as {entry.pxm & 0xFF} in a table of revision {view.srat[8]}"
            yield Found(message, view.where("SRAT", entry.offset))


def handle_of_other_kind(view: View) -> Iterator[Found]:
    """A handle of a type that the specification does not have."""
    for entry in view.initiators():
        kind = getattr(entry.value, "handle", None)
        if kind is not None and kind.type > 1:
            yield Found(f"the device handle has the unknown type {kind.type}", view.where("SRAT", entry.offset + 3))


def maybe_swapped(view: View) -> Iterator[Found]:
    """Handles that look as if bus and devfn were swapped."""
    handles = [(entry, getattr(entry.value, "handle", None)) for entry in view.initiators()]
    pci = [(entry, it) for entry, it in handles if it is not None and it.type == 1]
    if not pci or any(it.devfn or it.bus < 1 << 3 or it.segment for _, it in pci):
        return
    entry, first = pci[0]
    message = f"the handles read as {first.bdf} and the like; with bus and device exchanged it is {first.swapped().bdf}"
    yield Found(message, view.where("SRAT", entry.offset + 10))


def broken_hmat(view: View) -> Iterator[Found]:
    """HMAT cannot be read to its end."""
    if view.hmat is None or len(view.hmat) != int.from_bytes(view.hmat[4:8], "little"):
        return
    for problem in describe(view.hmat).problems:
        yield Found(problem.what, view.where("HMAT", problem.offset))


def _tables(view: View) -> Iterator[tuple[str, bytes]]:
    """Give the tables that there are, with their names."""
    for name, data in (("SRAT", view.srat), ("SLIT", view.slit), ("HMAT", view.hmat)):
        if data is not None:
            yield name, data


_READERS: Final = "Readers may reject the table, or read on in what is not theirs."

RAW_TABLES: Final = (
    Rule(
        "GI801",
        "wrong-checksum",
        ERROR,
        "The bytes of the table do not add up to 0.",
        "Readers may reject the table; iasl reads it without an error status.",
        "ACPI 6.5, 5.2.6",
        "Put the right checksum into byte 9.",
        of_brought=wrong_checksum,
    ),
    Rule(
        "GI802",
        "wrong-length",
        ERROR,
        "The length in the header is not that of the table.",
        f"{_READERS} fwts does not notice.",
        "ACPI 6.5, 5.2.6",
        "Put the table's length into bytes 4 to 7.",
        of_brought=wrong_length,
    ),
    Rule(
        "GI803",
        "matrix-cut-off",
        ERROR,
        "SLIT has fewer distances than its number of localities asks for.",
        _READERS,
        "ACPI 6.5, 5.2.17",
        "Give the square of the number of localities.",
        of_brought=matrix_cut_off,
    ),
    Rule(
        "GI804",
        "wrong-entry-length",
        ERROR,
        "An entry of SRAT has not the length of its type.",
        "Linux rejects the table where the entry is a processor's, and panics on x86 if a Generic Initiator came "
        "before.",
        "ACPI 6.5, 5.2.16; Linux 6.1 to 7.3 as booted",
        "Give the entry the length that the specification has.",
        of_brought=wrong_entry_length,
    ),
    Rule(
        "GI805",
        "unknown-type",
        NOTE,
        "An entry of SRAT has a type that is not known here.",
        "Linux skips it.",
        "ACPI 6.5, 5.2.16; Linux 6.1 to 7.3 as booted",
        "Check the type.",
        of_brought=unknown_type,
    ),
    Rule(
        "GI806",
        "disabled-initiator",
        WARNING,
        "A Generic Initiator without the flag Enabled stands ahead of others.",
        "Linux ends its pass over the table there without a word, and later initiators and processors are lost.",
        "Linux 6.1 to 7.3 as booted",
        "Set bit 0 of the flags, or leave the entry out.",
        of_brought=disabled_initiator,
    ),
    Rule(
        "GI807",
        "domain-too-high",
        WARNING,
        "A proximity domain is beyond what Linux takes.",
        "Linux takes domains below 1024 on x86 and below 256 on arm64; a Generic Initiator beyond ends its pass over "
        "the table, and what is behind it is lost; over a processor or memory beyond it rejects the table.",
        "Linux 6.1 to 7.3 as booted",
        "Use lower numbers.",
        of_brought=domain_too_high,
    ),
    Rule(
        "GI808",
        "masked-domain",
        WARNING,
        "A domain above 255 stands in a table of revision 1 or lower.",
        "Linux takes only the low byte of processors' and memory's domains there, but all of an initiator's.",
        "Linux 6.1 to 7.3 as booted",
        "Use revision 3, or domains up to 255.",
        of_brought=masked_domain,
    ),
    Rule(
        "GI809",
        "handle-of-other-kind",
        WARNING,
        "A device handle has a type that the specification does not have.",
        "Nobody can tell which device is meant; Linux itself does not look at it, and NVIDIA's driver takes any handle "
        "for that of a PCI device.",
        f"ACPI 6.5, 5.2.16.6; {NVIDIA_DRIVER}",
        "Use 0 for an ACPI handle and 1 for a PCI one.",
        of_brought=handle_of_other_kind,
    ),
    Rule(
        "GI810",
        "maybe-swapped",
        NOTE,
        "All handles name device 0 of a bus from 8 on, as if bus and device stood in each other's place.",
        "The v2 series and QEMU 9.0.0 to 9.0.3 write them so; iasl and fwts do not notice, since any address is "
        "allowed.",
        "the v2 series as recorded; ACPI 6.5, 5.2.16.6",
        "Compare with the guest's lspci.",
        of_brought=maybe_swapped,
    ),
    Rule(
        "GI811",
        "broken-hmat",
        ERROR,
        "A structure of HMAT has a length that leads nowhere, or HMAT is cut off.",
        _READERS,
        "ACPI 6.5, 5.2.28",
        "Correct the structure's length.",
        of_brought=broken_hmat,
    ),
)
