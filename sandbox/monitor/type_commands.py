"""The commands that ask for types: which there are, and which properties their objects have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.monitor.data import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor
    from sandbox.qom.properties import Property

RECORDED: Final = (10, 0)
"""The QEMU whose list of types is known; for the others it is that of what is modelled."""

PRIVATE: Final = frozenset({"type", "realized", "hotpluggable", "hotplugged", "parent_bus"})
"""What device-list-properties leaves out, beside the properties whose names start with ``legacy-``."""


def qom_list_types(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-list-types``."""
    machine = monitor.machine
    ancestor, abstract = arguments.get("implements"), arguments.get("abstract", False)
    if machine.config.dialect.interface_version == RECORDED:
        return _recorded_types(machine, ancestor, abstract=abstract)
    return [
        _type_info(info.name, info.parent, abstract=info.abstract)
        for info in machine.registry.implementing(ancestor, abstract=abstract)
    ]


def _recorded_types(machine: Machine, ancestor: str | None, *, abstract: bool) -> list[dict[str, object]]:
    recorded = rows_of("types.json", machine.board.type.architecture)
    known = {name: row.split() for name, row in recorded.items()}
    descends: dict[str, bool] = {}

    def is_wanted(name: str) -> bool:
        found = descends.get(name)
        if found is None:
            parent, *faces = known.get(name, ["-"])
            found = name == ancestor or ancestor in faces or (parent != "-" and is_wanted(parent))
            found = descends[name] = found or any(is_wanted(face) for face in faces if face != "abstract")
        return found

    return [
        _type_info(name, None if parent == "-" else parent, abstract="abstract" in faces)
        for name, (parent, *faces) in known.items()
        if (abstract or "abstract" not in faces) and (ancestor is None or is_wanted(name))
    ]


def _type_info(name: str, parent: str | None, *, abstract: bool) -> dict[str, object]:
    return {
        **({"abstract": True} if abstract else {}),
        "name": name,
        **({"parent": parent} if parent is not None else {}),
    }


def qom_list_properties(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-list-properties``."""
    typename = arguments["typename"]
    machine = monitor.machine
    if is_device(machine, typename):
        from sandbox.monitor.device_properties import properties_of

        found = properties_of(typename, machine.board.type.architecture)
        if found is not None:
            return list(found)
    return list(_described(machine.registry.class_properties(typename)))


def is_device(machine: Machine, typename: str) -> bool:
    """Whether a type is one of those whose properties are recorded."""
    return typename not in machine.registry or machine.registry.is_a(typename, "device")


def _described(properties: tuple[Property, ...]) -> Iterator[dict[str, str]]:
    for declared in properties:
        described = {"name": declared.name}
        if declared.description is not None:
            described["description"] = declared.description
        yield described | {"type": declared.type}


def device_list_properties(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``device-list-properties``: of the PCI devices and memory modules.

    Raises:
        QemuError: there is no such type, or it is no device that can be made.
    """
    typename, machine = arguments["typename"], monitor.machine
    row = rows_of("types.json", machine.board.type.architecture).get(typename)
    if row is None:
        raise QemuError(f"Device '{typename}' not found", "DeviceNotFound")
    from sandbox.monitor.device_properties import ancestry, properties_of

    if "device" not in ancestry(typename, machine.board.type.architecture):
        raise QemuError("Parameter 'typename' expects device")
    if "abstract" in row.split():
        raise QemuError("Parameter 'typename' expects a non-abstract device type")
    found = properties_of(typename, machine.board.type.architecture)
    if found is None:
        from sandbox.errors import UnmodelledError

        raise UnmodelledError(f"the properties of {typename} are not modelled")
    return [entry for entry in found if entry["name"] not in PRIVATE and not str(entry["name"]).startswith("legacy-")]


COMMANDS: Final = {
    "qom-list-types": qom_list_types,
    "qom-list-properties": qom_list_properties,
    "device-list-properties": device_list_properties,
}
