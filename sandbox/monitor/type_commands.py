"""The commands that ask for types: which there are, and which properties their objects have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.monitor.data import rows_of
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor

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
    if ancestor == "interface":
        raise UnmodelledError("qom-list-types: which types QEMU counts as just an 'interface' is not modelled")
    recorded = rows_of("types.json", machine.board.type.architecture)
    known = {name: row.split() for name, row in recorded.items()}
    above: dict[str, frozenset[str]] = {}

    def ancestors(name: str) -> frozenset[str]:
        found = above.get(name)
        if found is None:
            direct = [entry for entry in known.get(name, ()) if entry not in ("-", "abstract")]
            found = above[name] = frozenset({name}.union(*map(ancestors, direct)))
        return found

    return [
        _type_info(name, None if parent == "-" else parent, abstract="abstract" in rest)
        for name, (parent, *rest) in known.items()
        if (abstract or "abstract" not in rest) and (ancestor is None or ancestor in ancestors(name))
    ]


def _type_info(name: str, parent: str | None, *, abstract: bool) -> dict[str, object]:
    return {
        **({"abstract": True} if abstract else {}),
        "name": name,
        **({"parent": parent} if parent is not None else {}),
    }


def qom_list_properties(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-list-properties``.

    Raises:
        QemuError: there is no such type.
        UnmodelledError: QEMU has the type, and its properties are not known here.
    """
    typename, machine = arguments["typename"], monitor.machine
    target = machine.board.type.architecture
    is_known = typename in machine.registry
    is_qemus = is_known or typename in rows_of("types.json", target)
    if is_qemus and (not is_known or _has_recorded_properties(machine, typename)):
        from sandbox.monitor.device_properties import properties_of

        found = properties_of(typename, target)
        if found is not None:
            return list(found)
        if not is_known:
            raise UnmodelledError(f"the properties of {typename} are not modelled")
    of_class = list(_described(machine.registry.class_properties(typename)))
    info = machine.registry.info(typename)
    if info.abstract or not machine.registry.is_a(typename, USER_CREATABLE):
        return of_class
    instance = machine.tree.new(typename).instance
    own = (instance[name] for name in reversed(instance))
    return [*of_class, *_described(tuple(declared for declared in own if isinstance(declared, Property)))]


def _has_recorded_properties(machine: Machine, typename: str) -> bool:
    """Whether what is recorded of a type holds: for devices in all versions, for the rest in the recorded one."""
    return machine.config.dialect.interface_version == RECORDED or machine.registry.is_a(typename, "device")


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

    if "device" not in ancestry(typename, machine.board.type.architecture) or "abstract" in row.split():
        raise QemuError("Parameter 'typename' expects a non-abstract device type")
    found = properties_of(typename, machine.board.type.architecture)
    if found is None:
        raise UnmodelledError(f"the properties of {typename} are not modelled")
    return [entry for entry in found if entry["name"] not in PRIVATE and not str(entry["name"]).startswith("legacy-")]


COMMANDS: Final = {
    "qom-list-types": qom_list_types,
    "qom-list-properties": qom_list_properties,
    "device-list-properties": device_list_properties,
}
