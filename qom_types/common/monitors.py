"""Monitors as objects, which they are from QEMU 11.1 on.

Source: QEMU 11.1 behaviour.
"""

from __future__ import annotations

from typing import Final

from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE, TypeInfo

HUMAN: Final = "monitor-hmp"
MACHINE: Final = "monitor-qmp"


class MonitorObject(QomObject):
    """A monitor; of its values nobody here reads any."""

    __slots__ = ()

    def before_delete(self) -> bool:
        """Refuse to delete a monitor for people.

        Raises:
            QemuError: it is one.
        """
        if self.info.name == HUMAN:
            raise QemuError("Deleting HMP monitors is not supported")
        return True


MONITORS: Final = (
    TypeInfo(
        "monitor",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        instance_class=MonitorObject,
        properties=(Property("chardev", "string", "str"),),
    ),
    TypeInfo(HUMAN, "monitor", properties=(Property("readline", "bool", "bool"),)),
    TypeInfo(
        MACHINE,
        "monitor",
        properties=(
            Property("pretty", "bool", "bool"),
            Property("close-action", "MonitorQMPCloseAction", "str"),
        ),
    ),
)
"""The types, the parent first."""
