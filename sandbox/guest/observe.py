"""Holding a forecast against what a guest saw, item by item.

Both sides are plain mappings, as JSON has them: ``outcome`` (``boots`` or ``panics``), the masks ``possible``,
``online``, ``has_cpu``, ``has_memory`` and ``has_generic_initiator`` as sysfs prints them, and ``nodes``, a list of
``{node, cpus, memory_kib, distances, access}``. What a forecast does not say is not compared, and neither is what no
guest tells, such as ``pxm``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.scenario.checks import Check, Difference, as_json, differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.guest.boot.runner import Boot

PANICS: Final = "panics"
MASKS: Final = ("possible", "online", "has_cpu", "has_memory", "has_normal_memory", "has_generic_initiator")
MEMORY: Final = "memory_kib"

TAKEN_KIB: Final = 112 * 1024
TAKEN_PART: Final = 32
"""What Linux may have taken of a node's memory before it counts: its image and buffers, and a part for its page tables.

How much exactly depends on the build of kernel and firmware. Seen with Debian's 6.1 and 6.12: 38 MiB for the image and
64 MiB for bounce buffers where there is, or could be, memory above 4 GiB, each on one node; and up to 2.3 percent.
"""


def seen(boot: Boot) -> dict[str, Any]:
    """Return what a boot showed, in the shape of a forecast."""
    if boot.view is not None:
        return boot.view.as_json()
    panic = boot.panic
    said = {} if panic is None else {"panic": panic.message, "cause": panic.cause, "said": list(panic.said)}
    return {"outcome": boot.outcome, **said}


def observe(forecast: Mapping[str, Any], guest: Mapping[str, Any]) -> tuple[Check, ...]:
    """Compare a forecast with what a guest saw.

    Args:
        forecast: what was foretold.
        guest: what was seen, from :func:`seen`.

    Returns:
        A check for each item that the forecast has; after a panic on either side for the outcome alone. A difference
        has the forecast as ``expected`` and the guest as ``actual``.
    """
    outcome = _check("outcome", forecast.get("outcome", guest["outcome"]), guest["outcome"])
    if not outcome.passed or guest["outcome"] == PANICS:
        return (outcome,)
    masks = [_check(name, forecast[name], guest.get(name, "")) for name in MASKS if name in forecast]
    nodes = _nodes(forecast["nodes"], guest["nodes"]) if "nodes" in forecast else ()
    return (outcome, *masks, *nodes)


def memory_agrees(foretold_kib: int, seen_kib: int) -> bool:
    """Whether a node has the memory that was foretold, but for what Linux took of it before it counted.

    A node without memory must have none.
    """
    if foretold_kib == 0 or seen_kib == 0:
        return foretold_kib == seen_kib
    return abs(foretold_kib - seen_kib) <= TAKEN_KIB + foretold_kib // TAKEN_PART


def _nodes(foretold: list[Mapping[str, Any]], guest: list[Mapping[str, Any]]) -> Iterator[Check]:
    theirs = {node["node"]: node for node in guest}
    yield _check("nodes", sorted(node["node"] for node in foretold), sorted(theirs))
    for node in foretold:
        number = node["node"]
        if number not in theirs:
            continue
        for item in ("cpus", "distances", "access"):
            if item in node:
                yield _check(f"node {number} {item}", _plain(node[item]), _plain(theirs[number].get(item, [])))
        if MEMORY in node and not memory_agrees(node[MEMORY], theirs[number][MEMORY]):
            yield differs(f"node {number} {MEMORY}", str(node[MEMORY]), str(theirs[number][MEMORY]))
        elif MEMORY in node:
            yield Check(f"node {number} {MEMORY}")


def _check(what: str, foretold: object, guest: object) -> Check:
    if foretold == guest:
        return Check(what)
    return Check(what, (Difference(what, as_json(foretold), as_json(guest)),))


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
