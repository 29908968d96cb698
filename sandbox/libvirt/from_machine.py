"""From a QEMU command line to a libvirt domain.

libvirt has its own ids, adds objects of its own, and passes devices through as ``vfio-pci`` only; what it cannot say is
left out, with a note.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from qom_types.dialects import INITIATOR_TYPES
from sandbox.acpi.srat import GenericInitiatorAffinity
from sandbox.errors import InputError, MachineExit
from sandbox.libvirt.arguments import qemu_arguments
from sandbox.libvirt.domain import DRIVERS, Address, Cell, Controller, Domain, Hostdev
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.machine.machine import Machine
from sandbox.records import record
from sandbox.translate.options import TYPENAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.pci.bus import PciBus, PciDevice

KIB: Final = 1024
MODELS: Final = {driver: model for model, driver in DRIVERS.items()} | {"ioh3420": "pcie-root-port"}
USUAL: Final = frozenset(DRIVERS.values())
PASSED_THROUGH: Final = "vfio-pci"
LEVELS: Final = ("sockets", "dies", "clusters", "cores", "threads")


@record
class Made:
    """A domain, and what it does not say, a sentence each."""

    domain: Domain
    notes: tuple[str, ...]


def domain_of(words: Sequence[str], dialect: str | None = None, name: str = "guest") -> Made:
    """Return the domain of a command line in a merged dialect.

    Raises:
        InputError: the dialect is v2, or QEMU does not start with these words.
    """
    try:
        config = parse_arguments(words, dialect)
        if config.dialect.family != "merged":
            raise InputError(
                f"the command line is in dialect {config.dialect.name}: translate it to a merged one first"
            )
        machine = Machine(config)
    except MachineExit as end:
        raise InputError(f"QEMU does not start with this command line: {end.stderr}") from None
    return _Maker(config, machine, name).made()


class _Maker:
    """Goes through a machine's devices once."""

    def __init__(self, config: MachineConfig, machine: Machine, name: str) -> None:
        self.config = config
        self.machine = machine
        self.board: Board = machine.board
        self.name = name
        self.notes: list[str] = []
        self.indexes: dict[str, int] = {}

    def made(self) -> Made:
        controllers, hostdevs = self.devices()
        domain = self.domain(controllers, hostdevs)
        self.note_order(domain)
        return Made(domain, tuple(self.notes))

    def domain(self, controllers: Sequence[Controller], hostdevs: Sequence[Hostdev]) -> Domain:
        board, smp = self.board, self.board.smp
        options = board.machine.options
        given = options.get("smp") or {}
        memory = board.memory
        has_room = memory.max_ram_size > memory.ram_size
        rngs = [it.values["qom-type"] for it in self.config.objects if it.values["qom-type"].startswith("rng-")]
        threads = sum(it.values["qom-type"] == "iothread" for it in self.config.objects)
        gic = str(options.get("gic-version", ""))
        return Domain(
            name=self.name,
            arch=board.type.architecture,
            machine=self.config.machine_type or board.type.family,
            memory=memory.ram_size // KIB,
            vcpus=smp.max_cpus,
            kvm=self.config.uses_host_cpu,
            started_vcpus=smp.cpus if smp.cpus != smp.max_cpus else None,
            max_memory=memory.max_ram_size // KIB if has_room else None,
            slots=memory.slots if has_room else 0,
            topology=tuple((level, getattr(smp, level)) for level in LEVELS if self.has_level(level, given)),
            cpu=(self.config.cpu or "").split(",")[0],
            acpi=options.get("acpi") != "off",
            gic=gic if gic.isdecimal() else "",
            cells=tuple(self.cells()),
            controllers=tuple(controllers),
            hostdevs=tuple(hostdevs),
            iothreads=tuple(range(1, threads + 1)),
            rngs=tuple(rngs),
        )

    def has_level(self, level: str, given: object) -> bool:
        """Whether the topology names that level: libvirt takes all of them or none."""
        if level in ("dies", "clusters"):
            return isinstance(given, dict) and level in given
        return True

    def cells(self) -> Iterable[Cell]:
        numa = self.board.numa
        for node in numa.nodes:
            cpus = tuple(cpu for cpu, pxm in enumerate(numa.cpu_nodes) if pxm == node.pxm)
            rows = numa.distances
            distances = tuple(enumerate(rows[node.pxm])) if rows is not None else ()
            yield Cell(node.pxm, node.memory // KIB, cpus, distances)

    def devices(self) -> tuple[list[Controller], list[Hostdev]]:
        """Return controllers and devices of the host, in the order of the command line."""
        initiators = self.initiators()
        express = self.board.type.family != "pc"
        controllers = [Controller(0, "pcie-root" if express else "pci-root")]
        hostdevs: list[Hostdev] = []
        for found in self.machine.tree.root.walk():
            device = found.device if isinstance(found, PciDeviceObject) else None
            if device is not None and device.typename in MODELS and device.id is not None:
                self.indexes[device.id] = len(self.indexes) + 1
        for given in self.config.devices:
            device = self.device_of(given.values.get("id"))
            if device is None:
                if given.values["driver"] not in INITIATOR_TYPES:
                    self.notes.append(f"{given.values['driver']} without an id is left out: no initiator needs it")
                continue
            if device.typename in MODELS:
                controllers.append(self.controller(device))
            elif device.typename.startswith(PASSED_THROUGH):
                hostdevs.append(self.hostdev(device, initiators.pop(str(device.id), ())))
            elif device.id in initiators:
                del initiators[device.id]
                self.notes.append(
                    f"{device.id} and its initiators are left out: libvirt gives initiators to hostdevs only"
                )
            else:
                self.notes.append(f"{device.id} ({device.typename}) is left out: no initiator needs it")
        for name in initiators:
            self.notes.append(f"the initiators of {name} are left out: it has no id")
        if any(it.values["qom-type"] == "acpi-generic-port" for it in self.config.objects):
            self.notes.append("Generic Ports are left out: libvirt has none")
        return sorted(controllers, key=lambda it: it.index), hostdevs

    def initiators(self) -> dict[str, tuple[int, ...]]:
        """Return the nodes of each device, ascending."""
        found: dict[str, tuple[int, ...]] = {}
        for given in self.config.objects:
            if given.values["qom-type"] != TYPENAME:
                continue
            device = self.machine.tree.resolve_quietly(given.values["pci-dev"], "pci-device")
            name = device.name if device is not None else given.values["pci-dev"]
            found[name] = tuple(sorted({*found.get(name, ()), given.values["node"]}))
        return found

    def device_of(self, name: object) -> PciDevice | None:
        found = self.machine.device_of_id(name) if isinstance(name, str) else None
        return found.device if isinstance(found, PciDeviceObject) else None

    def controller(self, device: PciDevice) -> Controller:
        values = device.properties
        chassis = values.get("chassis", values.get("chassis_nr"))
        hotplug = values.get("hotplug")
        return Controller(
            index=self.indexes[str(device.id)],
            model=MODELS[device.typename],
            address=self.address(device),
            chassis=chassis if isinstance(chassis, int) else None,
            port=_integer(values.get("port")),
            bus_number=_integer(values.get("bus_nr")),
            node=_integer(values.get("numa_node")),
            hotplug=hotplug if isinstance(hotplug, bool) else None,
            name="" if device.typename in USUAL else device.typename,
        )

    def hostdev(self, device: PciDevice, nodes: tuple[int, ...]) -> Hostdev:
        if device.typename != PASSED_THROUGH:
            self.notes.append(f"{device.id}: libvirt passes devices through as {PASSED_THROUGH}, not {device.typename}")
        host = _host(str(device.properties.get("host", device.properties.get("sysfsdev", ""))))
        rombar = device.properties.get("rombar")
        return Hostdev(
            host,
            nodes,
            self.address(device),
            rom_bar=rombar is None or rombar in (1, True),
            iommufd="iommufd" in device.properties,
        )

    def address(self, device: PciDevice) -> Address:
        bus = self.index_of(device.bus)
        return Address(bus, device.devfn >> 3, device.devfn & 7, multifunction=device.announces_functions)

    def index_of(self, bus: PciBus) -> int:
        if bus.parent is None:
            return 0
        index = self.indexes.get(str(bus.parent.id))
        if index is None:
            raise InputError(f"the {bus.parent.typename} above bus '{bus.name}' has no id, which libvirt needs")
        return index

    def note_order(self, domain: Domain) -> None:
        """Say in which order the nodes come with libvirt's ids."""
        if not any(hostdev.nodes for hostdev in domain.hostdevs):
            return
        try:
            made = Machine(parse_arguments(qemu_arguments(domain).words, self.config.dialect.name)).tables()
        except MachineExit as end:
            self.notes.append(f"QEMU does not start with what libvirt makes of it: {end.stderr}")
            return
        entries = made.decoded_srat().entries if made.srat is not None else ()
        nodes = [entry.pxm for entry in entries if isinstance(entry, GenericInitiatorAffinity)]
        if any(one > other for one, other in pairwise(nodes)):
            listed = " ".join(map(str, nodes))
            self.notes.append(f"libvirt names the objects itself: in SRAT their nodes come as {listed}")


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _host(text: str) -> str:
    """Return a host's address with its segment."""
    address = text.rstrip("/").rpartition("/")[2]
    parts = address.replace(".", ":").split(":")
    if len(parts) == 3:
        parts = ["0", *parts]
    try:
        numbers = [int(part, 16) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        raise InputError(f"'{text}' is no PCI address of the host")
    return f"{numbers[0]:04x}:{numbers[1]:02x}:{numbers[2]:02x}.{numbers[3]:x}"
