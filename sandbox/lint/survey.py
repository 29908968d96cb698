"""Looking over a scenario: it runs on the sandbox's machine, and whatever its rules need is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.contract import MAX_NODES
from qom_types.dialects import INITIATOR_TYPES
from sandbox.errors import InputError, MachineExit, QemuError, UnmodelledError
from sandbox.lint.model import Where
from sandbox.lint.naming import looked_up
from sandbox.lint.places import option_places
from sandbox.lint.setup import NVIDIA, PORT, Moment, Setup, Use
from sandbox.lint.view import View
from sandbox.machine.arguments import split_arguments
from sandbox.machine.devices import DeviceBay
from sandbox.machine.startup import start_up
from sandbox.records import replace
from sandbox.scenario.emulation import config_of, emulate
from sandbox.scenario.transcript import Ended
from sandbox.translate.options import object_members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.virtio_memory import VirtioMemory
    from sandbox.qom.objects import QomObject
    from sandbox.qom.tree import ObjectTree
    from sandbox.scenario.emulation import EmulatedMachine
    from sandbox.scenario.model import Command, Scenario

DEVICE_MEMBERS: Final = ("pci-dev", "pci-bus", "device")
START_MEMBERS: Final = ("numa-node-start", "node")
COUNT_MEMBER: Final = "numa-node-count"

HELD: Final = "prelaunch"
"""The status of a machine that firmware has not run on since its start, or its last reset."""


def survey(scenario: Scenario, text: str = "") -> Setup:
    """Look over a scenario.

    Args:
        scenario: a scenario, or a command line as one without steps.
        text: the file that it was read from, so that options have lines and columns; "" if there is none.

    Raises:
        InputError: something is not modelled.
    """
    return _Survey(scenario, text).setup


class _Survey:
    """The state of looking over one scenario."""

    def __init__(self, scenario: Scenario, text: str) -> None:
        self.scenario = scenario
        self.setup = Setup(scenario)
        self.live: dict[str, Use] = {}
        self.moments: list[Moment] = []
        self.memory: tuple[Dimm | VirtioMemory, ...] = ()
        self.tree: ObjectTree | None = None
        self.run(text)

    def run(self, text: str) -> None:
        scenario = self.scenario
        try:
            options = split_arguments(scenario.command_line).options
            places = option_places(options, text, scenario.place)
            self.setup = replace(self.setup, options=options, places=places)
            config = config_of(scenario)
            self.setup = replace(self.setup, config=config, options=config.command_line.options)
            board = make_board(config, scenario.firmware)
        except MachineExit as exit_:
            end = Ended.by(exit_)
            self.setup = replace(self.setup, refusal=end, end=end)
            return
        except UnmodelledError as error:
            raise error if error.place else UnmodelledError(error.what, scenario.place) from None
        self.setup = replace(self.setup, board=board)
        self.tree = board.tree
        for given in config.objects:
            if given.values["qom-type"] in INITIATOR_TYPES:
                use = self.looked_up(_use(given.values, self.setup.where(given.option)))
                self.live[use.id] = use
        self.start()
        self.setup = replace(self.setup, moments=tuple(self.moments))

    def looked_up(self, use: Use) -> Use:
        """Return an object with what its device's name names now."""
        return use if self.tree is None else looked_up(use, self.tree, is_v2=self.setup.is_v2)

    def start(self) -> None:
        """Run the machine through its steps, as far as it goes."""
        try:
            machine = emulate(self.scenario)
            self.tree = machine.machine.tree
            self.note_memory(machine)
            self.live = {name: self.looked_up(use) for name, use in self.live.items()}
            self.read(machine, "at the start")
        except MachineExit as exit_:
            self.finish(exit_, "at the start")
            return
        if not machine.running:
            self.moments.append(self.moment("at the start"))
        for index, step in enumerate(self.scenario.steps):
            title = f"after step {index + 1}"
            if step.command is None:
                continue
            where = Where(step.place, f"step {index + 1} ({step.title})")
            try:
                self.step(machine, index, step.command, where)
                self.note_memory(machine)
                self.read(machine, title)
            except MachineExit as exit_:
                self.finish(exit_, title, where)
                return
            except InputError as error:
                raise error if error.place else type(error)(error.what, step.place) from None
        last = self.moment("in the end")
        if not self.moments or (self.moments[-1].uses, self.moments[-1].memory) != (last.uses, last.memory):
            self.moments.append(last)

    def moment(self, title: str, view: View | None = None) -> Moment:
        """Return what there is now."""
        return Moment(title, tuple(self.live.values()), view, self.memory)

    def note_memory(self, machine: EmulatedMachine) -> None:
        """Note the memory devices that there are."""
        bay = machine.machine.bay.memory
        if bay is not None:
            self.memory = (*bay.plugged().values(), *bay.virtio().values())

    def finish(self, exit_: MachineExit, title: str, where: Where | None = None) -> None:
        """Note how the machine ended; what it would have read then counts as a moment."""
        self.setup = replace(self.setup, end=Ended.by(exit_), end_where=where)
        self.moments.append(self.moment(title))

    def read(self, machine: EmulatedMachine, title: str) -> None:
        """Let firmware read the tables, if they are new."""
        tables = machine.new_tables()
        if tables is None:
            return
        view = View(
            tables.srat,
            tables.slit,
            tables.hmat,
            title,
            self.scenario.place,
            ram=machine.machine.ram,
            origin_ids=tuple(origin.object_id for origin in machine.origins),
        )
        self.moments.append(self.moment(title, view))

    def step(self, machine: EmulatedMachine, index: int, command: Command, where: Where) -> None:
        given = self.given(machine, command, where, index)
        if given is not None:
            given = self.looked_up(replace(given, held=machine.machine.status == HELD))
        try:
            machine.execute(command.name, command.arguments)
        except QemuError:
            return
        except MachineExit:
            self.setup = replace(self.setup, ending=given)
            raise
        if given is not None:
            self.live[given.id] = given
        self.follow(machine, where, index)

    def given(self, machine: EmulatedMachine, command: Command, where: Where, index: int) -> Use | None:
        """Return the object that a command gives or changes, as the command says it."""
        arguments = command.arguments or {}
        if command.name == "object-add" and arguments.get("qom-type") in INITIATOR_TYPES:
            return _use(arguments, where, index)
        if command.name == "human-monitor-command":
            name, _, rest = str(arguments.get("command-line", "")).strip().partition(" ")
            members = object_members(rest.strip()) if name == "object_add" else {}
            return _use(members, where, index) if members.get("qom-type") in INITIATOR_TYPES else None
        if command.name != "qom-set" or not isinstance(arguments.get("path"), str):
            return None
        found = machine.machine.tree.resolve_quietly(arguments["path"], "object")
        known = self.live.get(found.name) if found is not None else None
        if known is None or found is not machine.machine.tree.objects.component(known.id):
            return None
        return _changed(known, arguments.get("property"), arguments.get("value"), where, index)

    def follow(self, machine: EmulatedMachine, where: Where, index: int) -> None:
        """Forget objects that are gone, take in those that came otherwise, and see what became of their devices."""
        objects = machine.machine.tree.objects
        self.live = {name: use for name, use in self.live.items() if objects.component(name) is not None}
        for found in objects.children():
            if found.info.name in INITIATOR_TYPES and found.name not in self.live:
                self.live[found.name] = _use(_members(found), where, index)
        for name, use in self.live.items():
            now = self.looked_up(use)
            if use.is_taken and not now.is_taken and use.where is not where:
                now = replace(now, where=where, step=index, held=machine.machine.status == HELD)
            self.live[name] = now


def make_board(config: MachineConfig, firmware: str) -> Board:
    """Make the machine with its devices, without asking its objects for entries.

    Raises:
        MachineExit: QEMU refuses to make it, whatever the nodes of these objects are.
        UnmodelledError: QEMU has what is asked for, but the sandbox does not.
    """
    kept = [it for it in config.objects if it.values["qom-type"] not in INITIATOR_TYPES or _fits(it.values)]
    config = replace(config, objects=tuple(kept))
    board = start_up(config)
    bay = DeviceBay(board, config)
    bay.plug_all()
    if firmware == "enumerated":
        bay.enumerate_buses()
    return board


def _fits(members: Mapping[str, Any]) -> bool:
    return all(members.get(name, 0) < MAX_NODES for name in START_MEMBERS)


def _use(members: Mapping[str, Any], where: Where, step: int | None = None) -> Use:
    """Return the object of these members; QEMU has checked them, or will."""
    device = next((str(members[name]) for name in DEVICE_MEMBERS if name in members), "")
    starts = [_number(members[name]) for name in START_MEMBERS if name in members]
    count = _number(members.get(COUNT_MEMBER, 1 if members.get("qom-type") != NVIDIA else 0))
    start = starts[0] if starts else None
    return Use(str(members.get("id")), str(members["qom-type"]), device, start, count or 0, where, step)


def _number(value: object) -> int | None:
    try:
        return int(value, 0) if isinstance(value, str) else int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return None


def _changed(use: Use, name: object, value: object, where: Where, index: int) -> Use | None:
    if name in DEVICE_MEMBERS:
        return replace(use, device=str(value), where=where, step=index)
    if name in START_MEMBERS:
        return replace(use, start=_number(value), where=where, step=index)
    return replace(use, count=_number(value) or 0, where=where, step=index) if name == COUNT_MEMBER else None


def _members(found: QomObject) -> Mapping[str, Any]:
    """Return the members of an object that stands in the tree."""
    read = {"qom-type": found.info.name, "id": found.name}
    device = "pci_bus" if found.info.name == PORT else "pci_dev"
    for name, attributes in (("pci-dev", (device, "device")), ("node", ("start", "node")), (COUNT_MEMBER, ("count",))):
        values = [getattr(found, attribute) for attribute in attributes if hasattr(found, attribute)]
        if values:
            read[name] = values[0]
    return read
