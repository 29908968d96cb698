"""Filters of network traffic; QEMU makes them late, since they refer to networks and character devices.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.common.plain import PlainBackend, check_chardev, kept, not_zero, plain
from qom_types.contract import backends_of
from sandbox.errors import MachineExit, QemuError
from sandbox.qom.types import TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.properties import Property

ABORTED: Final = -6

POSITIONS: Final = ("head", "tail")


class NetFilter(PlainBackend):
    """A filter on a network."""

    __slots__ = ()

    def complete(self) -> None:
        """Look up the network and the filter beside which it goes.

        Raises:
            QemuError: there is no such network or filter.
            MachineExit: what it is to go beside is no filter; QEMU aborts.
        """
        if not backends_of(self).has_network(str(self.values["netdev"])):
            raise QemuError("Parameter 'netdev' expects a network backend id")
        position = str(self.values.get("position", "tail"))
        if position not in POSITIONS:
            self._look_up_neighbour(position)
        self.set_up()

    def _look_up_neighbour(self, position: str) -> None:
        name = position.removeprefix("id=")
        neighbour = self.tree.objects.component(name)
        if neighbour is None:
            raise QemuError(f"filter '{name}' not found")
        if not isinstance(neighbour, NetFilter):
            raise MachineExit("Object is not an instance of type netfilter", ABORTED)
        if neighbour.values["netdev"] != self.values["netdev"]:
            raise QemuError(f"filter '{name}' belongs to a different netdev")

    def set_up(self) -> None:
        """Do what the type does beyond that."""


class Mirror(NetFilter):
    """Sends a copy of what it sees to a character device."""

    __slots__ = ()

    chardev_members = ("outdev",)

    def set_up(self) -> None:
        """Look up the character device."""
        check_chardev(self, str(self.values["outdev"]))


class Redirector(NetFilter):
    """Sends what it sees to a character device, and takes from another."""

    __slots__ = ()

    chardev_members = ("indev", "outdev")

    def set_up(self) -> None:
        """Look up the character devices.

        Raises:
            QemuError: there are none, or both are the same.
        """
        source, sink = (str(self.values.get(name, "")) for name in ("indev", "outdev"))
        if not (source or sink):
            raise QemuError("filter redirector needs 'indev' or 'outdev' at least one property set")
        if source == sink:
            raise QemuError("'indev' and 'outdev' could not be same for filter redirector")
        if source:
            check_chardev(self, source, "IN Device")
        if sink:
            check_chardev(self, sink, "OUT Device")


def _check_status(_obj: PlainBackend, value: str) -> None:
    if value not in ("on", "off"):
        raise QemuError("Invalid value for netfilter status, should be 'on' or 'off'")


def _check_position(_obj: PlainBackend, value: str) -> None:
    if value not in POSITIONS and not value.startswith("id="):
        raise QemuError("Parameter 'position' expects 'head', 'tail' or 'id=<id>'")


def _check_interval(obj: PlainBackend, value: int) -> None:
    if value == 0:
        raise QemuError(f"Property '{obj.info.name}.interval' requires a positive value")


def _headers() -> Property:
    return kept("vnet_hdr_support", "bool", "bool", default=False)


TYPES: Final = (
    TypeInfo(
        "netfilter",
        abstract=True,
        interfaces=("user-creatable",),
        instance_class=NetFilter,
        properties=(
            kept("netdev", "string", "str"),
            kept("queue", "NetFilterDirection", "NetFilterDirection", "all"),
            kept("status", "string", "str", "on", check=_check_status),
            kept("position", "string", "str", "tail", check=_check_position),
            kept("insert", "string", "str", "behind"),
        ),
    ),
    plain(
        "filter-buffer",
        "netfilter",
        kept("interval", "uint32", "uint32", 0, check=_check_interval),
    ),
    plain(
        "filter-dump",
        "netfilter",
        kept("maxlen", "uint32", "uint32", 65536, check=not_zero("maxlen")),
        kept("file", "string", "str"),
    ),
    plain("filter-mirror", "netfilter", kept("outdev", "string", "str"), _headers(), instance_class=Mirror),
    plain(
        "filter-redirector",
        "netfilter",
        kept("indev", "string", "str"),
        kept("outdev", "string", "str"),
        _headers(),
        instance_class=Redirector,
    ),
    plain("filter-replay", "netfilter", instance_class=NetFilter),
    plain("filter-rewriter", "netfilter", _headers(), instance_class=NetFilter),
)
