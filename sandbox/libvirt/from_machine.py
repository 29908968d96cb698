"""From a QEMU command line to a libvirt domain.

libvirt has its own ids, adds objects of its own, and passes devices through as ``vfio-pci`` only; what it cannot say is
left out, with a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import INITIATOR_TYPES
from sandbox.errors import InputError, MachineExit
from sandbox.libvirt.arguments import qemu_arguments
from sandbox.libvirt.backing import huge_pages
from sandbox.libvirt.bridges import MODELS, Bridges, with_free_chassis
from sandbox.libvirt.carry import with_details
from sandbox.libvirt.domain import Cell, Controller, Domain, Hostdev
from sandbox.libvirt.modules_of_machine import DRIVERS, modules_of
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.machine.machine import Machine
from sandbox.qapi.opts import parse_opts
from sandbox.records import record
from sandbox.translate.options import TYPENAME
from sandbox.translate.order import scrambled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.smp import SmpConfig

KIB: Final = 1024
PASSED_THROUGH: Final = "vfio-pci"
NEWEST_GIC: Final = "3"
"""What libvirt calls the newest interrupt controller; it has no ``max``."""
CXL_MEMORY: Final = "cxl-type3"
LEVELS: Final = ("sockets", "dies", "clusters", "cores", "threads")


@record
class Made:
    """A domain, and what it does not say, a sentence each."""

    domain: Domain
    notes: tuple[str, ...]


def domain_of(
    words: Sequence[str], dialect: str | None = None, name: str = "guest", source: Domain | None = None
) -> Made:
    """Return the domain of a command line in a merged dialect.

    Args:
        words: QEMU's words.
        dialect: the dialect; None: it follows from the objects.
        name: the domain's name where ``-name`` gives none.
        source: the domain that the words were made of, whose details are kept.

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
    return _Maker(config, machine, name).made(source)


class _Maker:
    """Goes through a machine's devices once."""

    def __init__(self, config: MachineConfig, machine: Machine, name: str) -> None:
        self.config = config
        self.machine = machine
        self.board: Board = machine.board
        self.name = name
        self.notes: list[str] = []
        self.bridges = Bridges(machine, self.notes)

    def made(self, source: Domain | None) -> Made:
        controllers, hostdevs = self.devices()
        domain = self.domain(controllers, hostdevs)
        if source is not None:
            domain = with_details(domain, source)
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
        gic = NEWEST_GIC if gic == "max" else gic
        pages, note = huge_pages(self.config)
        self.notes += [note] * bool(note)
        return Domain(
            name=self.name_of_machine() or self.name,
            arch=board.type.architecture,
            machine=self.config.machine_type or board.type.family,
            memory=memory.ram_size // KIB,
            vcpus=smp.max_cpus,
            kvm=self.config.uses_host_cpu,
            started_vcpus=smp.cpus if smp.cpus != smp.max_cpus else None,
            max_memory=memory.max_ram_size // KIB if has_room else None,
            slots=memory.slots if has_room else 0,
            topology=tuple((level, count) for level, count in self.levels(smp) if self.has_level(level, given)),
            cpu=(self.config.cpu or "").split(",")[0],
            huge_pages=pages,
            acpi=options.get("acpi") != "off",
            gic=gic,
            cells=tuple(self.cells()),
            controllers=tuple(controllers),
            hostdevs=tuple(hostdevs),
            iothreads=tuple(range(1, threads + 1)),
            modules=tuple(modules_of(self.machine, self.bridges, self.notes)),
            rngs=tuple(rngs),
        )

    def name_of_machine(self) -> str:
        """Return what ``-name`` says, without what a domain's name cannot have; "" if it says nothing."""
        values = [option.value or "" for option in self.config.command_line.options if option.name == "name"]
        if not values:
            return ""
        return str(dict(parse_opts(values[-1], "guest")).get("guest", "")).strip().replace("/", "-")

    def levels(self, smp: SmpConfig) -> Iterator[tuple[str, int]]:
        """Give the levels of the topology that libvirt knows, with its modules, which it does not know, as cores."""
        for level in LEVELS:
            yield level, getattr(smp, level) * (smp.modules if level == "cores" else 1)
        if smp.modules > 1:
            self.notes.append(f"libvirt has no modules: the cores of {smp.modules} modules are given as one")

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
        for given in self.config.devices:
            driver, name = str(given.values["driver"]), given.values.get("id")
            it = self.device_of(name)
            device = it.device if it is not None else None
            if it is None or device is None:
                if name is not None or not driver.startswith(PASSED_THROUGH):
                    self.note_left_out(driver, name)
            elif device.typename in MODELS:
                controllers.append(self.bridges.controller(device))
            elif device.typename.startswith(PASSED_THROUGH):
                hostdevs.append(self.hostdev(device, initiators.pop(it.path, ())))
            elif it.path in initiators:
                del initiators[it.path]
                self.notes.append(
                    f"{device.id} and its initiators are left out: libvirt gives initiators to hostdevs only"
                )
            else:
                self.note_left_out(device.typename, device.id)
        for path, device in self.nameless_hostdevs():
            hostdevs.append(self.hostdev(device, initiators.pop(path, ())))
        for name in initiators:
            self.notes.append(
                f"{name.rpartition('/')[2]} and its initiators are left out: libvirt gives initiators to hostdevs only"
            )
        self.note_the_rest()
        return with_free_chassis(sorted(controllers, key=lambda it: it.index)), hostdevs

    def nameless_hostdevs(self) -> list[tuple[str, PciDevice]]:
        """Return the devices of the host that have no id, with their paths, in the order of their addresses there."""
        found = [
            (it.path, it.device)
            for it in self.machine.tree.root.walk()
            if isinstance(it, PciDeviceObject) and it.device is not None and it.device.id is None
        ]
        passed = [it for it in found if it[1].typename.startswith(PASSED_THROUGH)]
        return sorted(passed, key=lambda it: str(it[1].properties.get("host", "")))

    def note_left_out(self, driver: str, name: object) -> None:
        what = f"{name} ({driver})" if name is not None else f"{driver} without an id"
        if driver in DRIVERS:
            return
        if driver == CXL_MEMORY:
            self.notes.append(f"{what} is left out: libvirt has no CXL memory, and SRAT does not name this one")
        elif driver not in INITIATOR_TYPES:
            self.notes.append(f"{what} is left out: no initiator needs it")

    def note_the_rest(self) -> None:
        if any(it.values["qom-type"] == "acpi-generic-port" for it in self.config.objects):
            self.notes.append("Generic Ports are left out: libvirt has none")
        if self.machine.tables().hmat is not None:
            self.notes.append(
                "HMAT is left out: libvirt's <interconnects> and <cache> make one, in which only nodes with CPUs can "
                "be initiators"
            )

    def initiators(self) -> dict[str, tuple[int, ...]]:
        """Return the nodes of each device, ascending, by its path."""
        found: dict[str, tuple[int, ...]] = {}
        for given in self.config.objects:
            if given.values["qom-type"] != TYPENAME:
                continue
            device = self.machine.tree.resolve_quietly(given.values["pci-dev"], "pci-device")
            name = device.path if device is not None else given.values["pci-dev"]
            found[name] = tuple(sorted({*found.get(name, ()), given.values["node"]}))
        return found

    def device_of(self, name: object) -> PciDeviceObject | None:
        found = self.machine.device_of_id(name) if isinstance(name, str) else None
        return found if isinstance(found, PciDeviceObject) else None

    def hostdev(self, device: PciDevice, nodes: tuple[int, ...]) -> Hostdev:
        if device.typename != PASSED_THROUGH:
            name = device.id or device.typename
            self.notes.append(f"{name}: libvirt passes devices through as {PASSED_THROUGH}, not {device.typename}")
        host = _host(str(device.properties.get("host", device.properties.get("sysfsdev", ""))))
        rombar = device.properties.get("rombar")
        return Hostdev(
            host,
            nodes,
            self.bridges.address(device),
            rom_bar=rombar is None or rombar in (1, True),
            iommufd="iommufd" in device.properties,
        )

    def note_order(self, domain: Domain) -> None:
        """Say in which order the nodes come with libvirt's ids."""
        if not any(hostdev.nodes for hostdev in domain.hostdevs):
            return
        dialect = self.config.dialect.name
        try:
            made = Machine(parse_arguments(qemu_arguments(domain, dialect).words, dialect)).tables()
        except MachineExit as end:
            self.notes.append(f"QEMU does not start with what libvirt makes of it: {end.stderr}")
            return
        listed = scrambled(made)
        if listed:
            self.notes.append(
                f"libvirt names the objects itself: in SRAT their nodes come as {listed}, and Linux numbers them in "
                "that order"
            )


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
