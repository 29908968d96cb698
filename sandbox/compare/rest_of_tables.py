"""What must be the same in v2's tables and in the merged ones, whatever becomes of the Generic Initiators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.acpi.difference import Kind, diff_tables
from sandbox.acpi.header import ChecksumState, checksum_state
from sandbox.acpi.hmat import LocalityLatencyBandwidth, decode_hmat, encode_hmat
from sandbox.acpi.srat import GenericInitiatorAffinity, Srat, decode_srat, encode_srat
from sandbox.errors import DecodeError
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.acpi.difference import Difference, Side
    from sandbox.acpi.hmat import Hmat

MOST_DIFFERENCES: Final = 20
"""How many differences of one table are told one by one."""


def compare_rest_of_srat(v2: bytes | None, merged: bytes | None) -> tuple[str, ...]:
    """Compare two SRATs that decode, but for their Generic Initiators; return how they differ, a sentence each."""
    if v2 is None or merged is None:
        return tuple(_only_one("SRAT", v2, merged))
    ours, theirs = decode_srat(v2), decode_srat(merged)
    found = [
        *_checksums("SRAT", v2, merged),
        *_differences("SRAT", _without_initiators(ours), _without_initiators(theirs)),
    ]
    before, after = _place(ours), _place(theirs)
    if not found and before is not None and after is not None and before != after:
        found.append(
            f"SRAT: the Generic Initiators stand behind the first {before} other entries in v2's table, "
            f"in the merged one behind {after}"
        )
    found += [
        f"SRAT: other entries stand between the Generic Initiators of {whose} table"
        for whose, table in (("v2's", ours), ("the merged", theirs))
        if _is_mixed(table)
    ]
    return tuple(found)


def compare_slit(v2: bytes | None, merged: bytes | None) -> tuple[str, ...]:
    """Compare two SLITs, which must be the same bytes; return how they differ, a sentence each."""
    if v2 is None or merged is None:
        return tuple(_only_one("SLIT", v2, merged))
    return tuple(_differences("SLIT", v2, merged))


def compare_hmat(
    v2: bytes | None, merged: bytes | None, marked: Collection[int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Compare two HMATs.

    A merged object makes its node an initiator, for which HMAT then has a row of its own; v2's objects do not. Such
    rows without data are the one difference that may be.

    Args:
        v2: v2's table, or None.
        merged: the merged one, or None.
        marked: the nodes of merged objects.

    Returns:
        How they differ, and what differs because it must; a sentence each.
    """
    if v2 is None or merged is None:
        return tuple(_only_one("HMAT", v2, merged)), ()
    if v2 == merged:
        return (), ()
    try:
        reduced, rows = _without_marked(decode_hmat(v2), decode_hmat(merged), marked)
    except DecodeError as error:
        return (f"HMAT does not decode: {error}",), ()
    differences = (*_checksums("HMAT", v2, merged), *_differences("HMAT", v2, encode_hmat(reduced)))
    nodes = ", ".join(map(str, sorted(rows)))
    note = f"HMAT: a merged object makes its node an initiator, v2's does not; rows without data for node {nodes}"
    return differences, (note,) if rows else ()


def _without_marked(v2: Hmat, merged: Hmat, marked: Collection[int]) -> tuple[Hmat, set[int]]:
    """Return the merged table without the empty rows of initiators that v2 does not have, and whose rows those were."""
    known = {pxm for found in v2.structures if isinstance(found, LocalityLatencyBandwidth) for pxm in found.initiators}
    gone: set[int] = set()
    structures = []
    for found in merged.structures:
        if isinstance(found, LocalityLatencyBandwidth):
            rows = [
                (pxm, row)
                for pxm, row in zip(found.initiators, found.entries, strict=True)
                if pxm in known or pxm not in marked or any(row)
            ]
            kept = tuple(pxm for pxm, _ in rows)
            gone.update(set(found.initiators) - set(kept))
            found = replace(found, initiators=kept, entries=tuple(row for _, row in rows))
        structures.append(found)
    return replace(merged, structures=tuple(structures)), gone


def _without_initiators(srat: Srat) -> bytes:
    others = tuple(entry for entry in srat.entries if not isinstance(entry, GenericInitiatorAffinity))
    return encode_srat(replace(srat, entries=others))


def _place(srat: Srat) -> int | None:
    """Return how many entries stand ahead of the first Generic Initiator; None where there is none."""
    kinds = [isinstance(entry, GenericInitiatorAffinity) for entry in srat.entries]
    return kinds.index(True) if True in kinds else None


def _is_mixed(srat: Srat) -> bool:
    kinds = [isinstance(entry, GenericInitiatorAffinity) for entry in srat.entries]
    first = _place(srat) or 0
    return sum(kinds) != sum(kinds[first : first + sum(kinds)])


def _only_one(name: str, v2: bytes | None, merged: bytes | None) -> Iterator[str]:
    if v2 is not None:
        yield f"{name}: v2's machine has one, the merged one has not"
    if merged is not None:
        yield f"{name}: the merged machine has one, v2's has not"


def _checksums(name: str, v2: bytes, merged: bytes) -> Iterator[str]:
    for whose, data in (("v2's", v2), ("the merged", merged)):
        if checksum_state(data) is not ChecksumState.VALID:
            yield f"{name}: {whose} table has a wrong checksum"


def _differences(name: str, v2: bytes, merged: bytes) -> list[str]:
    found = [it for it in diff_tables(v2, merged) if not it.consequent]
    told = [f"{name}: {_sentence(it)}" for it in found[:MOST_DIFFERENCES]]
    if len(found) > MOST_DIFFERENCES:
        told.append(f"{name}: {len(found) - MOST_DIFFERENCES} further differences")
    return told


def _sentence(found: Difference) -> str:
    if found.kind is Kind.CHANGED and found.a and found.b:
        return f"{found.a.path} is {_value(found.a)} in v2's table, {_value(found.b)} in the merged one"
    if found.kind is Kind.MOVED and found.a and found.b:
        return f"{found.a.path} ({found.a.meaning}) stands elsewhere in the merged table, as {found.b.path}"
    if found.a:
        return f"{found.a.path} ({found.a.meaning}) is missing from the merged table"
    return f"{found.b.path} ({found.b.meaning}) is in the merged table only" if found.b else found.name


def _value(side: Side) -> str:
    return side.value.hex() if isinstance(side.value, bytes) else str(side.value)
