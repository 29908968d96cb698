"""The room for memory devices: whether there is space for one more, and at which address it comes to lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from sandbox.errors import QemuError
from sandbox.machine.refusals import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.backends import Backend
    from sandbox.machine.memory_map import DeviceMemory

UINT64: Final = (1 << 64) - 1


class Occupant(Protocol):
    """A memory device in its place, of whatever kind."""

    @property
    def id(self) -> str | None:
        """The device's id, or None."""

    @property
    def address(self) -> int:
        """Where it lies."""

    @property
    def size(self) -> int:
        """The bytes of addresses that it takes."""


def the_room(memory: DeviceMemory | None) -> DeviceMemory:
    """Return the room of a machine.

    Raises:
        QemuError: it has none.
    """
    if memory is None:
        raise QemuError(
            "the configuration is not prepared for memory devices (e.g., for memory hotplug), consider specifying the "
            "maxmem option"
        )
    return memory


def the_backend(backend: Backend | None) -> Backend:
    """Return the backend that a memory device was given.

    Raises:
        QemuError: it was given none.
    """
    if backend is None:
        raise QemuError("'memdev' property must be set")
    return backend


def find_place(
    memory: DeviceMemory, occupants: Sequence[Occupant], backend: Backend, size: int, asked: int, alignment: int = 0
) -> tuple[int, tuple[Notice, ...]]:
    """Return the address of a memory device, and QEMU's warnings.

    Args:
        memory: the room.
        occupants: the memory devices that are there already.
        backend: what the device is made of.
        size: the bytes of addresses that it takes.
        asked: the address asked for; 0: any.
        alignment: what its address must be a multiple of beside the backend's own alignment.

    Raises:
        QemuError: there is no place for it.

    Source: QEMU 10.0 behaviour.
    """
    used = sum(other.size for other in occupants)
    if used + size > memory.capacity:
        raise QemuError(
            f"not enough space, currently {used:#x} in use of total space for memory devices {memory.capacity:#x}"
        )
    if size % backend.alignment:
        raise QemuError(f"backend memory size must be multiple of {backend.alignment:#x}")
    alignment = max(alignment, backend.alignment)
    notices: tuple[Notice, ...] = ()
    if memory.base % alignment:
        words = (
            f"the alignment ({alignment:#x}) exceeds the expected maximum alignment, memory will get "
            "fragmented and not all 'maxmem' might be usable for memory devices."
        )
        notices = (Notice(words),)
    return _choose_address(asked, size, alignment, memory, occupants), notices


def _choose_address(asked: int, size: int, alignment: int, memory: DeviceMemory, occupants: Sequence[Occupant]) -> int:
    """Return the address asked for, or the lowest that is free."""
    end = memory.base + memory.size
    if asked % alignment:
        raise QemuError(f"address must be aligned to {alignment:#x} bytes")
    if asked and not memory.base <= asked <= end - size:
        raise QemuError(
            f"can't add memory device [{asked:#x}:{size:#x}], usable range for memory devices "
            f"[{memory.base:#x}:{memory.size:#x}]"
        )
    address = asked or _round_up(memory.base, alignment)
    if address + size > UINT64 + 1:
        raise QemuError("can't add memory device, device too big")
    for other in sorted(occupants, key=lambda occupant: occupant.address):
        if address < other.address + other.size and other.address < address + size:
            if asked:
                raise QemuError(f"address range conflicts with memory device id='{other.id or '(unnamed)'}'")
            address = _round_up(other.address + other.size, alignment)
    if address + size > end:
        raise QemuError(
            "could not find position in guest address space for memory device - memory fragmented due to alignments"
        )
    return address


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
