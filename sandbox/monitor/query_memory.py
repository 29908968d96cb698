"""How much memory there is: at the start, and in memory devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.machine.virtio_memory import VirtioMemory
from sandbox.monitor import virtio_memory
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.dimms import Dimm
    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor


def query_memory_devices(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-memory-devices``: memory devices by address."""
    return [
        on_wire(_described(device, hotplugged=hotplugged)) for device, hotplugged in memory_devices(monitor.machine)
    ]


def memory_devices(machine: Machine) -> list[tuple[Dimm | VirtioMemory, bool]]:
    """Return the memory devices by address, and of modules whether they came after the start."""
    bay = machine.bay.memory
    if bay is None:
        return []
    found: list[tuple[Dimm | VirtioMemory, bool]] = [
        (dimm, path in bay.hotplugged) for path, dimm in bay.plugged().items()
    ]
    found += [(device, False) for device in bay.virtio().values()]
    return sorted(found, key=lambda entry: entry[0].address)


def _described(device: Dimm | VirtioMemory, *, hotplugged: bool) -> dict[str, object]:
    if isinstance(device, VirtioMemory):
        return {"type": device.kind, "data": on_wire(virtio_memory.described(device))}
    return {"type": "nvdimm" if device.is_nvdimm else "dimm", "data": _module(device, hotplugged=hotplugged)}


def _module(dimm: Dimm, *, hotplugged: bool) -> dict[str, object]:
    named: dict[str, object] = {} if dimm.id is None else {"id": dimm.id}
    return on_wire(
        named
        | {
            "addr": dimm.address,
            "size": dimm.size,
            "slot": dimm.slot,
            "node": dimm.node,
            "memdev": f"/objects/{dimm.backend}",
            "hotplugged": hotplugged,
            "hotpluggable": True,
        }
    )


def query_memory_size_summary(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-memory-size-summary``, in bytes."""
    base, plugged = memory_sizes(monitor.machine)
    return {"base-memory": base, "plugged-memory": plugged}


def memory_sizes(machine: Machine) -> tuple[int, int]:
    """Return the bytes of RAM at the start and those that memory devices add."""
    return machine.board.memory.ram_size, sum(device.plugged_size for device, _ in memory_devices(machine))


COMMANDS: Final = {
    "query-memory-devices": query_memory_devices,
    "query-memory-size-summary": query_memory_size_summary,
}
