"""Memory modules of the command line: their properties, and the order in which SRAT lists the NVDIMMs among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from qom_types.common.backends import FileMemoryBackend, MemfdMemoryBackend, MemoryBackend
from sandbox.errors import QemuError
from sandbox.machine.backends import Backend, backend_alignment
from sandbox.machine.builtin_options import has_firmware
from sandbox.machine.dimms import Dimm, DimmHost, DimmOptions, plug_dimm
from sandbox.qapi.numbers import NumberError, read_bool, read_int64, read_size, read_uint64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.qom.tree import ObjectTree

PROPERTIES: Final[Mapping[str, str]] = {
    "memdev": "link",
    "addr": "uint64",
    "node": "uint32",
    "slot": "int32",
    "hotpluggable": "bool",
    "hotplugged": "bool",
    "realized": "bool",
}
NVDIMM_PROPERTIES: Final[Mapping[str, str]] = {"label-size": "size", "unarmed": "bool", "uuid": "str", "pmem": "bool"}


class ModuleBay:
    """Plugs memory modules into a board.

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

    def plugged(self) -> Mapping[str, Dimm]:
        """Return the modules by their paths, the first plugged first."""
        return self._plugged

    def plug(self, typename: str, options: Mapping[str, Any], path: str, *, hotplugged: bool = False) -> None:
        """Plug in a module.

        Args:
            typename: ``pc-dimm`` or ``nvdimm``.
            options: its properties as given.
            path: its place in the tree, whose last part is the user's id where there is one.
            hotplugged: whether the machine has started already.

        Raises:
            QemuError: it cannot be plugged in.
        """
        values = self._values(typename, options)
        backend = self._backend(values.get("memdev"))
        device_id = path.rpartition("/")[2] if path.startswith("/machine/peripheral/") else None
        asked = DimmOptions(
            id=device_id,
            is_nvdimm=typename == "nvdimm",
            memdev=None if backend is None else self._described(backend),
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
        dimm, notices = plug_dimm(asked, self._host(), tuple(self._plugged.values()), in_use)
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

    def _values(self, typename: str, options: Mapping[str, Any]) -> dict[str, Any]:
        known = {**PROPERTIES, **(NVDIMM_PROPERTIES if typename == "nvdimm" else {})}
        values = {}
        for name, value in options.items():
            if name not in known:
                raise QemuError(f"Property '{typename}.{name}' not found")
            values[name] = _read(name, value, known[name])
        return values

    def _backend(self, name: str | None) -> MemoryBackend | None:
        if name is None:
            return None
        found = self.board.tree.resolve_quietly(name, "memory-backend")
        if found is None:
            raise QemuError(f"Device '{name}' not found", "DeviceNotFound")
        return cast("MemoryBackend", found)

    def _described(self, backend: MemoryBackend) -> Backend:
        align = backend.align if isinstance(backend, FileMemoryBackend) else 0
        huge = backend.hugetlbsize if isinstance(backend, MemfdMemoryBackend) and backend.hugetlb else 0
        is_rom = isinstance(backend, FileMemoryBackend) and backend.readonly and backend.rom != "off"
        return Backend(backend.name, backend.size, backend_alignment(backend.info.name, align, huge), is_rom)

    def _host(self) -> DimmHost:
        board, options = self.board, self.board.machine.options
        has_hotplug = options.get("acpi") != "off"
        if not board.type.is_x86:
            is_booted = has_firmware(self.config, options)
            has_hotplug = has_hotplug and board.type.has_memory_hotplug and board.cpu.is_64bit and is_booted
        return DimmHost(
            machine=board.type,
            slots=board.memory.slots,
            memory=board.device_memory,
            node_count=len(board.numa.nodes),
            has_hotplug=has_hotplug,
            nvdimm_is_on=bool(options.get("nvdimm")),
            mte_is_on=bool(options.get("mte")),
        )


def _read(name: str, value: Any, kind: str) -> Any:
    """Return a property's value from its text; a value from JSON is taken as it is."""
    if not isinstance(value, str) or kind in ("link", "str"):
        return value
    if kind == "bool":
        switched = read_bool(value)
        if switched is None:
            raise QemuError(f"Parameter '{name}' expects 'on' or 'off'")
        return switched
    readers: Mapping[str, tuple[Callable[[str], int], str]] = {
        "uint64": (read_uint64, "integer"),
        "uint32": (read_uint64, "integer"),
        "int32": (read_int64, "integer"),
        "size": (read_size, "size"),
    }
    read, expected = readers[kind]
    try:
        number = read(value)
    except NumberError:
        raise QemuError(f"Parameter '{name}' expects {expected}") from None
    if kind == "uint32" and number > 0xFFFFFFFF:
        raise QemuError(f"Parameter '{name}' expects uint32_t")
    if kind == "int32" and not -(1 << 31) <= number < 1 << 31:
        raise QemuError(f"Parameter '{name}' expects int32_t")
    return number
