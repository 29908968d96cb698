"""Machines whose Generic Initiators come in ascending order of their nodes, by the ids of their objects alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.machine.startup import FIRST_OBJECTS, is_late
from sandbox.translate.ascending import Unnamed, ascending_ids
from sandbox.translate.ids import id_with_node, names_in_use
from sandbox.translate.options import TYPENAME, Merged, exchange_objects
from sandbox.translate.to_merged import to_merged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sandbox.machine.config import Given, MachineConfig
    from sandbox.qom.tree import ObjectTree
    from sandbox.scenario.model import Scenario
    from sandbox.translate.correspondence import Translation


def with_ascending_ids(words: Sequence[str], dialect: str | None = None) -> tuple[str, ...]:
    """Return a command line whose Generic Initiators QEMU lists in ascending order of their nodes.

    The objects stand in that order, too, in the places in which there are such objects; their ids are kept where they
    will do, and get a few letters more where not.

    Args:
        words: QEMU's words, in a merged dialect.
        dialect: the dialect's name; None: it follows from the objects.

    Raises:
        InputError: the dialect is v2, QEMU does not start with these words, or no such ids were found.
    """
    machine = merged_machine(words, dialect)
    objects = sorted(merged_in(machine), key=lambda merged: merged.node)
    names = ascending_ids(_insertions(machine, [Unnamed(merged.id, merged.node) for merged in objects]))
    named = (Merged(name, merged.device, merged.node).option() for name, merged in zip(names, objects, strict=True))
    return exchange_objects(words, lambda _: [next(named)], {TYPENAME})


def to_merged_ascending(scenario: Scenario, *, dialect: str = "10.0") -> Translation:
    """Translate a v2 scenario, so that the entries at its start come in ascending order.

    The objects of later steps have ids as they come; what those do to the order is not looked at.

    Raises:
        InputError: as :func:`~sandbox.translate.to_merged.to_merged`, or no such ids were found.
    """
    plain = to_merged(scenario, dialect=dialect)
    if plain.end is not None and not plain.moments:
        return plain
    machine = merged_machine(plain.scenario.command_line, dialect)
    objects = merged_in(machine)
    unnamed = [Unnamed(merged.id, merged.node) for merged in objects]
    names = ascending_ids(_insertions(machine, unnamed), names_in_use(scenario))
    renamed = {merged.id: name for merged, name in zip(objects, names, strict=True)}
    return to_merged(scenario, dialect=dialect, choose_id=_chosen(renamed))


def merged_machine(words: Sequence[str], dialect: str | None) -> Machine:
    """Return the machine of a command line in a merged dialect.

    Raises:
        InputError: the dialect is v2, or QEMU does not start with these words.
    """
    try:
        config = parse_arguments(words, dialect)
        if config.dialect.family != "merged":
            raise InputError(f"the command line is in dialect {config.dialect.name}, not in a merged one")
        return Machine(config)
    except MachineExit as end:
        raise InputError(f"QEMU does not start with this command line: {end.stderr}") from None


def merged_in(machine: Machine) -> tuple[Merged, ...]:
    """Return the Generic Initiators of a command line, in its order."""
    given = (it.values for it in machine.config.objects if _is_initiator(it))
    return tuple(Merged(values["id"], values["pci-dev"], values["node"]) for values in given)


def _is_initiator(given: Given) -> bool:
    return bool(given.values["qom-type"] == TYPENAME)


def _insertions(machine: Machine, unnamed: Sequence[Unnamed]) -> list[str | Unnamed]:
    places = {it.values["id"] for it in machine.config.objects if _is_initiator(it)}
    return insertions(machine.config, machine.tree, unnamed, places)


def insertions(
    config: MachineConfig, tree: ObjectTree, unnamed: Sequence[Unnamed], places: Collection[str]
) -> list[str | Unnamed]:
    """Return what QEMU puts into ``/objects`` as it starts, in its order.

    Early objects come first, contexts of threads ahead of them, then the late ones, then monitors, and last the RAM
    that the machine makes itself.

    Args:
        config: what the command line asks for.
        tree: the tree of its machine.
        unnamed: the objects that are to get an id, in the order in which they shall stand on the command line.
        places: the ids of the objects of the command line in whose places they stand.
    """
    given = config.objects
    early = [it for it in given if not is_late(it.values["qom-type"])]
    early.sort(key=lambda it: it.values["qom-type"] not in FIRST_OBJECTS)
    late = [it.values["id"] for it in given if is_late(it.values["qom-type"])]
    waiting = iter(unnamed)
    monitors = [monitor.name for monitor in config.monitors]
    known = {it.values["id"] for it in given}.union(monitors)
    of_machine = [name for name in tree.objects.instance if name not in known]
    first = [next(waiting) if it.values["id"] in places else it.values["id"] for it in early]
    return [*first, *late, *monitors, *of_machine]


def _chosen(renamed: dict[str, str]) -> Callable[[str, int, Collection[str]], str]:
    def choose(object_id: str, pxm: int, taken: Collection[str]) -> str:
        plain = id_with_node(object_id, pxm, taken)
        return renamed.get(plain, plain)

    return choose
