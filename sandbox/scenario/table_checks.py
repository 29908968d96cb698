"""Whether tables are as a scenario expects them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.acpi.header import ChecksumState, checksum_state
from sandbox.acpi.slit import decode_slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GenericPortAffinity,
    GiccAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    RintcAffinity,
    X2ApicAffinity,
    decode_srat,
)
from sandbox.acpi.srat_memory import HOT_PLUGGABLE, NON_VOLATILE
from sandbox.errors import DecodeError, InputError
from sandbox.records import field_names
from sandbox.scenario.checks import Check, Difference, compare_texts, differs
from sandbox.scenario.model import Affinity, Expectation, Memory, Processor, WholeTable
from sandbox.scenario.tables import TABLE_NAMES, device_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.acpi.srat import SratEntry
    from sandbox.scenario.model import Absent, Affinities
    from sandbox.scenario.tables import Tables

    ReadFile = Callable[[str], bytes]

_ENABLED = 1


def check_tables(expected: Expectation, tables: Tables | None, read_file: ReadFile) -> tuple[Check, ...]:
    """Check each thing that an expectation says.

    Args:
        expected: what must hold.
        tables: what firmware has; None if it has read none yet.
        read_file: gives the bytes of a file, from its path as the scenario has it.

    Raises:
        InputError: a file cannot be read.
    """
    return tuple(_checks(expected, tables, read_file))


def _checks(expected: Expectation, tables: Tables | None, read_file: ReadFile) -> Iterator[Check]:
    if tables is None:
        said = [name for name in field_names(Expectation) if getattr(expected, name) is not None]
        for name in said:
            yield differs(name, "tables", "firmware has read none yet, since the machine has not run")
        return
    yield from _srat_checks(expected, tables.srat)
    if expected.distances is not None:
        yield _check_distances(expected.distances, tables.slit)
    for name in TABLE_NAMES:
        whole = getattr(expected, name)
        if whole is not None:
            yield _check_whole(name, whole, getattr(tables, name), read_file)


def _srat_checks(expected: Expectation, srat: bytes | None) -> Iterator[Check]:
    names = [n for n in ("initiators", "ports", "nodes", "processors", "memory") if getattr(expected, n) is not None]
    if not names:
        return
    try:
        entries = decode_srat(srat).entries if srat is not None else ()
    except DecodeError as error:
        for name in names:
            yield differs(name, "a SRAT that can be read", str(error))
        return
    if expected.initiators is not None:
        yield _check_affinities("initiators", expected.initiators, affinities(entries, GenericInitiatorAffinity))
    if expected.ports is not None:
        yield _check_affinities("ports", expected.ports, affinities(entries, GenericPortAffinity))
    if expected.nodes is not None:
        yield _check_nodes(expected.nodes, nodes(entries))
    if expected.processors is not None:
        yield Check("processors", compare_texts(_texts(expected.processors), _texts(processors(entries)), "processors"))
    if expected.memory is not None:
        yield Check("memory", compare_texts(_texts(expected.memory), _texts(memory(entries)), "memory"))


def _texts(things: Sequence[object]) -> list[str]:
    return [str(thing) for thing in things]


def affinities(
    entries: tuple[SratEntry, ...], kind: type[GenericInitiatorAffinity | GenericPortAffinity]
) -> tuple[Affinity, ...]:
    """Return the devices of one kind of structure in the order of the table."""
    return tuple([Affinity(entry.pxm, device_text(entry.handle)) for entry in entries if isinstance(entry, kind)])


def nodes(entries: tuple[SratEntry, ...]) -> tuple[int, ...]:
    """Return the proximity domains of enabled processors, memory and initiators in ascending order."""
    kinds = (
        ProcessorAffinity, X2ApicAffinity, GiccAffinity, RintcAffinity, MemoryAffinity, GenericInitiatorAffinity,
    )  # fmt: skip
    return tuple(sorted({entry.pxm for entry in entries if isinstance(entry, kinds) and entry.flags & _ENABLED}))


def processors(entries: tuple[SratEntry, ...]) -> tuple[Processor, ...]:
    """Return the enabled processors in the order of the table."""
    found = []
    for entry in entries:
        if isinstance(entry, ProcessorAffinity) and entry.flags & _ENABLED:
            found.append(Processor(entry.pxm, entry.apic_id))
        elif isinstance(entry, X2ApicAffinity) and entry.flags & _ENABLED:
            found.append(Processor(entry.pxm, entry.x2apic_id))
        elif isinstance(entry, GiccAffinity | RintcAffinity) and entry.flags & _ENABLED:
            found.append(Processor(entry.pxm, entry.acpi_processor_uid))
    return tuple(found)


def memory(entries: tuple[SratEntry, ...]) -> tuple[Memory, ...]:
    """Return the enabled ranges of memory in the order of the table."""
    return tuple(
        Memory(entry.pxm, entry.base, entry.length, bool(entry.flags & HOT_PLUGGABLE), bool(entry.flags & NON_VOLATILE))
        for entry in entries
        if isinstance(entry, MemoryAffinity) and entry.flags & _ENABLED
    )


def _check_affinities(what: str, expected: Affinities, actual: tuple[Affinity, ...]) -> Check:
    wanted, found = list(expected.entries), list(actual)
    if not expected.in_any_order:
        return Check(what, compare_texts(_texts(wanted), _texts(found), what))
    for entry in tuple(wanted):
        if entry in found:
            wanted.remove(entry)
            found.remove(entry)
    missing = [Difference(what, str(entry), "not there") for entry in wanted]
    return Check(what, (*missing, *(Difference(what, "not there", str(entry)) for entry in found)))


def _check_nodes(expected: int | tuple[int, ...], actual: tuple[int, ...]) -> Check:
    found = ", ".join(map(str, actual)) or "none"
    if isinstance(expected, int):
        return Check("nodes") if len(actual) == expected else differs("nodes", str(expected), f"{len(actual)}: {found}")
    wanted = ", ".join(map(str, expected)) or "none"
    return Check("nodes") if actual == expected else differs("nodes", wanted, found)


def _check_distances(expected: tuple[tuple[int, ...], ...] | Absent, slit: bytes | None) -> Check:
    if slit is None:
        return Check("distances") if expected == "absent" else differs("distances", f"{len(expected)} rows", "no SLIT")
    try:
        rows = [" ".join(map(str, row)) for row in decode_slit(slit).distances]
    except DecodeError as error:
        return differs("distances", "a SLIT that can be read", str(error))
    if isinstance(expected, str):
        return differs("distances", "no SLIT", f"{len(rows)} rows")
    return Check("distances", compare_texts([" ".join(map(str, row)) for row in expected], rows, "distances"))


def _check_whole(name: str, expected: WholeTable | Absent, data: bytes | None, read_file: ReadFile) -> Check:
    if isinstance(expected, str):
        return Check(name) if data is None else differs(name, "no table", f"{len(data)} bytes")
    if data is None:
        return differs(name, "a table", "no table")
    differences: list[Difference] = []
    if expected.length is not None and len(data) != expected.length:
        differences.append(Difference(f"{name}.length", str(expected.length), str(len(data))))
    if expected.sha256 is not None:
        from hashlib import sha256

        digest = sha256(data).hexdigest()
        if digest != expected.sha256:
            differences.append(Difference(f"{name}.sha256", expected.sha256, digest))
    if expected.file is not None:
        try:
            wanted = read_file(expected.file)
        except OSError as error:
            what = f"{expected.file} cannot be read: {error.strerror or error}"
            raise InputError(what, expected.place) from error
        differences += _byte_differences(f"{name}.file", wanted, data)
    return Check(name, tuple(differences))


def _byte_differences(path: str, expected: bytes, actual: bytes) -> list[Difference]:
    """Compare a table with a file; a file with the checksum 0 of fw_cfg has none to compare."""
    if checksum_state(expected) is ChecksumState.ZERO and len(actual) > 9:
        actual = actual[:9] + b"\0" + actual[10:]
    if expected == actual:
        return []
    shorter = min(len(expected), len(actual))
    first = next((index for index in range(shorter) if expected[index] != actual[index]), shorter)
    return [Difference(f"{path} from byte {first:#x}", _excerpt(expected, first), _excerpt(actual, first))]


def _excerpt(data: bytes, start: int) -> str:
    return f"{data[start : start + 8].hex(' ') or 'the end'} ({len(data)} bytes)"
