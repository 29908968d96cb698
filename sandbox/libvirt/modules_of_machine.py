"""From a machine's memory devices to those of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.libvirt.domain import MemoryModule
from sandbox.libvirt.modules import TYPES
from sandbox.machine.device_objects import PciDeviceObject
from sandbox.qapi.numbers import read_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.libvirt.bridges import Bridges
    from sandbox.machine.dimms import Dimm
    from sandbox.machine.machine import Machine
    from sandbox.machine.virtio_memory import VirtioMemory

KIB: Final = 1024
DRIVERS: Final = frozenset(TYPES.values())
"""QEMU's devices that become memory devices of a domain."""

MAPPED: Final = ("nvdimm", "virtio-pmem")
"""The models that libvirt wants a file for."""


def modules_of(machine: Machine, bridges: Bridges, notes: list[str]) -> Iterator[MemoryModule]:
    """Give the memory devices of a domain: DIMMs and NVDIMMs, then those of virtio, each as they were plugged in.

    Each is told the address that it has, so that it lies there in whichever order libvirt gives them to QEMU.

    Args:
        machine: the machine.
        bridges: its bridges.
        notes: gets a sentence about each that libvirt cannot have.
    """
    bay = machine.bay.memory
    if bay is None:
        return
    backends = {str(it.values["id"]): it.values for it in machine.config.objects}
    found: list[tuple[str, str, MemoryModule]] = []
    for path, dimm in bay.plugged().items():
        found.append((path, dimm.backend, _dimm(dimm, machine, backends)))
    for path, device in bay.virtio().items():
        name = device.backend.rpartition("/")[2]
        found.append((path, name, _virtio(path, device, machine, bridges, backends.get(name, {}))))
    for path, backend, module in found:
        if module.model in MAPPED and not module.path:
            what = f"{path.rpartition('/')[2]} ({TYPES[module.model]})"
            notes.append(f"{what} is left out: libvirt has such memory on a file only, and {backend} has none")
        else:
            yield module


def _dimm(dimm: Dimm, machine: Machine, backends: Mapping[str, Mapping[str, Any]]) -> MemoryModule:
    backend = backends.get(dimm.backend, {})
    given = [it.values for it in machine.config.devices if it.values.get("memdev") == dimm.backend]
    label = given[0].get("label-size") if given else None
    label = read_size(label) if isinstance(label, str) else _number(label)
    return MemoryModule(
        model="nvdimm" if dimm.is_nvdimm else "dimm",
        size=_size(backend, dimm.size),
        node=dimm.node,
        slot=dimm.slot,
        base=dimm.address,
        label=label // KIB if label else None,
        path=str(backend.get("mem-path", "")) if dimm.is_nvdimm else "",
        access="shared" if backend.get("share") else "",
    )


def _virtio(
    path: str, device: VirtioMemory, machine: Machine, bridges: Bridges, backend: Mapping[str, Any]
) -> MemoryModule:
    found = machine.tree.resolve(path)
    place = found.device if isinstance(found, PciDeviceObject) else None
    is_mem = device.kind == "virtio-mem"
    return MemoryModule(
        model=device.kind,
        size=_size(backend, device.size),
        node=device.node if is_mem else None,
        base=device.address,
        address=bridges.address(place) if place is not None else None,
        block=device.block_size // KIB if is_mem else None,
        requested=device.requested_size // KIB if is_mem else None,
        path="" if is_mem else str(backend.get("mem-path", "")),
        access="shared" if backend.get("share") else "",
    )


def _size(backend: Mapping[str, Any], seen: int) -> int:
    """Return the KiB of a backend, or of what the guest sees of it."""
    return (_number(backend.get("size")) or seen) // KIB


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
