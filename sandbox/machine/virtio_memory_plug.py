"""Plugging a virtio-mem or virtio-pmem device: its steps beside those of every PCI device.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from qom_types.common.backends import FileMemoryBackend, MemfdMemoryBackend
from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.builtin_options import globals_of
from sandbox.machine.device_room import find_place, the_backend, the_room
from sandbox.machine.virtio_memory import (
    FIRST_INACCESSIBLE,
    HUGE_PAGE,
    PAGE,
    VIRTIO_MEM,
    VIRTIO_PMEM,
    Source,
    VirtioMemOptions,
    VirtioMemory,
    check_block_size,
    check_mem,
    check_pmem,
    discard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qom_types.common.backends import MemoryBackend
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.families import MachineType
    from sandbox.machine.memory_bay import MemoryBay
    from sandbox.machine.pci.bus import PciDevice
    from sandbox.machine.pci.catalog import DeviceType
    from sandbox.machine.refusals import Notice

FIRST_TO_TELL_OF_FULL_BUSES: Final = (10, 1)


class VirtioMemoryPlug:
    """The steps of one device.

    Args:
        bay: where it is plugged in.
        kind: its type.
        device_id: the user's id, or None.
        where: what stands before QEMU's warnings: the option and a colon, or nothing.

    Raises:
        UnmodelledError: ``-global`` gives such devices other properties.
    """

    def __init__(self, bay: MemoryBay, kind: DeviceType, device_id: str | None, where: str = "") -> None:
        self._bay = bay
        self._kind = VIRTIO_PMEM if kind.is_a("virtio-pmem-pci") else VIRTIO_MEM
        self._id = device_id
        self._where = where
        self._memdev: MemoryBackend | None = None
        self._source: Source | None = None
        self._options = VirtioMemOptions()
        self._address = 0
        self._inaccessible = "on"
        for (driver, name), value in globals_of(bay.config):
            if driver in (self._kind, f"{self._kind}-pci", f"{self._kind}-pci-base"):
                raise UnmodelledError(f"-global {driver}.{name}={value} is not modelled: give it to the device itself")

    def accept(self, name: str, value: object) -> None:
        """Look at the value of a property as it is set."""
        if name == "memdev":
            self._memdev = self._bay.backend_named(str(value))
        elif name == "block-size" and isinstance(value, int):
            check_block_size(value)

    def prepare(self, properties: Mapping[str, object]) -> None:
        """Find a place in the room for memory devices."""
        given = cast("Mapping[str, int]", properties)
        room = the_room(self._bay.board.device_memory)
        described = None if self._memdev is None else self._bay.described(self._memdev)
        backend = the_backend(described)
        source = _source(cast("MemoryBackend", self._memdev), self._bay)
        block = given.get("block-size", 0)
        alignment = (block or source.default_block) if self._kind == VIRTIO_MEM else 0
        self._address, notices = find_place(
            room, self._bay.occupants(), backend, backend.size, given.get("memaddr", 0), alignment
        )
        self._note(notices)
        self._source = source
        self._options = VirtioMemOptions(
            node=given.get("node", 0),
            block_size=block,
            requested_size=given.get("requested-size", 0),
            memaddr=self._address,
            inaccessible=str(properties.get("unplugged-inaccessible", self._usual_inaccessible())),
            dynamic_memslots=bool(properties.get("dynamic-memslots")),
            locks_memory=locks_memory(self._bay.config),
        )

    def check(self) -> None:
        """Look at the backend and at the properties that must fit to it."""
        if self._source is None:
            return
        if self._kind == VIRTIO_PMEM:
            check_pmem(self._source)
            return
        node_count = len(self._bay.board.numa.nodes)
        self._inaccessible, notices = check_mem(self._options, self._source, node_count)
        self._note(notices)
        self._note(discard(self._source))
        if self._source.is_readonly_file:
            raise QemuError("Unexpected error discarding RAM: Operation not permitted")

    def settle(self, device: PciDevice) -> None:
        """Take the memory and the addresses."""
        if self._memdev is None or self._source is None:
            return
        self._memdev.in_use = True
        options = self._options
        is_mem = self._kind == VIRTIO_MEM
        self._bay.take(
            device.path,
            VirtioMemory(
                id=self._id,
                kind=self._kind,
                backend=self._memdev.path,
                address=self._address,
                size=self._memdev.size,
                node=options.node,
                block_size=(options.block_size or self._source.default_block) if is_mem else 0,
                requested_size=options.requested_size,
                inaccessible=self._inaccessible,
            ),
        )

    def _usual_inaccessible(self) -> str:
        kind = self._bay.board.type
        return "off" if kind.is_x86 and kind.version < FIRST_INACCESSIBLE else "on"

    def _note(self, notices: Iterable[Notice]) -> None:
        program = self._bay.config.program
        for notice in notices:
            word = "warning: " if notice.is_warning else ""
            self._bay.board.notices.append(f"{program}: {self._where}{word}{notice.text}")


def refuse_bare(typename: str, options: Mapping[str, Any], machine: MachineType) -> NoReturn:
    """Refuse a virtio-mem or virtio-pmem without its PCI device: a PC has no bus for it.

    QEMU after 10.0 says something else where the machine has virtio devices.

    Raises:
        QemuError: QEMU does so.
        UnmodelledError: QEMU may take it.
    """
    if machine.is_x86 and "bus" not in options and machine.qemu < FIRST_TO_TELL_OF_FULL_BUSES:
        raise QemuError(f"No 'virtio-bus' bus found for device '{typename}'")
    raise UnmodelledError(f"-device {typename} is not modelled; {typename}-pci is, where QEMU has it")


def locks_memory(config: MachineConfig) -> bool:
    """Whether ``-overcommit mem-lock`` keeps a machine's memory in the host's RAM."""
    words = [option.value or "" for option in config.command_line.options if option.name == "overcommit"]
    return any(part in ("mem-lock", "mem-lock=on", "mem-lock=yes") for text in words for part in text.split(","))


def claims_memory(config: MachineConfig) -> bool:
    """Whether ``-mem-prealloc`` has every backend claim its memory from the host at the start."""
    return any(option.name == "mem-prealloc" for option in config.command_line.options)


def _source(found: MemoryBackend, bay: MemoryBay) -> Source:
    """Return a backend as virtio-mem looks at it."""
    is_file = isinstance(found, FileMemoryBackend)
    page = PAGE
    if isinstance(found, MemfdMemoryBackend) and found.hugetlb:
        page = found.hugetlbsize or HUGE_PAGE
    described = bay.described(found)
    return Source(
        described,
        is_busy=found.in_use,
        prealloc=found.prealloc or claims_memory(bay.config),
        page_size=page,
        has_zero_page=found.info.name == "memory-backend-ram" and not found.share,
        is_file=is_file,
        share=found.share,
        is_readonly_file=isinstance(found, FileMemoryBackend) and found.readonly and not described.is_rom,
    )
