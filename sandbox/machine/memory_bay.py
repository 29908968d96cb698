"""The memory devices of a machine: modules, with their properties and QEMU's walking order, and those of virtio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from qom_types.common.backends import FileMemoryBackend, MemfdMemoryBackend, MemoryBackend
from sandbox.errors import QemuError
from sandbox.machine.backends import Backend, backend_alignment
from sandbox.machine.dimms import Dimm, DimmHost, DimmOptions, plug_dimm
from sandbox.machine.event_device import has_event_device
from sandbox.machine.pci.values import read_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.device_room import Occupant
    from sandbox.machine.pci.catalog import DeviceType
    from sandbox.machine.virtio_memory import VirtioMemory
    from sandbox.machine.virtio_memory_plug import VirtioMemoryPlug
    from sandbox.qom.tree import ObjectTree

PROPERTIES: Final[Mapping[str, str]] = {
    "memdev": "link<memory-backend>",
    "addr": "uint64",
    "node": "uint32",
    "slot": "int32",
    "realized": "bool",
}
READ_ONLY: Final = frozenset({"type", "parent_bus", "hotplugged", "hotpluggable", "size", "legacy-memdev"})
NVDIMM_PROPERTIES: Final[Mapping[str, str]] = {"label-size": "size", "unarmed": "bool", "uuid": "str", "pmem": "bool"}


class MemoryBay:
    """Plugs memory devices into a board: modules, and those of virtio, which are PCI devices.

    Attributes:
        board: the board.
        config: what the command line asks for.
        hotplugged: the paths of the modules that came after the machine had started.
    """

    def __init__(self, board: Board, config: MachineConfig) -> None:
        self.board = board
        self.config = config
        self.hotplugged: set[str] = set()
        self._plugged: dict[str, Dimm] = {}
        self._virtio: dict[str, VirtioMemory] = {}

    def plugged(self) -> Mapping[str, Dimm]:
        """Return the modules by their paths, the first plugged first."""
        return self._plugged

    def virtio(self) -> Mapping[str, VirtioMemory]:
        """Return the virtio-mem and virtio-pmem devices by their paths, the first plugged first."""
        return self._virtio

    def occupants(self) -> tuple[Occupant, ...]:
        """Return all memory devices."""
        return (*self._plugged.values(), *self._virtio.values())

    def virtio_plug(self, kind: DeviceType, device_id: str | None, where: str = "") -> VirtioMemoryPlug:
        """Return the steps in which a virtio-mem or virtio-pmem device is plugged in.

        Args:
            kind: its type.
            device_id: the user's id, or None.
            where: what stands before QEMU's warnings: the option and a colon, or nothing.
        """
        from sandbox.machine.virtio_memory_plug import VirtioMemoryPlug

        return VirtioMemoryPlug(self, kind, device_id, where)

    def take(self, path: str, device: VirtioMemory) -> None:
        """Keep a virtio-mem or virtio-pmem device that is there, or what has changed about it."""
        self._virtio[path] = device

    def check_removal(self, path: str) -> None:
        """Check that a virtio-mem or virtio-pmem device may be asked to go.

        Raises:
            QemuError: it may not.
        """
        from sandbox.machine.virtio_memory import check_removal

        check_removal(self._virtio[path])

    def leave(self, path: str) -> None:
        """Free the addresses and the backend of a device that has gone, if it had any."""
        gone = self._virtio.pop(path, None)
        backend = None if gone is None else self.board.tree.resolve(gone.backend)
        if backend is not None:
            cast("MemoryBackend", backend).in_use = False

    def plug(
        self,
        typename: str,
        options: Mapping[str, Any],
        path: str,
        *,
        from_json: bool = False,
        hotplugged: bool = False,
    ) -> None:
        """Plug in a module.

        Args:
            typename: ``pc-dimm`` or ``nvdimm``.
            options: its properties as given.
            path: its place in the tree, whose last part is the user's id where there is one.
            from_json: whether options have their JSON types; else all are text.
            hotplugged: whether the machine has started already.

        Raises:
            QemuError: it cannot be plugged in.
        """
        values = self._values(typename, options, from_json=from_json)
        backend = self.backend_named(values.get("memdev"))
        device_id = path.rpartition("/")[2] if path.startswith("/machine/peripheral/") else None
        asked = DimmOptions(
            id=device_id,
            is_nvdimm=typename == "nvdimm",
            memdev=None if backend is None else self.described(backend),
            addr=values.get("addr", 0),
            node=values.get("node", 0),
            slot=values.get("slot", -1),
            label_size=values.get("label-size"),
            unarmed=values.get("unarmed", False),
            is_hotplugged=hotplugged,
        )
        in_use = [
            found.name
            for found in self.board.tree.objects.children()
            if isinstance(found, MemoryBackend) and found.in_use
        ]
        dimm, notices = plug_dimm(
            asked, self._host(), tuple(self._plugged.values()), in_use, tuple(self._virtio.values())
        )
        if backend is not None:
            backend.in_use = True
        self._plugged[path] = dimm
        if hotplugged:
            self.hotplugged.add(path)
        self.board.notices += [f"{self.config.program}: warning: {notice.text}" for notice in notices]

    def in_walking_order(self, tree: ObjectTree) -> tuple[Dimm, ...]:
        """Return the modules in the order in which QEMU walks the devices."""
        walked = (found.path for found in tree.container("/machine").walk())
        return tuple(self._plugged[path] for path in walked if path in self._plugged)

    def _values(self, typename: str, options: Mapping[str, Any], *, from_json: bool) -> dict[str, Any]:
        known = {**PROPERTIES, **(NVDIMM_PROPERTIES if typename == "nvdimm" else {})}
        values = {}
        for name, value in options.items():
            if name in READ_ONLY:
                raise QemuError(f"Property '{typename}.{name}' is not writable")
            if name not in known:
                raise QemuError(f"Property '{typename}.{name}' not found")
            values[name] = read_value(typename, name, known[name], value, from_json=from_json)
        return values

    def backend_named(self, name: str | None) -> MemoryBackend | None:
        """Return the memory backend that the property ``memdev`` names; None for no name.

        Raises:
            QemuError: there is none, or several, or it is something else.
        """
        if not name:
            return None
        found = self.board.tree.resolve(name, "memory-backend")
        if found is not None:
            return cast("MemoryBackend", found)
        if self.board.tree.resolve_quietly(name, "object") is not None:
            raise QemuError("Invalid parameter type for 'memdev', expected: memory-backend")
        raise QemuError(f"Device '{name}' not found", "DeviceNotFound")

    def described(self, backend: MemoryBackend) -> Backend:
        """Return what placing a memory device needs to know of its backend."""
        align = backend.align if isinstance(backend, FileMemoryBackend) else 0
        huge = backend.hugetlbsize if isinstance(backend, MemfdMemoryBackend) and backend.hugetlb else 0
        is_rom = isinstance(backend, FileMemoryBackend) and backend.readonly and backend.rom != "off"
        return Backend(backend.name, backend.size, backend_alignment(backend.info.name, align, huge), is_rom)

    def _host(self) -> DimmHost:
        board, options = self.board, self.board.machine.options
        has_hotplug = options.get("acpi") != "off" if board.type.is_x86 else has_event_device(board, self.config)
        return DimmHost(
            machine=board.type,
            slots=board.memory.slots,
            memory=board.device_memory,
            node_count=len(board.numa.nodes),
            has_hotplug=has_hotplug,
            nvdimm_is_on=bool(options.get("nvdimm")),
            mte_is_on=bool(options.get("mte")),
        )
