"""The commands that make, delete, read and change objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.dialects import knows
from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.ignored import UNMODELLED_OBJECTS
from sandbox.machine.machine_types import MachineObject
from sandbox.qapi.visit import visit_json
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Link
from sandbox.qom.tree import AmbiguousPathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.qom.properties import Property


def object_add(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``object-add``: the arguments are checked against the dialect's own ``ObjectOptions``.

    Raises:
        UnmodelledError: QEMU has the type and the sandbox does not.
    """
    typename = arguments.get("qom-type")
    is_new = isinstance(typename, str) and not knows(machine.schema, typename)
    if is_new and not machine.learn_type(str(typename)) and typename in UNMODELLED_OBJECTS:
        raise UnmodelledError(f"object-add: QEMU has the type '{typename}', but the sandbox does not model it")
    options = visit_json(machine.schema, "ObjectOptions", arguments)
    machine.object_add(options)
    return {}


def object_del(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``object-del``."""
    machine.object_del(arguments["id"])
    return {}


def qom_list(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``qom-list``: the class's properties first, then the object's own in reversed bucket order."""
    found = _object_at(machine, arguments["path"])
    of_class = machine.registry.class_properties(found.info.name)
    return [
        *({"name": declared.name, "type": declared.type} for declared in of_class),
        *({"name": name, "type": _type_of(found.instance[name])} for name in reversed(found.instance)),
    ]


def qom_get(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``qom-get``."""
    return _object_at(machine, arguments["path"]).read(arguments["property"])


def qom_set(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``qom-set``: the value must pass the rules of the QAPI type that the property visits."""
    found = _object_at(machine, arguments["path"])
    name = arguments["property"]
    declared = found.find(name)
    value = arguments["value"]
    if isinstance(found, MachineObject) and declared is not None:
        raise UnmodelledError(f"qom-set of the machine's property '{name}' after its start is not modelled")
    if declared is not None and not isinstance(declared, QomObject | Link) and declared.set is not None:
        value = visit_json(machine.schema, declared.visits, value, name)
    found.write(name, value)
    return {}


def qom_list_types(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``qom-list-types``."""
    ancestor = arguments.get("implements")
    return [
        {
            **({"abstract": True} if info.abstract else {}),
            "name": info.name,
            **({"parent": info.parent} if info.parent is not None else {}),
        }
        for info in machine.registry.implementing(ancestor, abstract=arguments.get("abstract", False))
    ]


def qom_list_properties(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``qom-list-properties``."""
    return list(_described(machine.registry.class_properties(arguments["typename"])))


def _described(properties: tuple[Property, ...]) -> Iterator[dict[str, str]]:
    for declared in properties:
        described = {"name": declared.name}
        if declared.description is not None:
            described["description"] = declared.description
        yield described | {"type": declared.type}


def _type_of(declared: QomObject | Link | Property) -> str:
    if isinstance(declared, QomObject):
        return f"child<{declared.info.name}>"
    return f"link<{declared.typename}>" if isinstance(declared, Link) else declared.type


def _object_at(machine: Machine, path: str) -> QomObject:
    try:
        found = machine.tree.resolve(path)
    except AmbiguousPathError:
        raise QemuError(f"Path '{path}' is ambiguous") from None
    if found is None:
        raise QemuError(f"Device '{path}' not found", "DeviceNotFound")
    return found


COMMANDS: Final = {
    "object-del": object_del,
    "qom-list": qom_list,
    "qom-get": qom_get,
    "qom-set": qom_set,
    "qom-list-types": qom_list_types,
    "qom-list-properties": qom_list_properties,
}
