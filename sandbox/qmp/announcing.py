"""The events of a monitor that does not tell of them itself.

They follow from what a command did to the machine's state; QEMU emits them before the reply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import MachineExit
from sandbox.monitor.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine

    Emit = Callable[[str, Mapping[str, object] | None], None]


class AnnouncingMonitor(Monitor):
    """A monitor that tells of RESUME, STOP, RESET, POWERDOWN and SHUTDOWN."""

    def __init__(self, machine: Machine, emit: Emit) -> None:
        super().__init__(machine)
        self._emit = emit

    def execute(self, name: str, arguments: object = None) -> object:
        """Execute a command; see :meth:`Monitor.execute`."""
        before = self.machine.status
        try:
            value = super().execute(name, arguments)
        except MachineExit as ended:
            if ended.status == 0:
                self._emit("SHUTDOWN", {"guest": False, "reason": "host-qmp-quit"})
            raise
        after = self.machine.status
        if after != before and "running" in (before, after):
            self._emit("RESUME" if after == "running" else "STOP", None)
        if name == "system_reset":
            self._emit("RESET", {"guest": False, "reason": "host-qmp-system-reset"})
        elif name == "system_powerdown":
            self._emit("POWERDOWN", None)
        return value
