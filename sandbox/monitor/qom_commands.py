"""The commands that read and change properties of objects, and the layers that know the values of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.device_objects import PciBusObject, PciDeviceObject
from sandbox.machine.machine_types import MachineObject
from sandbox.qapi.visit import visit_json
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Link
from sandbox.qom.tree import AmbiguousPathError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor
    from sandbox.qom.properties import Property


GONE: Final = frozenset({"system.flash0", "system.flash1", "pflash0", "pflash1"})
"""What a machine's type has, and an x86 machine without flash memory not any more."""


def qom_list(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-list``: the class's properties first, then the object's own in reversed bucket order."""
    return listed(monitor.machine, object_at(monitor.machine, arguments["path"]))


def listed(machine: Machine, found: QomObject) -> list[dict[str, str]]:
    """Return the names and types of an object's properties."""
    if isinstance(found, MachineObject):
        from sandbox.monitor.machine_listing import own_properties

        own = own_properties(machine, found)
        names = {entry["name"] for entry in own}
        return [*(entry for entry in _of_class(machine, found) if entry["name"] not in names | GONE), *own]
    return [*_of_class(machine, found), *_of_instance(found)]


def _of_class(machine: Machine, found: QomObject) -> list[dict[str, str]]:
    if found.is_a("device") or isinstance(found, MachineObject):
        from sandbox.monitor.device_properties import properties_of

        recorded = properties_of(found.info.name, machine.board.type.architecture)
        if recorded is not None:
            return [
                {"name": entry["name"], "type": entry["type"]}
                for entry in recorded
                if entry["name"] not in found.instance and not entry["type"].startswith("child<")
            ]
    of_class = machine.registry.class_properties(found.info.name)
    return [{"name": declared.name, "type": declared.type} for declared in of_class]


def _of_instance(found: QomObject) -> list[dict[str, str]]:
    return [{"name": name, "type": _type_of(found.instance[name])} for name in reversed(found.instance)]


def qom_get(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-get``."""
    machine = monitor.machine
    return read(machine, the_object_at(machine, arguments["path"]), arguments["property"])


def read(machine: Machine, found: QomObject, name: str) -> object:
    """Return the value of an object's property.

    Raises:
        QemuError: there is no such property, or it is not readable.
        UnmodelledError: QEMU has it, and its value is not known here.
    """
    if isinstance(found, PciDeviceObject):
        from sandbox.monitor.device_properties import read_property

        return read_property(machine, found, name)
    if found.is_a("pc-dimm"):
        from sandbox.monitor.module_properties import read_module

        return read_module(machine, found, name)
    if isinstance(found, PciBusObject) and name == "hotplug-handler":
        from sandbox.monitor.device_properties import hotplug_handler

        return hotplug_handler(machine, found)
    if isinstance(found, MachineObject):
        from sandbox.monitor.machine_properties import read_machine

        return read_machine(machine, found, name)
    return found.read(name)


def qom_set(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-set``: the value must pass the rules of the QAPI type that the property visits."""
    machine = monitor.machine
    write(machine, the_object_at(machine, arguments["path"]), arguments["property"], arguments["value"])
    return {}


def write(machine: Machine, found: QomObject, name: str, value: object) -> None:
    """Set a property of an object.

    Raises:
        QemuError: there is no such property, it is not writable, or it does not take the value.
        MachineExit: the value ends the machine.
        UnmodelledError: QEMU may take it, and the sandbox does not model that.
    """
    if isinstance(found, PciDeviceObject):
        from sandbox.monitor.device_properties import write_property

        write_property(machine, found, name, value)
        return
    declared = found.find(name)
    if isinstance(found, MachineObject) and declared is not None and name != "type":
        raise UnmodelledError(f"qom-set of the machine's property '{name}' after its start is not modelled")
    if declared is not None and not isinstance(declared, QomObject | Link) and declared.set is not None:
        value = visit_json(machine.schema, declared.visits, value, name)
    found.write(name, value)


def qom_list_get(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``qom-list-get``: the properties of several objects with their values, as far as those are known."""
    machine = monitor.machine
    return [{"properties": _with_values(machine, object_at(machine, path))} for path in arguments["paths"]]


def _with_values(machine: Machine, found: QomObject) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for entry in listed(machine, found):
        try:
            value = read(machine, found, entry["name"])
        except (QemuError, UnmodelledError):
            entries.append(dict(entry))
        else:
            entries.append({"name": entry["name"], "value": value, "type": entry["type"]})
    return entries


def _type_of(declared: QomObject | Link | Property) -> str:
    if isinstance(declared, QomObject):
        return f"child<{declared.info.name}>"
    return f"link<{declared.typename}>" if isinstance(declared, Link) else declared.type


def object_at(machine: Machine, path: str) -> QomObject:
    """Return the object that a path names.

    Raises:
        QemuError: there is none, or the path is partial and several match.
    """
    machine.bay.number_hotplug_buses()
    try:
        found = machine.tree.resolve(path)
    except AmbiguousPathError:
        raise AmbiguousPathError(f"Path '{path}' is ambiguous") from None
    if found is None:
        raise QemuError(f"Device '{path}' not found", "DeviceNotFound")
    return found


def the_object_at(machine: Machine, path: str) -> QomObject:
    """Return the object that a path names, as the commands that read or set one property look for it.

    Raises:
        QemuError: there is none, or the path is partial and several match.
    """
    try:
        return object_at(machine, path)
    except AmbiguousPathError:
        raise QemuError(f"Device '{path}' not found", "DeviceNotFound") from None


COMMANDS: Final = {"qom-list": qom_list, "qom-get": qom_get, "qom-set": qom_set, "qom-list-get": qom_list_get}
