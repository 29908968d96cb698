"""The values of the properties of memory modules.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import QemuError, UnmodelledError

if TYPE_CHECKING:
    from sandbox.machine.machine import Machine
    from sandbox.qom.objects import QomObject


def read_module(machine: Machine, found: QomObject, name: str) -> Any:
    """Return the value of a memory module's property.

    Raises:
        QemuError: it has no such property.
        UnmodelledError: it has, but its value is not known here.
    """
    from sandbox.monitor.device_properties import properties_of

    declared = {entry["name"] for entry in properties_of(found.info.name, machine.board.type.architecture) or ()}
    if name not in declared:
        raise QemuError(f"Property '{found.info.name}.{name}' not found")
    bay = machine.bay.memory
    dimm = None if bay is None else bay.plugged().get(found.path)
    if bay is None or dimm is None:
        return found.read(name)
    known: dict[str, Any] = {
        "type": found.info.name,
        "parent_bus": "",
        "realized": True,
        "hotplugged": found.path in bay.hotplugged,
        "hotpluggable": True,
        "addr": dimm.address,
        "size": dimm.size,
        "slot": dimm.slot,
        "node": dimm.node,
        "memdev": f"/objects/{dimm.backend}",
    }
    if name not in known:
        raise UnmodelledError(f"the value of {found.info.name}.{name} is not modelled")
    return known[name]
