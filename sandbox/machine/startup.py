"""What QEMU does from its options to a board with CPUs and memory, in QEMU's order, so that the same fault comes first.

Machine type, early objects, machine properties, late objects, NUMA options; then the board: RAM, nodes, memory map.
Devices come after that, in :mod:`sandbox.machine.devices`.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, cast

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.arguments import TARGETS, target_of
from sandbox.machine.backend_names import backend_names
from sandbox.machine.board import Board, backend_size_of, cxl_windows, virt_options
from sandbox.machine.cpu_models import check_cpu_model, cpu_model, parse_cpu
from sandbox.machine.cpu_nodes import split_cluster_notices
from sandbox.machine.cpus import check_apic_ids, check_gic_cpus, gic_version, possible_cpus
from sandbox.machine.families import MachineType, machine_type
from sandbox.machine.machine_types import MachineObject, machine_types
from sandbox.machine.memory_config import MemoryConfig, check_ram, memory_config, with_ram_backend
from sandbox.machine.nodes import complete_numa
from sandbox.machine.numa import read_numa_options
from sandbox.machine.properties import set_machine_options
from sandbox.machine.refusals import ConfigurationError, NumaOptionError
from sandbox.machine.smp import smp_config
from sandbox.qom.tree import ObjectTree
from sandbox.qom.user_creatable import object_add

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qom_types.common.backends import MemoryBackend
    from sandbox.machine.arguments import Option
    from sandbox.machine.config import Given, MachineConfig
    from sandbox.machine.numa import NumaOptions
    from sandbox.machine.refusals import Notice

FIRST_OBJECTS: Final = frozenset({"thread-context"})
"""Types that QEMU makes before all others, since it gives up the right to bind threads after that."""

LATE_OBJECTS: Final = ("memory-backend-", "filter-", "monitor-", "rng-egd", "qtest", "cryptodev-vhost-user")
"""Beginnings of the types that QEMU makes after it has set the machine's properties."""

GICV2: Final = 2

FIRST_TCG_ITS: Final = (6, 2)
"""The first virt whose version 3 interrupt controller takes message signalled interrupts without KVM."""


def is_late(typename: str) -> bool:
    """Whether QEMU makes a command-line object of that type after it has set the machine's properties."""
    return typename.startswith(LATE_OBJECTS)


def start_up(config: MachineConfig) -> Board:
    """Make the board that a configuration asks for.

    Raises:
        MachineExit: QEMU would end here; the message is QEMU's.
        UnmodelledError: QEMU has what is asked for, but the sandbox does not.
    """
    return _StartUp(config).run()


class _StartUp:
    """Goes through the phases of a start, one method each."""

    def __init__(self, config: MachineConfig) -> None:
        self.config = config
        self.notices: list[str] = []

    def run(self) -> Board:
        try:
            return self.phases()
        except NumaOptionError as error:
            self.note(error.notices)
            self.fail(error, self.config.numa[error.index].option)
        except ConfigurationError as error:
            self.note(error.notices)
            self.fail(error)
        except QemuError as error:
            self.fail(error)

    def fail(self, error: QemuError, option: Option | None = None) -> NoReturn:
        """End the machine; what was said before stands ahead of the message.

        Raises:
            MachineExit: always.
        """
        try:
            self.config.command_line.fail(error, option)
        except MachineExit as end:
            raise MachineExit("\n".join((*self.notices, end.stderr)), end.status) from error

    def phases(self) -> Board:
        config = self.config
        architecture = TARGETS.get(target_of(config.program))
        kind = machine_type(config.machine_type, architecture, config.dialect.qemu_version[:2])
        tree, machine = self.make_tree(kind)
        self.make_objects(tree, early=True)
        self.note(set_machine_options(machine, config, kind))
        smp = smp_config(kind, machine.options.get("smp") or {})
        memory = memory_config(
            kind, config.memory.get("size"), config.memory.get("max-size"), config.memory.get("slots")
        )
        self.note(smp.notices)
        if kind.deprecation_warning:
            self.say(f"warning: {kind.deprecation_warning}")
        self.make_objects(tree, early=False)
        for monitor in config.monitors:
            monitor.place(tree)
        check_cpu_model(kind, parse_cpu(config.cpu or kind.default_cpu)[0], host_decides=config.uses_host_cpu)
        ram_backend = machine.options.get("memory-backend") or None
        backend_size = None
        if ram_backend is not None:
            backend_size = backend_size_of(tree, ram_backend)
            memory = with_ram_backend(memory, ram_backend, backend_size, size_given=bool(config.memory.get("size")))
        slots = possible_cpus(kind, smp)
        options = read_numa_options(
            [given.values for given in config.numa],
            kind,
            slots,
            hmat=bool(machine.options.get("hmat")),
            backend_size=lambda name: backend_size_of(tree, name),
            generic_initiators=machine.initiators,
        )
        self.provide_ram(tree, kind, memory, options, ram_backend, backend_size)
        numa = complete_numa(options, kind, memory, slots, ram_backend=ram_backend)
        machine.node_count = len(numa.nodes)
        self.note(numa.notices)
        self.note(split_cluster_notices(kind, slots, numa.cpu_nodes, len(numa.nodes)))
        cpu = cpu_model(kind, config.cpu, host_decides=config.uses_host_cpu)
        board = Board(kind, tree, machine, smp, slots, cpu, memory, numa, notices=self.notices)
        self.lay_out_memory(board)
        for node in numa.nodes:
            if node.backend is not None:
                self.take_backend(tree, node.backend)
        return board

    def make_tree(self, kind: MachineType) -> tuple[ObjectTree, MachineObject]:
        """Make the tree with ``/machine`` and the containers that are there from the start."""
        registry = self.config.dialect.registry(is_x86=kind.is_x86)
        for info in machine_types(f"{kind.name}-machine", kind.family):
            registry.register(info)
        for plugin in self.config.plugins:
            registry.register(plugin.info)
        tree = ObjectTree(registry)
        for name in self.config.dialect.root_containers:
            tree.container(f"/{name}")
        machine = cast("MachineObject", tree.new(f"{kind.name}-machine"))
        backend_names(machine, self.config.command_line.options)
        tree.root.add_child("machine", machine)
        for name in ("chardevs", "objects", *(("backend",) if kind.is_x86 else ())):
            tree.container(f"/{name}")
        for name in ("unattached", "peripheral", "peripheral-anon"):
            tree.container(f"/machine/{name}")
        return tree, machine

    def make_objects(self, tree: ObjectTree, *, early: bool) -> None:
        """Make the command-line objects of one of the two phases, in order but for those that come first."""
        for given in sorted(self.config.objects, key=lambda given: given.values["qom-type"] not in FIRST_OBJECTS):
            typename = given.values["qom-type"]
            if is_late(typename) != early:
                self.make_object(tree, given)

    def make_object(self, tree: ObjectTree, given: Given) -> None:
        members = dict(given.values)
        typename, object_id = members.pop("qom-type"), members.pop("id")
        object_add(tree, typename, object_id, members, failure_may_resize=self.config.dialect.failure_may_resize)

    def provide_ram(
        self,
        tree: ObjectTree,
        kind: MachineType,
        memory: MemoryConfig,
        options: NumaOptions,
        ram_backend: str | None,
        backend_size: int | None,
    ) -> None:
        """Check where RAM comes from, and make QEMU's own RAM object where nothing else is RAM."""
        check_ram(
            kind,
            memory,
            ram_backend_size=backend_size,
            numa_uses_backends=options.uses_backends,
            objects=list(tree.objects.instance),
        )
        if ram_backend is not None:
            self.take_backend(tree, ram_backend)
        elif not options.uses_backends:
            has_path = any(option.name == "mem-path" for option in self.config.command_line.options)
            typename = "memory-backend-file" if has_path else "memory-backend-ram"
            ram = object_add(tree, typename, kind.default_ram_id, {"size": memory.ram_size})
            cast("MemoryBackend", ram).in_use = True

    def take_backend(self, tree: ObjectTree, name: str) -> None:
        found = tree.resolve_quietly(name, "memory-backend")
        if found is not None:
            cast("MemoryBackend", found).in_use = True

    def lay_out_memory(self, board: Board) -> None:
        """Check CPUs against the board and place RAM and the room for memory devices."""
        options = board.machine.options
        if board.type.is_x86:
            from sandbox.machine.pc_memory import pc_memory

            below = options.get("max-ram-below-4g") or 0
            check_apic_ids(board.type, board.slots, board.smp, board.cpu)
            board.pc = pc_memory(
                board.type,
                board.memory,
                board.cpu,
                max_ram_below_4g=below,
                pci_window=self.config.pci_window,
                cxl_windows=cxl_windows(options) if options.get("cxl") else None,
            )
            self.note(board.pc.notices)
            board.device_memory = board.pc.device_memory
            return
        from sandbox.machine.virt_memory import virt_memory

        requested = options.get("gic-version")
        if requested == "host" and self.config.uses_host_cpu:
            requested = "max"
        layout = virt_memory(board.type, board.memory, board.cpu, virt_options(options))
        gic = gic_version(requested, board.smp.max_cpus, virtualization=bool(options.get("virtualization")))
        check_gic_cpus(board.smp.max_cpus, gic, high_redistributors=layout.high_redistributors)
        board.device_memory = layout.device_memory
        board.high_ecam = layout.high_ecam
        has_its = options.get("its", True) and (board.type.version >= FIRST_TCG_ITS or self.config.uses_host_cpu)
        board.gic_has_msi = gic == GICV2 or has_its

    def note(self, notices: Iterable[Notice]) -> None:
        """Keep what QEMU writes to stderr."""
        for notice in notices:
            option = None if notice.numa_option is None else self.config.numa[notice.numa_option].option
            where = f"{option.text}: " if option else ""
            self.say(f"{where}{'warning: ' if notice.is_warning else ''}{notice.text}")

    def say(self, text: str) -> None:
        self.notices.append(f"{self.config.program}: {text}")
