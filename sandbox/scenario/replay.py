"""Replaying a scenario on a machine.

Firmware reads the tables as soon as the machine runs: at its start, or, where ``-S`` holds it, at the first ``cont``;
and again after each reset. What is added after a reading shows after the next reset only. When the machine ends, the
steps behind do not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sandbox.errors import InputError, MachineExit, QemuError, UnmodelledError
from sandbox.scenario.checks import differs
from sandbox.scenario.judge import check_exit, check_reply
from sandbox.scenario.table_checks import check_tables
from sandbox.scenario.transcript import Ended, Record, Refused, Returned, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.errors import Place
    from sandbox.scenario.model import Command, Scenario, Step
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.table_checks import ReadFile
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Reply


class ReplayMachine(Protocol):
    """A machine on which scenarios are replayed: the sandbox's own, or a live QEMU."""

    @property
    def dialect(self) -> str:
        """The name of the dialect that it speaks."""

    @property
    def dialect_reason(self) -> str:
        """Why it is this one, in one phrase."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """The options of the command line that move no table."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where the device structures of the last tables come from, in their order; empty if that is not known."""

    @property
    def running(self) -> bool:
        """Whether its processors run, and with them firmware."""

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        """Execute a QMP command and return what QEMU puts under ``return``.

        Raises:
            QemuError: an error reply.
            MachineExit: the machine ends.
        """

    def tables(self) -> Tables:
        """Return the tables as firmware reads them: made once after each reset, kept until the next.

        Raises:
            MachineExit: the machine ends as it makes them.
        """


def replay(scenario: Scenario, make_machine: Callable[[Scenario], ReplayMachine], read_file: ReadFile) -> Transcript:
    """Run a scenario from its command line to its last expectation.

    Args:
        scenario: what to run.
        make_machine: makes the machine that the scenario asks for; raises MachineExit where QEMU refuses to start.
        read_file: gives the bytes of a file that a table is to equal, from the path as it stands in the scenario; may
            raise OSError.

    Raises:
        InputError: the scenario asks for something that is not modelled, or a file cannot be read.
    """
    return _Run(scenario, make_machine, read_file).transcript()


class _Run:
    """The state of one replay."""

    def __init__(
        self, scenario: Scenario, make_machine: Callable[[Scenario], ReplayMachine], read_file: ReadFile
    ) -> None:
        self.scenario = scenario
        self.make_machine = make_machine
        self.read_file = read_file
        self.machine: ReplayMachine | None = None
        self.tables: Tables | None = None
        self.ended: Ended | None = None
        self.ended_as_expected = True

    def transcript(self) -> Transcript:
        start = self.start()
        steps = tuple([self.step(step) for step in self.scenario.steps])
        machine = self.machine
        return Transcript(
            scenario=self.scenario,
            dialect=machine.dialect if machine else "",
            dialect_reason=machine.dialect_reason if machine else "",
            ignored=machine.ignored if machine else (),
            start=start,
            steps=steps,
            end=self.end(),
            origins=machine.origins if machine else (),
        )

    def start(self) -> Record:
        place = self.scenario.place
        try:
            self.machine = self.make_machine(self.scenario)
            self.read_tables(self.machine)
        except MachineExit as exit_:
            self.ended = Ended.by(exit_)
        except InputError as error:
            raise _placed(error, place) from None
        checks = () if self.scenario.exit else check_exit(None, self.ended)
        self.ended_as_expected = not checks
        return Record("start the machine", place, ended=self.ended, after=self.tables, checks=checks)

    def read_tables(self, machine: ReplayMachine) -> None:
        """Let firmware read the tables if it can; between two resets it is given the same again."""
        if machine.running:
            self.tables = machine.tables()

    def step(self, step: Step) -> Record:
        machine, before, command = self.machine, self.tables, step.command
        if machine is None or self.ended:
            return Record(step.title, step.place, command, before=before, after=before, has_run=False)
        reply = None
        try:
            if command is not None:
                reply = _execute(machine, command)
                self.read_tables(machine)
        except MachineExit as exit_:
            self.ended = Ended.by(exit_)
        except UnmodelledError as error:
            unanswered = differs("command", "one that is modelled", error.what)
            return Record(step.title, step.place, command, None, None, before, before, (unanswered,))
        except InputError as error:
            raise _placed(error, step.place) from None
        checks = () if step.exit is None and self.scenario.exit else check_exit(step.exit, self.ended)
        self.ended_as_expected = all(check.passed for check in checks)
        if self.ended_as_expected:
            if command is not None:
                checks += check_reply(command.reply, reply)
            checks += check_tables(step.expect, self.tables, self.read_file)
        return Record(step.title, step.place, command, reply, self.ended, before, self.tables, checks)

    def end(self) -> Record:
        checks = check_exit(self.scenario.exit, self.ended) if self.scenario.exit else ()
        if self.ended_as_expected:
            checks += check_tables(self.scenario.expect, self.tables, self.read_file)
        has_run = self.ended_as_expected
        return Record("at the end", None, before=self.tables, after=self.tables, checks=checks, has_run=has_run)


def _execute(machine: ReplayMachine, command: Command) -> Reply:
    try:
        return Returned(machine.execute(command.name, command.arguments))
    except QemuError as error:
        return Refused(error.error_class, error.desc)


def _placed(error: InputError, place: Place | None) -> InputError:
    """Return the error with the place in the scenario, unless it names one already."""
    return error if error.place else type(error)(error.what, place)
