"""What a set of tables holds, in short: the common ground of the text and the JSON reports."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity, GenericPortAffinity, decode_srat
from sandbox.errors import DecodeError
from sandbox.records import record
from sandbox.scenario.tables import TABLE_NAMES, device_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables


SRAT_KINDS: Final = (
    "Local APIC",
    "Memory",
    "x2APIC",
    "GICC",
    "GIC ITS",
    "Generic Initiator",
    "Generic Port",
    "RINTC",
)
"""What the structures of SRAT are called in short, by their type."""

LOCALITY: Final = "System Locality"
"""What SLIT has rows of."""


@record
class DeviceRow:
    """A Generic Initiator or Generic Port structure.

    Attributes:
        pxm: the proximity domain.
        device: the handle as the specification reads it.
        swapped: a PCI handle with the bytes of bus and devfn exchanged; "" where that is the same, or another handle.
        enabled: the flag.
        origin: where it comes from; None if that is not known.
    """

    pxm: int
    device: str
    swapped: str
    enabled: bool
    origin: Origin | None = None


@record
class TableSummary:
    """One table.

    Attributes:
        name: ``srat``, ``slit`` or ``hmat``.
        length: bytes; None if there is no such table.
        structures: how many there are of each kind behind the header, in the order of their first appearance.
        problem: why it does not decode; "" if it does.
    """

    name: str
    length: int | None
    structures: tuple[tuple[str, int], ...] = ()
    problem: str = ""


@record
class TablesSummary:
    """A set of tables.

    Attributes:
        tables: SRAT, SLIT and HMAT, also those that are not there.
        initiators: the Generic Initiator structures in the order of SRAT.
        ports: the Generic Port structures in the order of SRAT.
        distances: the rows of SLIT.
    """

    tables: tuple[TableSummary, ...]
    initiators: tuple[DeviceRow, ...]
    ports: tuple[DeviceRow, ...]
    distances: tuple[tuple[int, ...], ...]


def summarise(tables: Tables, origins: Sequence[Origin] = ()) -> TablesSummary:
    """Sum up a set of tables.

    Args:
        tables: what firmware reads.
        origins: of all initiators and then all ports; passed over unless there is one for each.
    """
    initiators, ports = _devices(tables.srat, GenericInitiatorAffinity), _devices(tables.srat, GenericPortAffinity)
    known = list(origins) if len(origins) == len(initiators) + len(ports) else [None] * (len(initiators) + len(ports))
    return TablesSummary(
        tuple([summarise_table(name, getattr(tables, name)) for name in TABLE_NAMES]),
        tuple(map(_row, initiators, known)),
        tuple(map(_row, ports, known[len(initiators) :])),
        _distances(tables.slit),
    )


def summarise_table(name: str, data: bytes | None) -> TableSummary:
    """Sum up one table."""
    if data is None:
        return TableSummary(name, None)
    try:
        return TableSummary(name, len(data), tuple(Counter(_kinds(name, data)).items()))
    except DecodeError as error:
        return TableSummary(name, len(data), problem=str(error))


def _kinds(name: str, data: bytes) -> list[str]:
    """Return what each structure of a table is called."""
    if name == "srat":
        types = [entry.type for entry in decode_srat(data).entries]
        return [SRAT_KINDS[kind] if kind < len(SRAT_KINDS) else f"type {kind}" for kind in types]
    if name == "slit":
        return [LOCALITY] * len(_decoded_rows(data))
    from sandbox.acpi.fields import describe
    from sandbox.acpi.hmat import decode_hmat

    decode_hmat(data)
    return [structure.name for structure in describe(data).structures[1:]]


def _devices(
    srat: bytes | None, kind: type[GenericInitiatorAffinity | GenericPortAffinity]
) -> list[GenericInitiatorAffinity | GenericPortAffinity]:
    try:
        entries = decode_srat(srat).entries if srat is not None else ()
    except DecodeError:
        return []
    return [entry for entry in entries if isinstance(entry, kind)]


def _row(entry: GenericInitiatorAffinity | GenericPortAffinity, origin: Origin | None) -> DeviceRow:
    handle = entry.handle
    swapped = handle.swapped() if isinstance(handle, PciDeviceHandle) else handle
    differs = swapped != handle
    return DeviceRow(
        entry.pxm, device_text(handle), device_text(swapped) if differs else "", bool(entry.flags & 1), origin
    )


def _distances(slit: bytes | None) -> tuple[tuple[int, ...], ...]:
    try:
        return _decoded_rows(slit) if slit is not None else ()
    except DecodeError:
        return ()


def _decoded_rows(slit: bytes) -> tuple[tuple[int, ...], ...]:
    from sandbox.acpi.slit import decode_slit

    return tuple(tuple(row) for row in decode_slit(slit).distances)
