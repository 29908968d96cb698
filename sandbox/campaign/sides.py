"""What each side makes of a case, and in what they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sandbox.errors import MachineExit, QemuError
from sandbox.monitor.monitor import Monitor
from sandbox.records import record
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.campaign.case import Command
    from sandbox.machine.machine import Machine
    from sandbox.scenario.tables import Tables

    MakeOurs = Callable[[Sequence[str], str], "OurMachine"]


class OurMachine(Protocol):
    """The sandbox's side: its machine and monitor, or one with a fault put in."""

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        """Execute a QMP command; raises QemuError or MachineExit."""

    def tables(self) -> Tables:
        """Return the tables as firmware reads them; raises MachineExit."""


@record
class Ended:
    """How a side ended: exit status, and the last line on stderr."""

    status: int
    last_line: str


@record
class Did:
    """What a side did at the start, or in one step.

    Attributes:
        reply: the reply as on the wire, without its ``id``; None at the start, and where it ended instead.
        tables: SRAT, SLIT and HMAT, where firmware read them.
        ended: how it ended, if it did.
    """

    reply: Mapping[str, Any] | None = None
    tables: tuple[bytes | None, ...] | None = None
    ended: Ended | None = None


@record
class Difference:
    """The first thing in which the sides differ.

    Attributes:
        kind: what sort of difference; shrinking keeps to it.
        step: 0 for the start, else the number of the command, counted from 1.
        what: one line for people.
    """

    kind: str
    step: int
    what: str


def emulated(words: Sequence[str], dialect: str) -> OurMachine:
    """Make the sandbox's machine, with bus numbers as they are before firmware runs.

    Raises:
        MachineExit: QEMU would not start.
        InputError: something is not modelled.
    """
    from sandbox.machine.command_line import parse_arguments
    from sandbox.machine.machine import Machine

    return _Emulated(Machine(parse_arguments(words, dialect), "none"))


class _Emulated:
    """A machine of the sandbox with its monitor, without what replays want to know beside."""

    def __init__(self, machine: Machine) -> None:
        self._execute = Monitor(machine).execute
        self.tables = machine.tables

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        return self._execute(name, arguments)


def run(make: Callable[[], OurMachine], commands: Sequence[Command]) -> tuple[Did, ...]:
    """Run a history; what ends the machine is the last that it did.

    Args:
        make: makes the machine; raises MachineExit where it does not start.
        commands: what is sent to it.
    """
    try:
        machine = make()
        history = [Did(tables=_read(machine))]
    except MachineExit as end:
        return (Did(ended=ended(end.status, end.stderr)),)
    for name, arguments in commands:
        try:
            reply: Mapping[str, Any] = {"return": machine.execute(name, arguments)}
        except QemuError as error:
            reply = {"error": {"class": error.error_class, "desc": error.desc}}
        except MachineExit as end:
            return (*history, Did(ended=ended(end.status, end.stderr)))
        try:
            history.append(Did(reply, _read(machine) if name == "system_reset" else None))
        except MachineExit as end:
            return (*history, Did(reply, ended=ended(end.status, end.stderr)))
    return tuple(history)


def _read(machine: OurMachine) -> tuple[bytes | None, ...]:
    tables = machine.tables()
    return tuple(getattr(tables, name) for name in TABLE_NAMES)


def ended(status: int, stderr: str) -> Ended:
    """Return how a side ended, from its exit status and all that it wrote to stderr."""
    lines = stderr.strip().splitlines()
    return Ended(status, lines[-1].strip() if lines else "")


def first_difference(ours: Sequence[Did], theirs: Sequence[Did], commands: Sequence[Command]) -> Difference | None:
    """Return the first difference between two histories; None where there is none."""
    for step in range(max(len(ours), len(theirs))):
        name = commands[step - 1][0] if step else "the start"
        if step >= min(
            len(ours), len(theirs)
        ):  # unreachable while an end ends both: an end that only one has comes first
            return Difference("length", step, f"{name}: one side has gone on")
        mine, other = ours[step], theirs[step]
        if not _end_alike(mine.ended, other.ended):
            return Difference(
                _end_kind(mine.ended, other.ended), step, f"{name}: ours {_told(mine)}, QEMU {_told(other)}"
            )
        if not same(mine.reply, other.reply):
            return Difference(f"reply: {name}", step, f"{name}: ours {mine.reply}, QEMU {other.reply}")
        for table, own, live in zip(TABLE_NAMES, mine.tables or (), other.tables or (), strict=False):
            if own != live:
                return Difference(
                    _table_kind(table, own, live), step, f"{table} after {name}: {_bytes_told(own, live)}"
                )
    return None


def _end_alike(ours: Ended | None, theirs: Ended | None) -> bool:
    """Whether two ends are the same; where the sandbox says nothing, QEMU's last line is an earlier warning."""
    if ours is None or theirs is None:
        return ours is theirs
    return ours.status == theirs.status and ours.last_line in ("", theirs.last_line)


def same(ours: object, theirs: object) -> bool:
    """Whether two replies are the same JSON, 1 apart from true and 1.0; the order of members is the wire's matter."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return type(ours) is type(theirs) and ours == theirs


def _end_kind(ours: Ended | None, theirs: Ended | None) -> str:
    if ours is None:
        return "exit: only QEMU ends"
    if theirs is None:
        return "exit: only the sandbox ends"
    return "exit: with another status" if ours.status != theirs.status else "exit: with other words"


def _told(did: Did) -> str:
    if did.ended is None:
        return "goes on"
    return f"ends with {did.ended.status} ({did.ended.last_line or 'nothing on stderr'})"


def _table_kind(name: str, ours: bytes | None, theirs: bytes | None) -> str:
    if ours is None or theirs is None:
        return f"{name}: only one has it"
    if len(ours) != len(theirs):
        return f"{name}: length"
    return f"{name}: order" if name == "srat" and _entries(ours) == _entries(theirs) else f"{name}: content"


def _entries(srat: bytes) -> list[bytes]:
    """Return the structures of an SRAT, sorted: what two orders of the same entries have in common."""
    found, at = [], 48
    while at + 2 <= len(srat) and srat[at + 1] >= 2:
        found.append(srat[at : at + srat[at + 1]])
        at += srat[at + 1]
    return sorted(found)


def _bytes_told(ours: bytes | None, theirs: bytes | None) -> str:
    if ours is None or theirs is None:
        return f"{'the sandbox' if ours is None else 'QEMU'} has none"
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes here, {len(theirs)} in QEMU"
    places = [at for at, (own, live) in enumerate(zip(ours, theirs, strict=True)) if own != live and at != 9]
    first = places[0] if places else 9
    return f"{len(places)} bytes differ, the first at {first:#x}: {ours[first]:#04x} here, {theirs[first]:#04x} in QEMU"
