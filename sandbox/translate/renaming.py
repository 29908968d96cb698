"""Scenarios whose Generic Initiators come in ascending order of their nodes, by the ids of their objects alone."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.records import replace
from sandbox.translate.ids import id_with_node, names_in_use
from sandbox.translate.lives import ascending_naming
from sandbox.translate.options import TYPENAME, Merged, exchange_objects
from sandbox.translate.references import with_new_names
from sandbox.translate.to_merged import to_merged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sandbox.machine.config import Given
    from sandbox.scenario.model import Scenario
    from sandbox.translate.correspondence import Translation


def in_ascending_order(scenario: Scenario, taken: Collection[str] = ()) -> tuple[Scenario, bool]:
    """Return a scenario whose Generic Initiators QEMU lists in ascending order of their nodes.

    The objects of the command line stand in that order, too, in the places in which there are such objects; ids are
    kept where they will do, and get a few letters more where not, in the steps as well.

    Args:
        scenario: in a merged dialect.
        taken: ids that none of them may get.

    Returns:
        The scenario, and whether the order holds whenever firmware reads the tables; if not, it does at the start.

    Raises:
        InputError: the dialect is v2, QEMU does not start with the command line, or no such ids were found.
    """
    words = in_node_order(scenario.command_line, scenario.dialect)
    naming = ascending_naming(replace(scenario, command_line=words), taken)
    named = with_names(words, naming.names, scenario.dialect)
    steps = tuple(with_new_names(step, naming.names) for step in scenario.steps)
    return replace(scenario, command_line=named, steps=steps), naming.is_ascending


def in_node_order(words: Sequence[str], dialect: str | None) -> tuple[str, ...]:
    """Return a command line with its Generic Initiators in ascending order of their nodes, each as it is.

    Raises:
        InputError: the dialect is v2, or QEMU does not start with these words.
    """
    objects = merged_in(merged_machine(words, dialect))
    if all(one.node <= other.node for one, other in pairwise(objects)):
        return tuple(words)
    ordered = iter(sorted(objects, key=lambda merged: merged.node))
    return exchange_objects(words, lambda _: [next(ordered).option()], {TYPENAME})


def with_names(words: Sequence[str], names: Mapping[str, str], dialect: str | None) -> tuple[str, ...]:
    """Return a command line whose Generic Initiators have other ids; words are kept where all keep theirs.

    Raises:
        InputError: the dialect is v2, or QEMU does not start with these words.
    """
    objects = {it.id: it for it in merged_in(merged_machine(words, dialect))}
    if all(names.get(name, name) == name for name in objects):
        return tuple(words)
    return exchange_objects(words, lambda name: [replace(objects[name], id=names.get(name, name)).option()], {TYPENAME})


def to_merged_ascending(scenario: Scenario, *, dialect: str = "10.0", on_x86: bool = False) -> tuple[Translation, bool]:
    """Translate a v2 scenario, so that entries come in ascending order whenever firmware reads the tables.

    Returns:
        The translation, and whether that is so: where no ids were found for all readings, it is so at the start.

    Raises:
        InputError: as :func:`~sandbox.translate.to_merged.to_merged`, or no such ids were found.
    """
    plain = to_merged(scenario, dialect=dialect, on_x86=on_x86)
    if plain.end is not None and not plain.moments:
        return plain, True
    naming = ascending_naming(plain.scenario, names_in_use(scenario))
    chosen = _chosen(naming.names)
    return to_merged(scenario, dialect=dialect, choose_id=chosen, on_x86=on_x86), naming.is_ascending


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


def _chosen(renamed: Mapping[str, str]) -> Callable[[str, int, Collection[str]], str]:
    def choose(object_id: str, pxm: int, taken: Collection[str]) -> str:
        plain = id_with_node(object_id, pxm, taken)
        return renamed.get(plain, plain)

    return choose
