"""Rules about the numbers that Linux gives to nodes, which are those of their first appearance in SRAT."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.lint.model import NOTE, WARNING, Found, Rule
from sandbox.lint.view import MEMORY_TYPE, PROCESSOR_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.lint.setup import Moment, Setup, Use
    from sandbox.lint.view import View

MOST_SHOWN: Final = 4
MOST_NAMED: Final = 128
"""For how many objects ids are looked for: as many as there can be nodes."""


def scrambled(setup: Setup) -> Iterator[Found]:
    """Initiators come in another order than that of their nodes."""
    for moment in setup.moments:
        if moment.view is None or not is_scrambled(moment.view):
            continue
        message = f"{_said(moment.view)}: the initiators come as {_listed(moment.view)}"
        yield Found(message, moment.view.where("SRAT"), remedy=_with_ids(setup, moment))


def scrambled_table(view: View) -> Iterator[Found]:
    """The same in a table that was brought."""
    if is_scrambled(view):
        yield Found(f"{_said(view)}: the initiators come as {_listed(view)}", view.where("SRAT"))


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


def _new_nodes(view: View) -> tuple[int, ...]:
    """Return the domains of initiators that make nodes of their own, in the order of the table."""
    early = {entry.pxm for entry in view.entries() if entry.enabled and entry.type in PROCESSOR_TYPES}
    return tuple(dict.fromkeys(pxm for pxm in view.numbered_initiators() if pxm not in early))


def _said(view: View) -> str:
    nodes = view.guest_nodes()
    moved = [(node, pxm) for node, pxm in enumerate(nodes) if node != pxm]
    said = ", ".join(f"node {node} is domain {pxm}" for node, pxm in moved[:MOST_SHOWN])
    return f"the guest's {said}{', ...' if len(moved) > MOST_SHOWN else ''}"


def _listed(view: View) -> str:
    return " ".join(map(str, _new_nodes(view)))


def _with_ids(setup: Setup, moment: Moment) -> str:
    """Name ids with which the order would be right; "" where there are none."""
    if setup.libvirt_ids:
        return "Reckon with the guest's numbers: libvirt names the objects gi0, gi1 and so on itself"
    uses = sorted((use for use in moment.uses if not use.is_port and setup.nodes(use)), key=lambda it: it.start or 0)
    is_later = moment is not setup.moments[0] or any(use.step is not None for use in uses)
    if is_later or len(uses) > MOST_NAMED:
        return ""
    try:
        names = ids_in_order(setup, uses)
    except InputError:
        return ""
    pairs = ", ".join(f"{name} for node {use.start}" for name, use in zip(names, uses, strict=True))
    return f"Give the objects in this order, with these ids: {pairs} ('qom-sandbox translate' does it)"


def ids_in_order(setup: Setup, uses: Sequence[Use]) -> tuple[str, ...]:
    """Return ids for the command line's initiators, in the order of ``uses``, with which they come in ascending order.

    Raises:
        InputError: there are none.
    """
    from sandbox.translate.ascending import Unnamed, ascending_ids
    from sandbox.translate.insertions import insertions

    if setup.config is None or setup.board is None:
        raise InputError("QEMU does not start with this command line")
    unnamed = [Unnamed(use.id, use.start or 0) for use in uses]
    return ascending_ids(insertions(setup.config, setup.board.tree, unnamed, {use.id for use in uses}))


ORDER: Final = (
    Rule(
        "GI501",
        "order-scrambled",
        WARNING,
        "Initiators come in another order than that of their nodes, so that a guest numbers them otherwise.",
        "QEMU lists them in the order of a hash table of the objects' ids, and Linux numbers nodes as they appear: "
        "what the host calls node 2 may be node 6 of the guest.",
        "QEMU 10.0 behaviour; Linux 6.1 to 7.3 as booted",
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
