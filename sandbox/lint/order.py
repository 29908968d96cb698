"""Rules about the numbers that Linux gives to nodes, which are those of their first appearance in SRAT."""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Final

from sandbox.lint.devices import NVIDIA_DRIVER
from sandbox.lint.ids import ids_remedy
from sandbox.lint.model import NOTE, WARNING, Found, Rule
from sandbox.lint.view import MEMORY_TYPE, PROCESSOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.lint.setup import Moment, Setup
    from sandbox.lint.view import View

MOST_SHOWN: Final = 4


def scrambled(setup: Setup) -> Iterator[Found]:
    """Initiators come in another order than that of their nodes."""
    for moment in setup.moments:
        if moment.view is None:
            continue
        other = _in_other(setup, moment)
        if is_scrambled(moment.view) or (other is not None and is_scrambled(other)):
            message = _scrambled(moment.view) if other is None else _in_both(setup, moment.view, other)
            devices = {use.id: use.found.path for use in moment.uses if use.found is not None}
            severity = _severity([moment.view] if other is None else [moment.view, other], devices)
            yield Found(message, moment.view.where("SRAT"), remedy=ids_remedy(setup, moment), severity=severity)


def scrambled_table(view: View) -> Iterator[Found]:
    """The same in a table that was brought."""
    if is_scrambled(view):
        yield Found(_scrambled(view), view.where("SRAT"), severity=_severity([view], {}))


def behind_memory(view: View) -> Iterator[Found]:
    """Memory-only nodes get higher numbers than initiators with higher domains."""
    initiators = view.numbered_initiators()
    early = {entry.pxm for entry in view.entries() if entry.enabled and entry.type in PROCESSOR_TYPES}
    memory = {entry.pxm for entry in view.entries() if entry.enabled and entry.type == MEMORY_TYPE}
    moved = sorted(pxm for pxm in memory - early - set(initiators) if pxm < max(initiators, default=0))
    if moved:
        nodes = view.guest_nodes()
        said = ", ".join(f"domain {pxm} becomes node {nodes.index(pxm)}" for pxm in moved[:MOST_SHOWN])
        yield Found(f"memory without CPUs is numbered behind the initiators: {said}", view.where("SRAT"))


def shifted(view: View) -> Iterator[Found]:
    """Domains that SRAT does not name make the numbers behind them move up."""
    nodes = view.guest_nodes()
    initiators = view.numbered_initiators()
    known = sorted(set(nodes))
    first = next((place for place, pxm in enumerate(known) if place != pxm), None)
    moved = [pxm for pxm in sorted(set(initiators)) if first is not None and pxm > first]
    if first is not None and moved:
        last = min(pxm for pxm in known if pxm > first) - 1
        gap = f"domain {first}" if first == last else f"domains {first} to {last}"
        message = f"SRAT leaves out {gap}, so that domain {moved[0]} becomes node {nodes.index(moved[0])}"
        yield Found(message, view.where("SRAT"))


def is_scrambled(view: View) -> bool:
    """Whether initiators come in another order than that of their nodes."""
    return any(one > other for one, other in pairwise(_new_nodes(view)))


def is_harmless(view: View, names: Mapping[str, str]) -> bool:
    """Whether a guest cannot tell the order from that of the nodes.

    Each of its numbers stands then for the same device as in ascending order, and has the same distances.

    Args:
        view: the tables.
        names: the device of each object by its id; where that is not known, handles tell devices apart.
    """
    if view.hmat is not None:
        return False
    actual, new = view.guest_nodes(), set(_new_nodes(view))
    ascending = iter(sorted(new))
    wanted = tuple(next(ascending) if pxm in new else pxm for pxm in actual)
    exchanged = tuple(zip(actual, wanted, strict=True))
    devices: dict[int, set[object]] = {}
    for entry, name in zip_longest(view.initiators(), view.origin_ids):
        if entry is not None:
            handle = getattr(entry.value, "handle", None)
            devices.setdefault(entry.pxm, set()).add(names.get(name or "", handle))
    if any(devices.get(one) != devices.get(other) for one, other in exchanged):
        return False
    rows = view.rows()
    if rows is None:
        return True
    if max(actual, default=0) >= len(rows):
        return False
    return all(rows[one][far] == rows[its][its_far] for one, its in exchanged for far, its_far in exchanged)


def _severity(views: Iterable[View], names: Mapping[str, str]) -> str:
    return NOTE if all(is_harmless(view, names) for view in views) else WARNING


def _new_nodes(view: View) -> tuple[int, ...]:
    """Return the domains of initiators that make nodes of their own, in the order of the table."""
    early = {entry.pxm for entry in view.entries() if entry.enabled and entry.type in PROCESSOR_TYPES}
    return tuple(dict.fromkeys(pxm for pxm in view.numbered_initiators() if pxm not in early))


def _in_other(setup: Setup, moment: Moment) -> View | None:
    """Return what firmware reads then in the other version of QEMU, if the order is another one there."""
    moments = setup.other.moments if setup.other is not None else ()
    found = next((it.view for it in moments if it.title == moment.title), None)
    is_same = found is None or moment.view is None or _new_nodes(found) == _new_nodes(moment.view)
    return None if is_same else found


def _in_both(setup: Setup, view: View, other: View) -> str:
    """Say what the order is in either version; in one of them, at least, it is scrambled."""
    said = [(setup.dialect, view), (setup.other.dialect if setup.other else "", other)]
    (name, first), (last, second) = sorted(said, key=lambda it: not is_scrambled(it[1]))
    order = f"they come as {_listed(second)}" if is_scrambled(second) else "they come in ascending order"
    return f"in QEMU {name} {_scrambled(first)}; in QEMU {last} {order}"


def _scrambled(view: View) -> str:
    return f"{_said(view)}: the initiators come as {_listed(view)}"


def _said(view: View) -> str:
    nodes = view.guest_nodes()
    moved = [(node, pxm) for node, pxm in enumerate(nodes) if node != pxm]
    said = ", ".join(f"node {node} is domain {pxm}" for node, pxm in moved[:MOST_SHOWN])
    return f"the guest's {said}{', ...' if len(moved) > MOST_SHOWN else ''}"


def _listed(view: View) -> str:
    return " ".join(map(str, _new_nodes(view)))


ORDER: Final = (
    Rule(
        "GI501",
        "order-scrambled",
        WARNING,
        "Initiators come in another order than that of their nodes, so that a guest numbers them otherwise.",
        "QEMU lists them in the order of a hash table of the objects' ids, and Linux numbers nodes as they appear: "
        "what the host calls node 2 may be node 6 of the guest. Where those that change places are one device's, with "
        "equal distances, this is only a note: NVIDIA's driver takes a GPU's nodes as a set.",
        f"QEMU 10.0 behaviour; Linux 6.1 to 7.3 as booted; {NVIDIA_DRIVER}",
        "Choose ids with which the order is right; 'qom-sandbox translate' does it.",
        of_setup=scrambled,
        of_brought=scrambled_table,
    ),
    Rule(
        "GI502",
        "behind-memory",
        NOTE,
        "A node with memory and without CPUs has a lower domain than an initiator.",
        "Linux numbers processors and initiators first and memory after that, so that such a node gets a number behind "
        "all initiators.",
        "Linux 6.1 to 7.3 as booted",
        "Give nodes that have only memory the numbers behind those of the initiators.",
        of_view=behind_memory,
    ),
    Rule(
        "GI503",
        "numbers-shifted",
        NOTE,
        "SRAT leaves out domains below an initiator's, so that the guest's node numbers move up.",
        "Linux numbers nodes without gaps, as they appear.",
        "Linux 6.1 to 7.3 as booted",
        "Let the initiators' nodes follow the others without a gap.",
        of_view=shifted,
    ),
)
