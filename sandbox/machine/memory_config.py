"""``-m``: the size of RAM, and the room for memory devices beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.refusals import ConfigurationError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection

    from sandbox.machine.families import MachineType

GRANULE: Final = 8192
UINT64: Final = (1 << 64) - 1


@record
class MemoryConfig:
    """How much memory a machine has, in bytes.

    Attributes:
        ram_size: RAM at start.
        slots: how many memory modules can be added; 64 bits, so -1 is a large number.
        max_ram_size: the limit of RAM and memory devices together. It can lie below ``ram_size`` where
            ``-machine memory-backend`` gave the latter.
    """

    ram_size: int
    slots: int
    max_ram_size: int


def memory_config(
    machine: MachineType, size: int | None = None, max_size: int | None = None, slots: int | None = None
) -> MemoryConfig:
    """Complete and check the sizes that ``-m`` gives.

    Args:
        machine: the machine.
        size: bytes; None or 0: the machine's default.
        max_size: the value of ``maxmem``, bytes.
        slots: 64 bits, unsigned.

    Raises:
        ConfigurationError: the limit is below RAM, or slots are given without room for them.

    Source: QEMU 10.0 behaviour.
    """
    ram_size = -(-(size or machine.default_ram_size) // GRANULE) * GRANULE & UINT64
    if max_size is None:
        if slots is not None:
            raise ConfigurationError("slots specified but no max-size")
        return MemoryConfig(ram_size, 0, ram_size)
    if max_size < ram_size:
        raise ConfigurationError(
            f"invalid value of maxmem: maximum memory size ({max_size:#x}) must be at least the initial memory size "
            f"({ram_size:#x})"
        )
    if slots and max_size == ram_size:
        raise ConfigurationError(
            f"invalid value of maxmem: memory slots were specified but maximum memory size ({max_size:#x}) is equal to "
            f"the initial memory size ({ram_size:#x})"
        )
    return MemoryConfig(ram_size, slots or 0, max_size)


def with_ram_backend(memory: MemoryConfig, backend: str, backend_size: int | None, *, size_given: bool) -> MemoryConfig:
    """Return the sizes under ``-machine memory-backend``: without a size in ``-m``, RAM is as large as the backend.

    QEMU does this after it has made the backends, and leaves the limit as it was.

    Args:
        memory: the sizes so far.
        backend: the backend's id.
        backend_size: its size in bytes; None if there is no such backend.
        size_given: whether ``-m`` has a size other than 0.

    Raises:
        ConfigurationError: there is no such backend.

    Source: QEMU 10.0 behaviour.
    """
    if backend_size is None:
        raise ConfigurationError(f"Memory backend '{backend}' not found")
    return memory if size_given else MemoryConfig(backend_size, memory.slots, memory.max_ram_size)


def check_ram(
    machine: MachineType,
    memory: MemoryConfig,
    *,
    ram_backend_size: int | None,
    numa_uses_backends: bool,
    objects: Collection[str],
) -> None:
    """Check where RAM comes from: the first thing that QEMU does when it makes the machine.

    Args:
        machine: the machine.
        memory: its sizes.
        ram_backend_size: the size of the backend that ``-machine memory-backend`` names; None without one.
        numa_uses_backends: whether any ``-numa node`` has ``memdev=``.
        objects: the ids in ``/objects``.

    Raises:
        ConfigurationError: the backend has another size than RAM, or the id of QEMU's own RAM object is taken.

    Source: QEMU 10.0 behaviour.
    """
    if ram_backend_size is not None:
        if ram_backend_size != memory.ram_size:
            raise ConfigurationError("Machine memory size does not match the size of the memory backend")
    elif not numa_uses_backends and machine.default_ram_id in objects:
        name = machine.default_ram_id
        raise ConfigurationError(
            f"object's id '{name}' is reserved for the default RAM backend, it can't be used for any other purposes",
            hint="Change the object's 'id' to something else or disable automatic creation of the default RAM backend "
            f"by setting 'memory-backend={name}' with '-machine'.",
        )
