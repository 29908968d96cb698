"""A scenario as values. Everything is frozen; JSON values (arguments, returns) are plain and are not to be changed.

``place`` attributes say where something stands in its file; they do not count when scenarios are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.errors import Place

Absent: TypeAlias = Literal["absent"]


@record
class Affinity:
    """A device in a proximity domain.

    ``device`` is ``ssss:bb:dd.f`` as the specification reads the handle, or ``HID:UID``.
    """

    pxm: int
    device: str

    def __str__(self) -> str:
        return f"{self.pxm} @ {self.device}"


@record
class Affinities:
    """All Generic Initiators, or all Generic Ports, of a table: in its order, unless ``in_any_order``."""

    entries: tuple[Affinity, ...]
    in_any_order: bool = False


@record
class WholeTable:
    """A table as a whole: bytes of a file, SHA-256 in hexadecimal, length in bytes; each only if it is given."""

    file: str | None = None
    sha256: str | None = None
    length: int | None = None
    place: Place | None = field(default=None, compare=False)


@record
class Processor:
    """An enabled processor: ``id`` is the APIC or x2APIC id, or the ACPI processor UID."""

    pxm: int
    id: int

    def __str__(self) -> str:
        return f"{self.id} in {self.pxm}"


@record
class Memory:
    """An enabled range of memory: base and size in bytes."""

    pxm: int
    base: int
    size: int
    hot_pluggable: bool = False
    non_volatile: bool = False

    def __str__(self) -> str:
        flags = " hot-pluggable" * self.hot_pluggable + " non-volatile" * self.non_volatile
        return f"{self.base:#x} + {self.size:#x} in {self.pxm}{flags}"


@record
class Expectation:
    """What must hold for the tables that firmware has; None where nothing is said.

    ``nodes`` is the number of proximity domains or a tuple of them in ascending order, ``distances`` the rows of SLIT.
    """

    initiators: Affinities | None = None
    ports: Affinities | None = None
    nodes: int | tuple[int, ...] | None = None
    distances: tuple[tuple[int, ...], ...] | Absent | None = None
    processors: tuple[Processor, ...] | None = None
    memory: tuple[Memory, ...] | None = None
    srat: WholeTable | Absent | None = None
    slit: WholeTable | Absent | None = None
    hmat: WholeTable | Absent | None = None


NOTHING = Expectation()


@record
class ExitExpected:
    """How the machine ends. ``stderr`` is text that its stderr contains, a tuple of all lines, or None."""

    status: int = 1
    stderr: str | tuple[str, ...] | None = None


@record
class Succeeds:
    """The command returns something."""


@record
class Returns:
    """The command returns this."""

    value: Any


@record
class Fails:
    """The command fails, with this class and description where they are given."""

    error_class: str | None = None
    desc: str | None = None


@record
class AnyReply:
    """Whatever the command answers."""


ReplyExpected: TypeAlias = Succeeds | Returns | Fails | AnyReply


@record
class Command:
    """A QMP command: its name, its arguments as on the wire or None, and the reply that it must get."""

    name: str
    arguments: dict[str, Any] | None = None
    reply: ReplyExpected = Succeeds()


@record
class Reset:
    """``system_reset``, written short."""


@record
class Look:
    """Nothing is sent; only the tables are looked at."""


@record
class Step:
    """One step. ``name`` and ``note`` are "" where there are none."""

    action: Command | Reset | Look
    exit: ExitExpected | None = None
    expect: Expectation = NOTHING
    name: str = ""
    note: str = ""
    place: Place | None = field(default=None, compare=False)

    @property
    def command(self) -> Command | None:
        """What is sent; None if nothing is."""
        if isinstance(self.action, Reset):
            return Command("system_reset")
        return None if isinstance(self.action, Look) else self.action

    @property
    def title(self) -> str:
        """The name, or else the command and what it is about."""
        if self.name:
            return self.name
        command = self.command
        if command is None:
            return "look at the tables"
        arguments = command.arguments or {}
        subject = next((arguments[key] for key in ("id", "path", "typename") if key in arguments), "")
        return f"{command.name} {subject}".rstrip()


@record
class Scenario:
    """A scenario.

    Attributes:
        name: one line.
        command_line: QEMU's words, with or without the program.
        dialect: a key of ``qom_types.dialects.DIALECTS``; None if the objects' members tell.
        firmware: ``enumerated`` or ``none``.
        steps: what happens to the machine.
        expect: what must hold for the tables after the last step.
        exit: how the machine must have ended by then; None if it must be alive.
        place: where the command line stands.
    """

    name: str
    command_line: tuple[str, ...]
    description: str = ""
    dialect: str | None = None
    firmware: str = "enumerated"
    steps: tuple[Step, ...] = ()
    expect: Expectation = NOTHING
    exit: ExitExpected | None = None
    place: Place | None = field(default=None, compare=False)

    @property
    def file(self) -> str:
        """The file that the scenario was read from; "" if it was made otherwise."""
        return self.place.file if self.place else ""

    @property
    def commands(self) -> tuple[Command, ...]:
        """What is sent in its steps, resets among it."""
        return tuple([command for step in self.steps if (command := step.command) is not None])

    @property
    def added_objects(self) -> tuple[Mapping[str, Any], ...]:
        """The members of the objects that its steps add, as they are given; they tell the dialect, too."""
        return tuple([command.arguments or {} for command in self.commands if command.name == "object-add"])
