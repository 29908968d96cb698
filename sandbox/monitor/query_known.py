"""What a QEMU knows, whatever the machine: machine types and CPU models, as recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import UnmodelledError
from sandbox.monitor.data import rows, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.monitor.monitor import Monitor


def query_machines(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``query-machines``: those of the modelled families, as QEMU 10.0 lists them.

    Raises:
        UnmodelledError: their compatibility properties are asked for.
    """
    import json

    if arguments.get("compat-props"):
        raise UnmodelledError("query-machines: compatibility properties are not modelled")
    target = monitor.machine.board.type.architecture
    return [json.loads(text) for text in rows_of("machines.json", target).values()]


def query_cpu_definitions(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-cpu-definitions``: the models of QEMU 10.0, with the features that TCG lacks."""
    import json

    models = []
    for text in rows_of("cpus.json", monitor.machine.board.type.architecture).values():
        model = json.loads(text)
        if "unavailable-features" in model:
            model["unavailable-features"] = rows("cpus.json")[f"lacks {model['unavailable-features']}"].split()
        models.append(model)
    return models


COMMANDS: Final = {"query-machines": query_machines, "query-cpu-definitions": query_cpu_definitions}
