"""The commands that plug and unplug devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.monitor.state_commands import tell_departures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.monitor.monitor import Monitor


def device_add(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``device_add``: the device's type looks at the arguments, not the interface."""
    monitor.machine.device_add(arguments)
    return {}


def device_del(monitor: Monitor, arguments: Mapping[str, Any]) -> object:
    """``device_del``: refused on a bus that cannot unplug; what is gone at once is told of behind the reply."""
    remove(monitor, arguments["id"])
    return {}


def remove(monitor: Monitor, device_id: str) -> None:
    """Ask for the removal of the device that an id or a path names.

    Raises:
        QemuError: there is none, or QEMU refuses.
    """
    device = monitor.machine.device_of_id(device_id)
    if device is None:
        raise QemuError(f"Device '{device_id}' not found", "DeviceNotFound")
    if not device.is_a("device"):
        raise QemuError(f"{device_id} is not a device")
    tell_departures(monitor, monitor.machine.unplug(device))


COMMANDS: Final = {"device_add": device_add, "device_del": device_del}
