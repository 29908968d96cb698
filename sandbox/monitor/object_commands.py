"""The commands that make and delete objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.dialects import knows
from sandbox.errors import UnmodelledError
from sandbox.machine.ignored import UNMODELLED_OBJECTS
from sandbox.qapi.visit import visit_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.monitor.monitor import Monitor


def object_add(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``object-add``: the arguments are checked against the dialect's own ``ObjectOptions``.

    Raises:
        UnmodelledError: QEMU has the type and the sandbox does not.
    """
    machine = monitor.machine
    typename = arguments.get("qom-type")
    is_new = isinstance(typename, str) and typename not in machine.registry and not knows(machine.schema, typename)
    if is_new and not machine.learn_type(str(typename)) and typename in UNMODELLED_OBJECTS:
        raise UnmodelledError(f"object-add: QEMU has the type '{typename}', but the sandbox does not model it")
    options = visit_json(machine.schema, "ObjectOptions", arguments)
    machine.object_add(options)
    return {}


def object_del(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``object-del``."""
    monitor.machine.object_del(arguments["id"])
    return {}


COMMANDS: Final = {"object-add": object_add, "object-del": object_del}
