"""When the Generic Initiators of a merged scenario come and go, and ids with which each reading is in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.merged.initiators import GenericInitiator
from sandbox.errors import InputError, MachineExit, QemuError
from sandbox.records import record
from sandbox.scenario.emulation import emulate
from sandbox.translate.ascending import Unnamed, ascending_ids
from sandbox.translate.histories import Put, Read, Take, disorder, ids_over
from sandbox.translate.insertions import insertions

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.scenario.emulation import EmulatedMachine
    from sandbox.scenario.model import Command, Scenario
    from sandbox.translate.histories import Event


@record
class Naming:
    """Ids for the Generic Initiators of a scenario.

    Attributes:
        names: the new id by the old one, also where they are the same.
        is_ascending: whether each reading of firmware's meets the nodes in ascending order with them; if not, the first
            tables do.
    """

    names: dict[str, str]
    is_ascending: bool = True


def ascending_naming(scenario: Scenario, taken: Collection[str]) -> Naming:
    """Choose ids for the Generic Initiators of a scenario, those that its steps add included.

    Args:
        scenario: in a merged dialect, its objects in the order in which they shall stand on the command line.
        taken: further ids that none of them may get.

    Raises:
        InputError: QEMU does not start with the command line, or no ids put its initiators in order.
    """
    try:
        life = _Life(emulate(scenario))
    except MachineExit as end:
        raise InputError(f"QEMU does not start with this command line: {end.stderr}") from None
    life.live(scenario)
    stems = list(life.numbers)
    later = stems[len(life.unnamed) :]
    first = ascending_ids(life.insertions, {*taken, *later})
    ids: tuple[str, ...] = (*first, *later)
    is_ascending = disorder(life.history, ids) == 0
    if not is_ascending:
        found = ids_over(life.history, stems, taken)
        ids, is_ascending = (ids, False) if found is None else (found, True)
    return Naming(dict(zip(stems, ids, strict=True)), is_ascending)


class _Life:
    """Lives through a scenario and notes what happens in ``/objects``."""

    def __init__(self, machine: EmulatedMachine) -> None:
        self.machine = machine
        tree, config = machine.machine.tree, machine.machine.config
        self.objects = tree.objects
        given = [it.values["id"] for it in config.objects]
        initiators = self.initiators()
        self.unnamed = [Unnamed(name, initiators[name]) for name in given if name in initiators]
        self.insertions = insertions(config, tree, self.unnamed, set(initiators))
        self.numbers = {it.stem: number for number, it in enumerate(self.unnamed)}
        self.history: list[Event] = [
            Put(self.numbers[it.stem] if isinstance(it, Unnamed) else it) for it in self.insertions
        ]
        self.present = set(self.objects.instance)
        self.changes = self.objects.instance.changes

    def initiators(self) -> dict[str, int]:
        """Return the nodes of the initiators that are there, by their ids."""
        found = {name: self.objects.component(name) for name in self.objects.instance}
        return {name: it.node for name, it in found.items() if isinstance(it, GenericInitiator)}

    def live(self, scenario: Scenario) -> None:
        at_start = self.reading()
        self.read()
        for command in scenario.commands:
            try:
                self.machine.execute(command.name, command.arguments)
            except (QemuError, InputError):
                pass
            except MachineExit:
                break
            self.follow(command)
            try:
                self.read()
            except MachineExit:
                break
        if not any(isinstance(event, Read) for event in self.history):
            self.history.insert(len(self.insertions), at_start)

    def read(self) -> None:
        if self.machine.new_tables() is not None:
            self.history.append(self.reading())

    def reading(self) -> Read:
        return Read({self.numbers[name]: node for name, node in self.initiators().items()})

    def follow(self, command: Command) -> None:
        """Note which objects came and went, also an object that came and failed."""
        now = set(self.objects.instance)
        changes, self.changes = self.objects.instance.changes - self.changes, self.objects.instance.changes
        if now == self.present and changes > 1 and command.name == "object-add":
            name = str((command.arguments or {}).get("id"))
            may_resize = self.machine.machine.config.dialect.failure_may_resize
            self.history += [Put(name), Take(name, may_resize)]
        self.history += [Take(self.numbers.get(name, name)) for name in sorted(self.present - now)]
        for name in sorted(now - self.present):
            if isinstance(self.objects.component(name), GenericInitiator):
                self.numbers.setdefault(name, len(self.numbers))
            self.history.append(Put(self.numbers.get(name, name)))
        self.present = now
