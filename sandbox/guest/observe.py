"""Holding a forecast against what a guest saw, item by item.

Both sides are plain mappings, as JSON has them: ``outcome`` (``boots`` or ``panics``), the masks ``possible``,
``online``, ``has_cpu``, ``has_memory`` and ``has_generic_initiator`` as sysfs prints them, ``nodes``, a list of
``{node, cpus, memory_kib, distances}``, ``access``, ``pci`` and ``kernel_lines``. What a forecast does not say is not
compared, and neither is what no guest tells, such as ``pxm``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.scenario.checks import NOTHING_THERE, Check, Difference, as_json, differs
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.guest.boot.runner import Boot
    from sandbox.scenario.tables import Tables

PANICS: Final = "panics"
MASKS: Final = ("possible", "online", "has_cpu", "has_memory", "has_normal_memory", "has_generic_initiator")
MEMORY: Final = "memory_kib"
BOUNDS: Final = "meminfo_kib"
LINES: Final = "kernel_lines"

TAKEN_KIB: Final = 112 * 1024
TAKEN_PART: Final = 32
"""What Linux may have taken of a node's memory before it counts: its image and buffers, and a part for its page tables.

How much exactly depends on the build of kernel and firmware. Seen with Debian's 6.1 and 6.12: 38 MiB for the image and
64 MiB for bounce buffers where there is, or could be, memory above 4 GiB, each on one node; and up to 2.3 percent.
"""


AMOUNT: Final = re.compile(r"0x([0-9a-f]+)|\b([0-9]+)(?=MB)")
"""An address, or an amount of memory."""

FIRMWARE_BYTES: Final = 4 << 20
"""What firmware and the kernel may have kept of RAM, more or less than is foretold.

Seen with SeaBIOS: 128 KiB, and 132 KiB with the devices that q35 has by itself. An arm64 kernel cuts RAM where it keeps
tables from an initrd, 2 MiB below its end; the page at the cut is lost.
"""


def seen(boot: Boot) -> dict[str, Any]:
    """Return what a boot showed, in the shape of a forecast."""
    from sandbox.guest.boot.parse import kernel_lines

    said = {LINES: list(dict.fromkeys(kernel_lines(boot.console)))}
    if boot.view is not None:
        return boot.view.as_json() | said
    panic = {} if boot.panic is None else {"panic": boot.panic.message, "cause": boot.panic.cause}
    return {"outcome": boot.outcome, **panic, **said}


def observe(forecast: Mapping[str, Any], guest: Mapping[str, Any]) -> tuple[Check, ...]:
    """Compare a forecast with what a guest saw.

    Args:
        forecast: what was foretold.
        guest: what was seen, from :func:`seen`.

    Returns:
        A check for each item that the forecast has; after a panic on either side for the outcome and the kernel's
        lines alone. A difference has the forecast as ``expected`` and the guest as ``actual``.
    """
    outcome = _check("outcome", forecast.get("outcome", guest["outcome"]), guest["outcome"])
    if not outcome.passed:
        return (outcome,)
    lines = _lines(forecast.get(LINES, ()), guest.get(LINES, ()))
    if guest["outcome"] == PANICS:
        return (outcome, *lines)
    masks = [_check(name, forecast[name], guest.get(name, "")) for name in MASKS if name in forecast]
    nodes = _nodes(forecast["nodes"], guest["nodes"]) if "nodes" in forecast else ()
    access = (_check("access", forecast["access"], guest["access"]),) if "access" in forecast else ()
    pci = (_check_device(address, device, guest["pci"]) for address, device in forecast.get("pci", {}).items())
    return (outcome, *masks, *nodes, *access, *pci, *lines)


def observe_tables(tables: Tables, boot: Boot) -> tuple[Check, ...]:
    """Compare the tables that a guest was to have with those that it had; none after a panic.

    Those that it was given differ in their OEM revision, and with it the checksum.
    """
    from sandbox.guest.boot.upgrade import as_asked_for

    if boot.view is None:
        return ()
    checks = []
    for name in TABLE_NAMES:
        asked, found = getattr(tables, name), boot.view.tables.get(name.upper())
        is_same = as_asked_for(found, asked) if boot.given and asked and found else found == asked
        checks.append(Check(name) if is_same else differs(name, _table_text(asked), _table_text(found)))
    return tuple(checks)


def observe_unforeseen(forecast: Mapping[str, Any], guest: Mapping[str, Any]) -> Iterator[Check]:
    """Give a failed check for each PCI device of a guest's that a whole forecast, of one that boots, does not have."""
    if forecast["outcome"] == PANICS:
        return
    for address, device in guest.get("pci", {}).items():
        if address not in forecast["pci"]:
            yield differs(f"pci {address} numa_node", NOTHING_THERE, as_json(device["numa_node"]))


def _table_text(table: bytes | None) -> str:
    return NOTHING_THERE if table is None else f"{len(table)} bytes {table.hex()}"


def memory_agrees(foretold_kib: int, seen_kib: int) -> bool:
    """Whether a node has the memory that was foretold, but for what Linux took of it before it counted.

    A node without memory must have none.
    """
    if foretold_kib == 0 or seen_kib == 0:
        return foretold_kib == seen_kib
    return 0 <= foretold_kib - seen_kib <= TAKEN_KIB + foretold_kib // TAKEN_PART


def _nodes(foretold: Sequence[Mapping[str, Any]], guest: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    theirs = {node["node"]: node for node in guest}
    yield _check("nodes", sorted(node["node"] for node in foretold), sorted(theirs))
    for node in foretold:
        number = node["node"]
        if number not in theirs:
            continue
        for item in ("cpus", "distances"):
            if item in node:
                yield _check(f"node {number} {item}", node[item], theirs[number][item])
        if MEMORY in node:
            yield _check_memory(f"node {number} {MEMORY}", node, theirs[number][MEMORY])


def _check_memory(what: str, foretold: Mapping[str, Any], found: int) -> Check:
    """Check a node's memory: within the bounds that the forecast gives, or else within ours."""
    if BOUNDS not in foretold:
        return (
            Check(what) if memory_agrees(foretold[MEMORY], found) else differs(what, str(foretold[MEMORY]), str(found))
        )
    least, most = foretold[BOUNDS]
    return Check(what) if least <= found <= most else differs(what, f"{least} to {most}", str(found))


def _check_device(address: str, foretold: Mapping[str, Any], guest: Mapping[str, Any]) -> Check:
    what = f"pci {address} numa_node"
    if address not in guest:
        return differs(what, as_json(foretold["numa_node"]), NOTHING_THERE)
    return _check(what, foretold["numa_node"], guest[address]["numa_node"])


def _lines(foretold: Sequence[str], guest: Sequence[str]) -> Iterator[Check]:
    """Check that the kernel wrote the lines that were foretold; it may write them in more words."""
    if foretold:
        missing = [line for line in foretold if not any(is_said(line, found) for found in guest)]
        yield Check(LINES, tuple(Difference(LINES, line, NOTHING_THERE) for line in missing))


def is_said(foretold: str, found: str) -> bool:
    """Whether a line of the kernel's is what was foretold, perhaps in more words, and at nearly the same addresses."""
    if foretold in found:
        return True
    amounts = [*AMOUNT.finditer(foretold)]
    pattern, end = "", 0
    for amount in amounts:
        pattern += re.escape(foretold[end : amount.start()]) + ("0x([0-9a-f]+)" if amount[1] else "([0-9]+)")
        end = amount.end()
    match = re.search(pattern + re.escape(foretold[end:]), found)
    return match is not None and all(
        abs(int(number, 16) - int(amount[1], 16)) <= FIRMWARE_BYTES
        if amount[1]
        else abs(int(number) - int(amount[2])) <= 1
        for number, amount in zip(match.groups(), amounts, strict=True)
    )


def _check(what: str, foretold: object, guest: object) -> Check:
    if _text(foretold) == _text(guest):
        return Check(what)
    return Check(what, (Difference(what, as_json(foretold), as_json(guest)),))


def _text(value: object) -> str:
    """Return a JSON value such that equal ones are equal, whatever the order of members and the kind of sequence."""
    import json

    return json.dumps(value, sort_keys=True)
