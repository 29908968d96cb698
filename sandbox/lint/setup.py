"""A scenario or command line as the rules see it: its machine, the objects that were given, and what firmware reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.contract import MAX_NODES
from qom_types.dialects import V2
from qom_types.meant import AS_ASKED_FOR
from sandbox.lint.model import Where
from sandbox.records import field, record
from sandbox.runs import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.errors import Place
    from sandbox.lint.view import View
    from sandbox.machine.arguments import Option
    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.device_objects import PciDeviceObject
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.virtio_memory import VirtioMemory
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.transcript import Ended

NVIDIA: Final = "nvidia-acpi-generic-initiator"
PORT: Final = "acpi-generic-port"

TABLES_FILE: Final = "etc/acpi/tables"
"""What QEMU's message names where the tables are too large."""

PASSED_THROUGH: Final = "vfio-pci"
"""How the names of the types begin that pass a device of the host through."""

OBJECTS_SAY: Final = ("acpi-generic-initiator: ", "acpi-generic-port: ")
"""How QEMU's messages about these objects begin as it ends over them."""


@record
class Use:
    """An object as it was given, or as a command left it.

    Attributes:
        id: its id.
        typename: its type.
        device: what its ``pci-dev``, ``device`` or ``pci-bus`` says.
        start: its node, or the first of them; None where none was given.
        count: how many nodes it asks for.
        where: the option, or the step.
        step: the step that gave it, changed it last or took its device away, counted from 0; None for an option.
        held: whether firmware had still to read the tables for the first time after a reset, since nothing ran.
        found: the PCI device that QEMU takes at this moment; None where it takes none.
        missing: that there is no such device, or that there are several, in words; "" otherwise.
        other: the type of what the name names, if that is of another kind; "" otherwise.
    """

    id: str
    typename: str
    device: str
    start: int | None
    count: int
    where: Where
    step: int | None = None
    held: bool = False
    found: PciDeviceObject | None = field(default=None, repr=False)
    missing: str = ""
    other: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether QEMU finds what it names."""
        return not self.missing and not self.other

    @property
    def is_port(self) -> bool:
        """Whether it is a Generic Port."""
        return self.typename == PORT


@record
class Moment:
    """A time at which firmware reads the tables, or would if QEMU did not end.

    Attributes:
        title: for people: "at the start", "after step 3".
        uses: the objects that there are.
        view: the tables; None where QEMU ends instead, or firmware does not read them.
        memory: the memory devices that there are.
    """

    title: str
    uses: tuple[Use, ...]
    view: View | None = None
    memory: tuple[Dimm | VirtioMemory, ...] = ()


@record
class Setup:
    """A scenario, looked over.

    Attributes:
        scenario: what was looked over; a command line is one without steps.
        options: the command line's options; none where it cannot be cut into options.
        places: where each of them stands.
        config: what the command line asks for; None where QEMU refuses it at once.
        board: the machine without what its Generic Initiators do to it; None where QEMU refuses to make one.
        refusal: how QEMU ends over something else than these objects, as it starts.
        end: how QEMU ends, over whatever and whenever.
        end_where: the step in which it ends; None at the start.
        moments: the times at which firmware reads the tables, and the last step.
        ending: the object of the command that ends QEMU itself, if any does.
        is_libvirt: whether it is a domain of libvirt's, which chooses the ids of its objects.
        own_ids: the ids of objects that such a domain's user chose, in ``<qemu:commandline>``.
        taken: why its dialect was taken, where no version is told.
        other: the same in another version of QEMU, where none is told; only the order is held against it.
    """

    scenario: Scenario
    options: tuple[Option, ...] = ()
    places: tuple[Place | None, ...] = ()
    config: MachineConfig | None = None
    board: Board | None = field(default=None, repr=False)
    refusal: Ended | None = None
    end: Ended | None = None
    end_where: Where | None = None
    moments: tuple[Moment, ...] = ()
    ending: Use | None = None
    is_libvirt: bool = False
    own_ids: frozenset[str] = frozenset()
    taken: str = ""
    other: Setup | None = field(default=None, repr=False)

    @property
    def dialect(self) -> str:
        """The name of its dialect; "" where QEMU refuses the command line at once, and none is told."""
        return self.config.dialect.name if self.config else self.scenario.dialect or ""

    @property
    def dialect_reason(self) -> str:
        """Why it is this one, in a few words; "" where there is none."""
        asked_for = AS_ASKED_FOR if self.scenario.dialect else ""
        return self.taken or (self.config.dialect_reason if self.config else asked_for)

    @property
    def is_v2(self) -> bool:
        """Whether its dialect is v2."""
        return self.config is not None and self.config.dialect.family == V2

    @property
    def is_arm(self) -> bool:
        """Whether it is a machine of Arm's."""
        return self.board is not None and not self.board.type.is_x86

    @property
    def makes_srat(self) -> bool:
        """Whether QEMU makes an SRAT."""
        return self.board is not None and self.node_count > 0 and not self.is_acpi_off

    @property
    def is_acpi_off(self) -> bool:
        """Whether QEMU makes no ACPI tables at all."""
        return self.board is not None and self.board.machine.options.get("acpi") == "off"

    @property
    def asks_objects(self) -> bool:
        """Whether SRAT gets what the objects contribute."""
        if self.board is None or self.config is None or not self.makes_srat:
            return False
        return self.board.type.family in self.config.dialect.initiator_machines

    @property
    def is_too_large(self) -> bool:
        """Whether QEMU ends over the size of its tables."""
        return self.end is not None and self.refusal is None and TABLES_FILE in self.end.stderr

    @property
    def other_end(self) -> Ended | None:
        """How QEMU ends over something else than these objects and the size of the tables; None if it does not."""
        if self.end is None or self.ending is not None or self.is_too_large:
            return None
        return None if self.end.reason.startswith(OBJECTS_SAY) else self.end

    @property
    def node_count(self) -> int:
        """How many nodes are declared."""
        return len(self.board.numa.nodes) if self.board else 0

    def where(self, option: Option | None = None) -> Where:
        """Return the place of an option, or of the scenario as a whole."""
        for known, place in zip(self.options, self.places, strict=True):
            if known is option:
                return Where(place, known.text)
        return Where(self.scenario.place)

    def uses(self) -> tuple[Use, ...]:
        """Return the objects that there are when firmware reads the tables, or in the end, each once."""
        found = [use for moment in self.moments for use in moment.uses]
        if self.ending is not None:
            found.append(self.ending)
        return tuple(dict.fromkeys(found))

    def nodes(self, use: Use) -> range:
        """Return the nodes for which an initiator makes entries, as far as QEMU gets to make them."""
        if use.start is None or use.start >= MAX_NODES or not self.asks_objects or use.found is None:
            return range(0)
        nodes = range(use.start, use.start + use.count)
        return nodes if self.is_v2 or nodes.stop <= self.node_count else range(0)

    def by_device(self, moment: Moment) -> Mapping[PciDeviceObject, tuple[Use, ...]]:
        """Return the initiators of a moment that make entries, by their device."""
        found: dict[PciDeviceObject, tuple[Use, ...]] = {}
        for use in moment.uses:
            device = use.found
            if device is not None and self.nodes(use):
                found[device] = (*found.get(device, ()), use)
        return found

    def placed(self) -> Iterator[tuple[Use, PciDeviceObject]]:
        """Give the initiators that make entries, each with its device."""
        for use in self.uses():
            device = use.found
            if device is not None and self.nodes(use):
                yield use, device

    def devices(self) -> Mapping[PciDeviceObject, tuple[Use, ...]]:
        """Return the devices for which there are ever entries, with their initiators."""
        found: dict[PciDeviceObject, tuple[Use, ...]] = {}
        for use, device in self.placed():
            found[device] = (*found.get(device, ()), use)
        return found


def is_passed_through(device: PciDeviceObject) -> bool:
    """Whether a device is one of the host's."""
    return device.info.name.startswith(PASSED_THROUGH)


def numbers(nodes: range) -> str:
    """Return nodes in words: ``node 2``, ``nodes 2 to 9``."""
    return f"node {nodes.start}" if len(nodes) == 1 else f"nodes {nodes.start} to {nodes.stop - 1}"


def listed(nodes: Iterable[int]) -> str:
    """Return nodes in words: ``node 2``, ``nodes 2 to 9``, ``nodes 2, 4 to 7``."""
    found = list(runs(nodes))
    if len(found) == 1:
        return numbers(found[0])
    parts = [str(run.start) if len(run) == 1 else f"{run.start} to {run.stop - 1}" for run in found]
    return f"nodes {', '.join(parts)}"
