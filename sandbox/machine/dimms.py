"""Memory modules: whether a ``pc-dimm`` or ``nvdimm`` can be plugged in, and at which address it comes to lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.device_room import UINT64, find_place, the_backend, the_room
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.machine.backends import Backend
    from sandbox.machine.device_room import Occupant
    from sandbox.machine.families import MachineType
    from sandbox.machine.memory_map import DeviceMemory
    from sandbox.machine.refusals import Notice

LEAST_LABEL_SIZE: Final = 0x20000
ANY_SLOT: Final = -1


@record
class Dimm:
    """A memory module in its place.

    Attributes:
        id: the device's id, or None.
        is_nvdimm: whether it is an NVDIMM.
        backend: the id of its memory backend.
        address: where it lies.
        size: bytes that the guest sees.
        slot: its slot, counted from 0.
        node: its NUMA node.
    """

    id: str | None
    is_nvdimm: bool
    backend: str
    address: int
    size: int
    slot: int
    node: int

    @property
    def plugged_size(self) -> int:
        """The bytes that the guest has of it."""
        return self.size


@record
class DimmOptions:
    """The properties of ``-device pc-dimm`` and ``-device nvdimm``.

    Attributes:
        id: the device's id, or None.
        is_nvdimm: which of the two it is.
        memdev: the memory backend, or None where the property is not given.
        addr: the address; 0: any.
        node: the NUMA node, 32 bits.
        slot: the slot, 32 bits, signed; :data:`ANY_SLOT`: any.
        label_size: bytes at the backend's end that hold an NVDIMM's labels; None where it is not given.
        unarmed: whether an NVDIMM admits that it does not keep what is written.
        is_hotplugged: whether it comes by ``device_add``, after the machine has started.
    """

    id: str | None = None
    is_nvdimm: bool = False
    memdev: Backend | None = None
    addr: int = 0
    node: int = 0
    slot: int = ANY_SLOT
    label_size: int | None = None
    unarmed: bool = False
    is_hotplugged: bool = False


@record
class DimmHost:
    """What of a machine decides about its memory modules.

    Attributes:
        machine: the machine.
        slots: how many slots ``-m`` gives it.
        memory: its room for memory devices, or None.
        node_count: its number of NUMA nodes.
        has_hotplug: whether it has the ACPI device that announces modules: on pc and q35 without ``acpi=off``; on virt
            with a 64-bit CPU, firmware and without ``acpi=off``, if ``machine.has_memory_hotplug``.
        nvdimm_is_on: the value of ``-machine nvdimm``.
        mte_is_on: the value of virt's ``-machine mte``.
    """

    machine: MachineType
    slots: int
    memory: DeviceMemory | None
    node_count: int
    has_hotplug: bool = True
    nvdimm_is_on: bool = False
    mte_is_on: bool = False


def plug_dimm(
    options: DimmOptions,
    host: DimmHost,
    plugged: Sequence[Dimm],
    busy_backends: Collection[str] = (),
    others: Sequence[Occupant] = (),
) -> tuple[Dimm, tuple[Notice, ...]]:
    """Plug in a memory module.

    Args:
        options: its properties.
        host: the machine.
        plugged: the modules that are plugged in already.
        busy_backends: the ids of backends that are RAM; those of ``plugged`` are busy anyway.
        others: memory devices that are no modules: they take addresses, but no slots.

    Returns:
        The module in its place, and QEMU's warnings, which stand behind the device's option.

    Raises:
        QemuError: it cannot be plugged in.

    Source: QEMU 10.0 behaviour.
    """
    if options.label_size is not None and options.label_size < LEAST_LABEL_SIZE:
        raise QemuError(
            f"Property 'nvdimm.label-size' ({options.label_size:#x}) is required at least {LEAST_LABEL_SIZE:#x}"
        )
    _check_hotplug(options, host)
    slot = _choose_slot(options.slot, host.slots, [dimm.slot for dimm in plugged])
    room = the_room(host.memory)
    backend = the_backend(options.memdev)
    size = _nvdimm_size(options, backend) if options.is_nvdimm else backend.size
    address, notices = find_place(room, (*plugged, *others), backend, size, options.addr)
    if options.node >= (host.node_count or 1):
        raise QemuError(
            f"'DIMM property node has value {options.node}' which exceeds the number of numa nodes: "
            f"{host.node_count or 1}"
        )
    if backend.id in busy_backends or any(backend.id == dimm.backend for dimm in plugged):
        raise QemuError(f"can't use already busy memdev: {backend.id}")
    return Dimm(options.id, options.is_nvdimm, backend.id, address, size, slot, options.node), notices


def _check_hotplug(options: DimmOptions, host: DimmHost) -> None:
    """Check that the machine takes such a module.

    virt after QEMU 10.0 starts with NVDIMMs even where it could not announce one.
    """
    machine = host.machine
    starts_with_it = options.is_nvdimm and not options.is_hotplugged and not machine.is_x86 and machine.qemu > (10, 0)
    if not host.has_hotplug and not starts_with_it:
        lacking = "acpi device or acpi disabled" if machine.is_x86 else "acpi-ged device"
        raise QemuError(f"memory hotplug is not enabled: missing {lacking}")
    if host.mte_is_on:
        raise QemuError("memory hotplug is not enabled: MTE is enabled")
    if options.is_nvdimm and not host.nvdimm_is_on:
        remedy = "missing 'nvdimm' in '-M'" if machine.is_x86 else "add 'nvdimm=on' to '-M'"
        raise QemuError(f"nvdimm is not enabled: {remedy}")


def _choose_slot(asked: int, slots: int, taken: Collection[int]) -> int:
    if asked != ANY_SLOT and not 0 <= asked < slots:
        raise QemuError(f"invalid slot number {asked}, valid range is [0-{slots - 1 & UINT64}]")
    if not slots:
        raise QemuError("no slots where allocated, please specify the 'slots' option")
    if asked != ANY_SLOT:
        if asked in taken:
            raise QemuError(f"slot {asked} is busy")
        return asked
    for slot in range(slots):
        if slot not in taken:
            return slot
    raise QemuError("no free slots available")


def _nvdimm_size(options: DimmOptions, backend: Backend) -> int:
    """Return the bytes of an NVDIMM without its labels."""
    label = options.label_size or 0
    size = max(0, backend.size - label) // backend.alignment * backend.alignment
    if not size:
        raise QemuError(
            f"the size of memdev {backend.id} ({backend.size:#x}) is too small to contain nvdimm label ({label:#x}) "
            f"and aligned PMEM ({backend.alignment:#x})"
        )
    if backend.is_rom and not options.unarmed:
        raise QemuError(f"'unarmed' property must be 'on' since memdev {backend.id} is read-only")
    return size
