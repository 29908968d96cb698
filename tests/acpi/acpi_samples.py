"""Tables from outside, and strategies that make tables: for the tests of sandbox.acpi."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from sandbox.acpi.handles import AcpiDeviceHandle, PciDeviceHandle, RawDeviceHandle
from sandbox.acpi.header import TableHeader, checksum
from sandbox.acpi.hmat import (
    Hmat,
    LocalityLatencyBandwidth,
    MemoryProximityDomainAttributes,
    MemorySideCache,
    UnknownHmatStructure,
)
from sandbox.acpi.slit import Slit
from sandbox.acpi.srat import (
    GenericInitiatorAffinity,
    GenericPortAffinity,
    GiccAffinity,
    GicItsAffinity,
    MemoryAffinity,
    ProcessorAffinity,
    RintcAffinity,
    Srat,
    UnknownStructure,
    X2ApicAffinity,
)
from sandbox.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent.parent / "data" / "acpi"


def _load(name: str) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = json.loads((DATA / name).read_text())["tables"]
    return tables


RECORDED = [(entry["from"][0], bytes.fromhex(entry["hex"]), entry.get("error")) for entry in _load("recorded.json")]
"""(name, bytes, offset where decoding stops or None)."""
NAMED = {entry["name"]: bytes.fromhex(entry["hex"]) for entry in _load("qemu-10.0.2.json") + _load("iasl.json")}
"""Tables that a QEMU without firmware or iasl has made, by name."""
WHOLE = [(name, data) for name, data, error in RECORDED if error is None] + list(NAMED.items())
"""(name, bytes) of every table that decodes."""


def recorded(name: str, signature: str = "SRAT") -> bytes:
    """The recorded table of this name."""
    return next(data for found, data, _ in RECORDED if found == name and data[:4] == signature.encode())


def error_of(action: Callable[[bytes], object], data: bytes) -> DecodeError | None:
    """The decode error that an action on bytes raises; None if it raises nothing. Anything else goes through."""
    try:
        action(data)
    except DecodeError as error:
        return error
    return None


def u(bits: int) -> st.SearchStrategy[int]:
    """Unsigned integers of so many bits, the small and the largest ones more often."""
    return st.one_of(st.integers(0, 3), st.integers(0, (1 << bits) - 1), st.just((1 << bits) - 1))


def raw(length: int) -> st.SearchStrategy[bytes]:
    return st.one_of(st.just(bytes(length)), st.binary(min_size=length, max_size=length))


def headers(signature: str) -> st.SearchStrategy[TableHeader]:
    return st.builds(TableHeader, st.just(signature), u(8), raw(6), raw(8), u(32), raw(4), u(32))


handles = st.one_of(
    st.builds(PciDeviceHandle, u(16), u(8), u(8), raw(12)),
    st.builds(AcpiDeviceHandle, raw(8), u(32), u(32)),
    st.builds(RawDeviceHandle, st.integers(2, 255), raw(16)),
)
_LENGTHS = {0: 16, 1: 40, 2: 24, 3: 18, 4: 12, 5: 32, 6: 32, 7: 20}
unknown_entries = st.builds(UnknownStructure, u(8), st.binary(max_size=253)).filter(
    lambda entry: _LENGTHS.get(entry.type) != 2 + len(entry.body)
)
entries = st.one_of(
    st.builds(ProcessorAffinity, u(32), u(8), u(32), u(8), u(32)),
    st.builds(MemoryAffinity, u(32), u(64), u(64), u(32), st.tuples(u(16), u(32), u(64))),
    st.builds(X2ApicAffinity, u(32), u(32), u(32), u(32), st.tuples(u(16), u(32))),
    st.builds(GiccAffinity, u(32), u(32), u(32), u(32)),
    st.builds(GicItsAffinity, u(32), u(32), u(16)),
    st.builds(GenericInitiatorAffinity, u(32), handles, u(32), st.tuples(u(8), u(32))),
    st.builds(GenericPortAffinity, u(32), handles, u(32), st.tuples(u(8), u(32))),
    st.builds(RintcAffinity, u(32), u(32), u(32), u(32), u(16)),
    unknown_entries,
)
srats = st.builds(Srat, headers("SRAT"), st.lists(entries, max_size=6).map(tuple), st.tuples(u(32), u(64)))


@st.composite
def _slits(draw: st.DrawFn) -> Slit:
    count = draw(st.integers(0, 5))
    return Slit(draw(headers("SLIT")), tuple([draw(raw(count)) for _ in range(count)]), draw(st.binary(max_size=3)))


@st.composite
def _localities(draw: st.DrawFn) -> LocalityLatencyBandwidth:
    sources, targets = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    rows = tuple([tuple([draw(u(16)) for _ in range(targets)]) for _ in range(sources)])
    return LocalityLatencyBandwidth(
        draw(u(8)),
        draw(u(8)),
        tuple([draw(u(32)) for _ in range(sources)]),
        tuple([draw(u(32)) for _ in range(targets)]),
        draw(u(64)),
        rows,
        draw(u(8)),
        (draw(u(16)), draw(u(8)), draw(u(32))),
    )


slits = _slits()
structures = st.one_of(
    st.builds(MemoryProximityDomainAttributes, u(16), u(32), u(32), st.tuples(u(16), u(16), u(32), u(64), u(64))),
    _localities(),
    st.builds(
        MemorySideCache, u(32), u(64), u(32), st.lists(u(16), max_size=3).map(tuple), st.tuples(u(16), u(32), u(16))
    ),
    st.builds(UnknownHmatStructure, st.integers(3, 0xFFFF), st.binary(max_size=40), u(16)),
    st.builds(UnknownHmatStructure, st.integers(0, 2), st.binary(max_size=20), u(16)),
)
hmats = st.builds(Hmat, headers("HMAT"), st.lists(structures, max_size=4).map(tuple), u(32))
tables = st.one_of(srats, slits, hmats)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A recorded table with bytes replaced, put in or left out; its length and checksum may be set right again."""
    data = bytearray(draw(st.sampled_from(WHOLE))[1][: draw(st.sampled_from((60, 120, 400, 1000)))])
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        new = draw(st.binary(max_size=3))
        data[place : place + draw(st.integers(0, 3))] = new
    if draw(st.booleans()) and len(data) >= 10:
        data[4:8] = len(data).to_bytes(4, "little")
        data[9] = checksum(bytes(data))
    return bytes(data)


anything = st.one_of(st.binary(max_size=100), damaged())
