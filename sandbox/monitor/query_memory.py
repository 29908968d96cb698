"""How much memory there is: at the start, and in memory modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import UnmodelledError
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.dimms import Dimm
    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor

OTHER_MEMORY: Final = ("virtio-mem-pci", "virtio-pmem-pci")


def query_memory_devices(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-memory-devices``: memory modules by address."""
    return [
        on_wire({"type": "nvdimm" if dimm.is_nvdimm else "dimm", "data": _module(dimm, hotplugged=hotplugged)})
        for dimm, hotplugged in modules(monitor.machine)
    ]


def modules(machine: Machine) -> list[tuple[Dimm, bool]]:
    """Return the memory modules by address, and whether each came after the start.

    Raises:
        UnmodelledError: the machine has other memory devices, whose addresses are not known here.
    """
    for device in machine.bay.topology.devices:
        if device.kind.is_a(OTHER_MEMORY[0]) or device.kind.is_a(OTHER_MEMORY[1]):
            raise UnmodelledError(f"memory devices beside {device.typename} are not modelled")
    bay = machine.bay.modules
    if bay is None:
        return []
    found = [(dimm, path in bay.hotplugged) for path, dimm in bay.plugged().items()]
    return sorted(found, key=lambda entry: entry[0].address)


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
    """Return the bytes of RAM at the start and those of all memory modules."""
    return machine.board.memory.ram_size, sum(dimm.size for dimm, _ in modules(machine))


COMMANDS: Final = {
    "query-memory-devices": query_memory_devices,
    "query-memory-size-summary": query_memory_size_summary,
}
