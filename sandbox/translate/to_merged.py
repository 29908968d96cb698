"""A v2 scenario in the merged dialect, which released QEMUs speak.

v2's objects ignore bad values, stand for several nodes and can be moved, so that commands on them have no counterparts
of the same meaning. The scenario is therefore run on a machine of v2's, and after each step the merged objects are
brought to what v2's objects contribute by then: one object for each entry. All else of the scenario stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError, MachineExit, QemuError, UnmodelledError
from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.scenario.model import NOTHING, Command, Returns, Scenario, Step
from sandbox.scenario.transcript import Ended, Refused, Returned
from sandbox.translate.carrying import LOOKS, carried, why_not
from sandbox.translate.correspondence import LeftOut, Moment, Translation
from sandbox.translate.ids import id_with_node, names_in_use
from sandbox.translate.options import exchange_objects
from sandbox.translate.rehearsal import rehearse
from sandbox.translate.state import counterparts, merged_objects, silent_objects, without_counterpart

if TYPE_CHECKING:
    from sandbox.scenario.emulation import EmulatedMachine
    from sandbox.scenario.transcript import Reply
    from sandbox.translate.ids import ChooseId
    from sandbox.translate.options import Merged

ABORTED = -6


def to_merged(
    scenario: Scenario, *, dialect: str = "10.0", choose_id: ChooseId = id_with_node, on_x86: bool = False
) -> Translation:
    """Translate a v2 scenario.

    Args:
        scenario: a scenario whose dialect is v2, as it says or as follows from its objects.
        dialect: the merged dialect of the result.
        choose_id: names the merged objects.
        on_x86: give pc and q35 the objects that virt would have, though v2 makes no entries on them.

    Raises:
        InputError: the scenario is in another dialect; the dialect asked for is no merged one; v2's QEMU aborts as it
            starts; or something is not modelled.
    """
    _check_dialect(dialect)
    return _Translator(scenario, dialect, choose_id, on_x86=on_x86).translation()


def _check_dialect(name: str) -> None:
    from qom_types.dialects import DIALECTS, dialect_named

    if dialect_named(name).family != "merged":
        merged = ", ".join(known.name for known in DIALECTS.values() if known.family == "merged")
        raise InputError(f"v2 is translated to one of the merged dialects, not to {name}: {merged}")


class _Translator:
    """The state of one translation: the machine of v2's, and what its merged counterpart has by now."""

    def __init__(self, scenario: Scenario, dialect: str, choose_id: ChooseId, *, on_x86: bool) -> None:
        self.scenario = scenario
        self.dialect = dialect
        self.choose_id = choose_id
        self.on_x86 = on_x86
        self.taken = set(names_in_use(scenario))
        self.ids: dict[tuple[str, int], str] = {}
        self.present: dict[str, Merged] = {}
        self.marked: set[int] = set()
        self.steps: list[Step] = []
        self.step_origins: list[int | None] = []
        self.replies: list[Reply | Ended | None] = []
        self.left_out: list[LeftOut] = []
        self.moments: list[Moment] = []
        self.notes: list[str] = []
        self.end: Ended | None = None

    def translation(self) -> Translation:
        words = self.start()
        scenario = Scenario(
            name=self.scenario.name,
            command_line=words,
            description=f"Translated from dialect v2; one object stands for each entry of {self.sources()}.",
            dialect=self.dialect,
            firmware=self.scenario.firmware,
            steps=tuple(self.steps),
            expect=carried(self.scenario.expect) if self.end is None else NOTHING,
            place=self.scenario.place,
        )
        translated, notes = rehearse(scenario, self.replies, self.step_origins, self.end)
        return Translation(
            translated,
            tuple(self.moments),
            tuple(self.step_origins),
            tuple(self.left_out),
            tuple(dict.fromkeys((*self.notes, *notes))),
            self.end,
        )

    def sources(self) -> str:
        sources = dict.fromkeys(object_id for object_id, _ in self.ids)
        return ", ".join(sources) or "v2's objects, which have none"

    def start(self) -> tuple[str, ...]:
        """Run the scenario on v2's machine, and return the translated command line."""
        try:
            machine = emulate(self.scenario)
        except MachineExit as end:
            if end.status == ABORTED:
                raise InputError(
                    f"v2's QEMU aborts as it starts, and cannot be translated: {end.stderr}", self.scenario.place
                ) from None
            self.end = Ended.by(end)
            self.notes.append(f"v2's QEMU does not start: {end.stderr}")
            return exchange_objects(self.scenario.command_line, lambda _: ())
        if machine.dialect != "v2":
            raise InputError(
                f"the scenario is in dialect {machine.dialect} ({machine.dialect_reason}); only v2 is translated",
                self.scenario.place,
            )
        at_start = merged_objects(machine.machine, self.id_of, on_x86=self.on_x86)
        words = exchange_objects(
            self.scenario.command_line, lambda name: [it.option() for it in at_start.get(name, ())]
        )
        self.adopt({merged.id: merged for group in at_start.values() for merged in group})
        self.note_tables(machine, "at the start", None)
        for index, step in enumerate(self.scenario.steps):
            self.step(machine, index, step)
            if self.end is not None:
                self.leave_out_rest(index + 1)
                break
        return words

    def id_of(self, object_id: str, pxm: int) -> str:
        key = (object_id, pxm)
        if key not in self.ids:
            self.ids[key] = self.choose_id(object_id, pxm, self.taken)
            self.taken.add(self.ids[key])
        return self.ids[key]

    def note_tables(self, machine: EmulatedMachine, title: str, index: int | None) -> None:
        """Note the moment if firmware reads new tables now."""
        tables = machine.new_tables()
        if tables is None:
            return
        merged_step = len(self.steps) - 1 if index is not None else None
        entries = tuple(counterparts(machine.machine, self.id_of, on_x86=self.on_x86))
        self.moments.append(Moment(title, index, merged_step, tables, entries, frozenset(self.marked)))
        self.notes += silent_objects(machine.machine, on_x86=self.on_x86)
        self.notes += without_counterpart(entries)

    def step(self, machine: EmulatedMachine, index: int, step: Step) -> None:
        command = step.command
        if command is None:
            if carried(step.expect) == NOTHING:
                self.left_out.append(LeftOut(index, step.title, LOOKS))
            else:
                self.keep(step, index, None)
            return
        why = why_not(command, machine.machine)
        reply: Reply | Ended | None = None
        try:
            reply = _reply(machine, command)
        except MachineExit as end:
            reply = self.end = Ended.by(end)
        except UnmodelledError as error:
            self.notes.append(f"step {index + 1} ({step.title}): {error.what}")
        except InputError as error:
            raise error if error.place else InputError(error.what, step.place) from None
        if why:
            self.left_out.append(LeftOut(index, step.title, why))
        else:
            self.keep(step, index, reply)
        if self.end is None:
            self.follow(machine, step.title)
            self.read(machine, index)

    def read(self, machine: EmulatedMachine, index: int) -> None:
        """Let firmware read the tables behind a step, if it does."""
        try:
            self.note_tables(machine, f"after step {index + 1}", index)
        except MachineExit as end:
            self.end = Ended.by(end)
            self.notes.append(
                f"step {index + 1}: v2's QEMU ends as it makes the tables, which a released QEMU does not: {end.stderr}"
            )
            for kept in (self.steps, self.step_origins, self.replies):
                kept.pop()

    def leave_out_rest(self, first: int) -> None:
        for index, step in enumerate(self.scenario.steps[first:], first):
            self.left_out.append(LeftOut(index, step.title, "v2's QEMU has ended"))

    def keep(self, step: Step, index: int, reply: Reply | Ended | None) -> None:
        self.steps.append(replace(step, expect=carried(step.expect), exit=None))
        self.step_origins.append(index)
        self.replies.append(reply)

    def follow(self, machine: EmulatedMachine, title: str) -> None:
        """Bring the merged objects to what v2's contribute now."""
        groups = merged_objects(machine.machine, self.id_of, on_x86=self.on_x86)
        wanted = {merged.id: merged for group in groups.values() for merged in group}
        for object_id, merged in self.present.items():
            if wanted.get(object_id) != merged:
                self.insert(Command("object-del", {"id": object_id}, Returns({})), title)
        for object_id, merged in wanted.items():
            if self.present.get(object_id) != merged:
                self.insert(Command("object-add", merged.arguments(), Returns({})), title)
        self.adopt(wanted)

    def adopt(self, objects: dict[str, Merged]) -> None:
        self.present = objects
        self.marked.update(merged.node for merged in objects.values())

    def insert(self, command: Command, title: str) -> None:
        self.steps.append(Step(command, note=f"for {title}"))
        self.step_origins.append(None)
        self.replies.append(Returned({}))


def _reply(machine: EmulatedMachine, command: Command) -> Reply:
    try:
        return Returned(machine.execute(command.name, command.arguments))
    except QemuError as error:
        return Refused(error.error_class, error.desc)
