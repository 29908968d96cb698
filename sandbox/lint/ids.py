"""Ids with which initiators would come in the order of their nodes, as a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.lint.setup import Moment, Setup, Use
    from sandbox.translate.histories import Event

NAMED_BY_LIBVIRT: Final = (
    "Reckon with the guest's numbers: libvirt names the objects of <acpi nodeset> gi0, gi1 and so on itself; to "
    "choose the ids, give the objects in <qemu:commandline> instead."
)
MOST_NAMED: Final = 128
"""For how many objects ids are looked for: as many as there can be nodes."""


def ids_remedy(setup: Setup, moment: Moment) -> str:
    """Name ids with which the order would be right; "" where there are none; of libvirt's, say how to choose them."""
    uses = sorted((use for use in moment.uses if not use.is_port and setup.nodes(use)), key=lambda it: it.start or 0)
    if setup.is_libvirt and not {use.id for use in uses} <= setup.own_ids:
        return NAMED_BY_LIBVIRT
    is_later = moment is not setup.moments[0] or any(use.step is not None for use in uses)
    if is_later or len(uses) > MOST_NAMED:
        return ""
    try:
        names, is_for_both = ids_in_order(setup, uses)
    except InputError:
        return ""
    pairs = ", ".join(f"{name} for node {use.start}" for name, use in zip(names, uses, strict=True))
    which = "" if is_for_both else f", which are for QEMU {setup.dialect}"
    if setup.is_libvirt:
        return f"Give the objects of <qemu:commandline> in this order, with these ids{which}: {pairs}"
    does = f"'qom-sandbox translate --to {setup.dialect}' does it"
    return f"Give the objects in this order, with these ids{which}: {pairs} ({does})"


def ids_in_order(setup: Setup, uses: Sequence[Use]) -> tuple[tuple[str, ...], bool]:
    """Return ids for the command line's initiators, in the order of ``uses``, with which they come in ascending order.

    Returns:
        The ids, and whether they are also right in the other version of QEMU that may be meant.

    Raises:
        InputError: there are none.
    """
    from sandbox.translate.ascending import Unnamed, ascending_ids
    from sandbox.translate.histories import Put, Read, Take, disorder, ids_over
    from sandbox.translate.insertions import insertions

    if setup.config is None or setup.board is None:
        raise InputError("QEMU does not start with this command line")
    unnamed = [Unnamed(use.id, use.start or 0) for use in uses]
    given = {use.id for use in uses}
    ours = insertions(setup.config, setup.board.tree, unnamed, given)
    names = ascending_ids(ours)
    other = setup.other
    if other is None or other.config is None or other.board is None:
        return names, True
    both: list[list[Event]] = []
    for inserted in (ours, insertions(other.config, other.board.tree, unnamed, given)):
        numbers = iter(range(len(unnamed)))
        whats = [it if isinstance(it, str) else next(numbers) for it in inserted]
        read = Read({number: it.node for number, it in enumerate(unnamed)})
        both.append([*map(Put, whats), read, *map(Take, whats)])
    if not any(disorder(life, names) for life in both):
        return names, True
    taken = {event.what for life in both for event in life if isinstance(event, Put) and isinstance(event.what, str)}
    found = ids_over([event for life in both for event in life], [it.stem for it in unnamed], taken)
    if found is None or any(disorder(life, found) for life in both):
        return names, False
    return found, True
