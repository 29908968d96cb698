"""Monitors as QEMU 11.1 keeps them in ``/objects``, where they take buckets beside what users make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.common.plain import ChardevUser, check_chardev_is_free
from qom_types.contract import backends_of
from sandbox.errors import QemuError
from sandbox.qom.properties import attribute
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.tree import ObjectTree


class Monitor(ChardevUser):
    """A monitor of either kind.

    Attributes:
        chardev: the id of its character device.
    """

    __slots__ = ("chardev",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.chardev = ""

    def complete(self) -> None:
        """Look up the character device."""
        if not backends_of(self).has_chardev(self.chardev):
            raise QemuError(f'chardev "{self.chardev}" not found')
        check_chardev_is_free(self, self.chardev)

    def taken_chardevs(self) -> tuple[object, ...]:
        """Return the id of its character device."""
        return (self.chardev,)


class HumanMonitor(Monitor):
    """A monitor for people."""

    __slots__ = ("readline",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.readline = True

    def before_delete(self) -> bool:
        """Refuse always."""
        return False

    def reason_to_stay(self) -> str:
        """Say so."""
        return "Deleting HMP monitors is not supported"


class MachineMonitor(Monitor):
    """A monitor for programs.

    Attributes:
        pretty: whether replies are written over several lines.
        is_current: whether the commands come from it.
    """

    __slots__ = ("close_action", "is_current", "pretty")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
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
    TypeInfo(
        "monitor",
        abstract=True,
        interfaces=(USER_CREATABLE,),
        properties=(attribute("chardev", "string", "str"),),
        instance_class=Monitor,
    ),
    TypeInfo(HMP, "monitor", properties=(attribute("readline", "bool"),), instance_class=HumanMonitor),
    TypeInfo(
        QMP,
        "monitor",
        properties=(attribute("pretty", "bool"), attribute("close-action", "MonitorQMPCloseAction")),
        instance_class=MachineMonitor,
    ),
)
