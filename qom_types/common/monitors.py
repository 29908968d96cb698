"""Monitors as QEMU 11.1 keeps them in ``/objects``, where they take buckets beside what users make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.qom.objects import QomObject
from sandbox.qom.properties import attribute
from sandbox.qom.types import TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.tree import ObjectTree


class HumanMonitor(QomObject):
    """A monitor for people.

    Attributes:
        chardev: the id of its character device.
    """

    __slots__ = ("chardev", "readline")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.chardev = ""
        self.readline = True

    def before_delete(self) -> bool:
        """Refuse always."""
        return False

    def reason_to_stay(self) -> str:
        """Say so."""
        return "Deleting HMP monitors is not supported"


class MachineMonitor(QomObject):
    """A monitor for programs.

    Attributes:
        chardev: the id of its character device.
        pretty: whether replies are written over several lines.
        is_current: whether the commands come from it.
    """

    __slots__ = ("chardev", "close_action", "is_current", "pretty")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.chardev = ""
        self.pretty = False
        self.close_action = "none"
        self.is_current = False

    def before_delete(self) -> bool:
        """Whether commands come from another one."""
        return not self.is_current

    def reason_to_stay(self) -> str:
        """Say that the command came from it."""
        return "Cannot delete the current QMP monitor"


HMP: Final = "monitor-hmp"
QMP: Final = "monitor-qmp"

MONITORS: Final = (
    TypeInfo("monitor", abstract=True, properties=(attribute("chardev", "string", "str"),)),
    TypeInfo(HMP, "monitor", properties=(attribute("readline", "bool"),), instance_class=HumanMonitor),
    TypeInfo(
        QMP,
        "monitor",
        properties=(attribute("pretty", "bool"), attribute("close-action", "MonitorQMPCloseAction", "str")),
        instance_class=MachineMonitor,
    ),
)
