"""The commands that ask for or change the state of the whole machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.common.backends import MemoryBackend
from sandbox.errors import MachineExit, QemuError
from sandbox.monitor.hmp import human_monitor_command
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine


def query_version(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``query-version``: the QEMU whose dialect the machine speaks."""
    major, minor, micro = machine.config.dialect.qemu_version
    return {"qemu": {"major": major, "minor": minor, "micro": micro}, "package": ""}


def query_status(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``query-status``."""
    return {"status": machine.status, "running": machine.status == "running"}


def query_name(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``query-name``: empty unless ``-name`` gives one."""
    given: dict[str, str] = {}
    for option in machine.config.command_line.options:
        if option.name == "name":
            given.update(parse_opts(option.value or "", "guest"))
    return {"name": given["guest"]} if "guest" in given else {}


def query_memdev(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``query-memdev``: the memory backends, in reversed walking order."""
    backends = [found for found in machine.tree.objects.children() if isinstance(found, MemoryBackend)]
    return [
        {
            "id": found.name,
            "size": found.size,
            "merge": found.merge,
            "dump": found.dump,
            "prealloc": found.prealloc,
            "share": found.share,
            "reserve": found.reserve,
            "host-nodes": found.host_nodes,
            "policy": found.policy,
        }
        for found in reversed(backends)
    ]


def stop(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``stop``."""
    machine.stop()
    return {}


def cont(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``cont``: the firmware of a machine that had not run reads the tables now."""
    machine.cont()
    return {}


def system_reset(machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``system_reset``."""
    machine.reset()
    return {}


def system_powerdown(_machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``system_powerdown``: a wish that a guest may follow; there is no guest."""
    return {}


def quit_(_machine: Machine, _arguments: Mapping[str, Any]) -> object:
    """``quit``: the machine ends with status 0."""
    raise MachineExit("", status=0)


def device_del(machine: Machine, arguments: Mapping[str, Any]) -> object:
    """``device_del``: refused on a bus that cannot unplug."""
    device = machine.device_of_id(arguments["id"])
    if device is None:
        raise QemuError(f"Device '{arguments['id']}' not found", "DeviceNotFound")
    machine.unplug(device)
    return {}


COMMANDS: Final = {
    "query-version": query_version,
    "query-status": query_status,
    "query-name": query_name,
    "query-memdev": query_memdev,
    "stop": stop,
    "cont": cont,
    "system_reset": system_reset,
    "system_powerdown": system_powerdown,
    "quit": quit_,
    "device_del": device_del,
    "human-monitor-command": human_monitor_command,
}
