"""The commands that ask for or change the state of the whole machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.hotplug import Departure
    from sandbox.monitor.monitor import Monitor


def query_status(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-status``."""
    status = monitor.machine.status
    return {"status": status, "running": status == "running"}


def stop(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``stop``: nothing happens to a machine that does not run."""
    if monitor.machine.stop():
        monitor.emit("STOP")
    return {}


def cont(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``cont``: the firmware of a machine that had not run reads the tables now."""
    if monitor.machine.cont():
        monitor.emit("RESUME")
    return {}


def system_reset(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``system_reset``: devices that wait for a reset go behind the reply; under ``-no-reboot`` it is an end."""
    told = {"guest": False, "reason": "host-qmp-system-reset"}
    if monitor.machine.config.ends_at_reset:
        monitor.emit("SHUTDOWN", told)
        if monitor.machine.shut_down():
            monitor.emit("STOP")
        return {}
    monitor.emit("RESET", told)
    tell_departures(monitor, monitor.machine.reset())
    return {}


def tell_departures(monitor: Monitor, gone: Iterable[Departure]) -> None:
    """Tell of devices that have gone, behind the reply."""
    for device in gone:
        named = {} if device.id is None else {"device": device.id}
        monitor.emit_late("DEVICE_DELETED", {**named, "path": device.path})


def system_powerdown(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``system_powerdown``: a wish that a guest may follow; there is no guest."""
    monitor.emit("POWERDOWN")
    return {}


def quit_(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``quit``: the machine ends with status 0; QEMU still replies ``{}``."""
    monitor.emit("SHUTDOWN", {"guest": False, "reason": "host-qmp-quit"})
    raise MachineExit("", status=0)


COMMANDS: Final = {
    "query-status": query_status,
    "stop": stop,
    "cont": cont,
    "system_reset": system_reset,
    "system_powerdown": system_powerdown,
    "quit": quit_,
}
