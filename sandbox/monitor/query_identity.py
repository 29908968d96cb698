"""Who the machine is: version, name, UUID, architecture, accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor

NO_UUID: Final = "00000000-0000-0000-0000-000000000000"


def query_version(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-version``: the QEMU whose dialect is spoken; ``package``, which a distribution sets, is empty."""
    major, minor, micro = monitor.machine.config.dialect.qemu_version
    return {"qemu": {"micro": micro, "minor": minor, "major": major}, "package": ""}


def query_name(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-name``: empty unless ``-name`` gives one."""
    name = name_of(monitor.machine)
    return {} if name is None else {"name": name}


def name_of(machine: Machine) -> str | None:
    """Return the name that ``-name`` gives, or None."""
    given: dict[str, str] = {}
    for option in machine.config.command_line.options:
        if option.name == "name":
            given.update(parse_opts(option.value or "", "guest"))
    return given.get("guest")


def query_uuid(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-uuid``."""
    return {"UUID": uuid_of(monitor.machine)}


def uuid_of(machine: Machine) -> str:
    """Return what ``-uuid`` says, in lower case; zeros without it."""
    given = [option.value or "" for option in machine.config.command_line.options if option.name == "uuid"]
    return given[-1].lower() if given else NO_UUID


def query_target(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-target``."""
    return {"arch": monitor.machine.board.type.architecture}


def query_kvm(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-kvm``: whether a build has KVM follows from its host; here x86 builds have it and Arm builds do not."""
    return {"enabled": uses_kvm(monitor.machine), "present": monitor.machine.board.type.is_x86}


def uses_kvm(machine: Machine) -> bool:
    """Whether the command line asks for KVM."""
    return machine.config.uses_host_cpu


def query_current_machine(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-current-machine``."""
    board = monitor.machine.board
    off = board.type.family == "pc" and board.machine.options.get("acpi") == "off"
    return {"wakeup-suspend-support": board.type.is_x86 and not off}


COMMANDS: Final = {
    "query-version": query_version,
    "query-name": query_name,
    "query-uuid": query_uuid,
    "query-target": query_target,
    "query-kvm": query_kvm,
    "query-current-machine": query_current_machine,
}
