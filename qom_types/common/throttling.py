"""Limits of input and output: ``throttle-group``, and the rules that cryptodev's limits share with it.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.common.plain import plain
from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.qom.tree import ObjectTree
    from sandbox.qom.types import TypeInfo

MOST: Final = 10**15
"""The highest rate, per second."""

LONGEST_BURST: Final = (1 << 32) - 1
"""In seconds."""

RATES: Final = ("bps-total", "bps-read", "bps-write", "iops-total", "iops-read", "iops-write")
"""The limits, in the order in which QEMU checks them: bytes and operations per second."""

LIMITS: Final[Mapping[str, int]] = {
    f"{rate}{part}": usual for rate in RATES for part, usual in (("", 0), ("-max", 0), ("-max-length", 1))
} | {"iops-size": 0}
"""Each limit with its usual value."""


class ThrottleGroup(QomObject):
    """Limits that several drives share.

    Attributes:
        limits: the value of each of :data:`LIMITS`.
    """

    __slots__ = ("limits",)

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.limits = dict(LIMITS)

    def complete(self) -> None:
        """Check that the limits fit together."""
        check_limits(self.limits)


def check_limits(limits: Mapping[str, int]) -> None:
    """Check that limits fit together.

    Args:
        limits: the value of each of :data:`LIMITS`.

    Raises:
        QemuError: they do not.
    """
    for unit in ("bps", "iops"):
        for part in ("", "-max"):
            if limits[f"{unit}-total{part}"] and (limits[f"{unit}-read{part}"] or limits[f"{unit}-write{part}"]):
                raise QemuError("bps/iops/max total values and read/write values cannot be used at the same time")
    if limits["iops-size"] and not any(limits[rate] for rate in RATES if rate.startswith("iops")):
        raise QemuError("iops size requires an iops value to be set")
    for rate in RATES:
        check_rate(limits[rate], limits[f"{rate}-max"], limits[f"{rate}-max-length"])


def check_rate(average: int, burst: int = 0, length: int = 1) -> None:
    """Check one rate against its burst.

    Args:
        average: per second, 0 for none.
        burst: per second, 0 for none.
        length: how many seconds a burst may last.

    Raises:
        QemuError: they do not fit together.
    """
    if not (0 <= average <= MOST and 0 <= burst <= MOST):
        raise QemuError(f"bps/iops/max values must be within [0, {MOST}]")
    if not length:
        raise QemuError("the burst length cannot be 0")
    if length > 1 and not burst:
        raise QemuError("burst length set without burst rate")
    if burst and length > MOST // burst:
        raise QemuError("burst length too high for this burst rate")
    if burst and not average:
        raise QemuError("bps_max/iops_max require corresponding bps/iops values")
    if burst and burst < average:
        raise QemuError("bps_max/iops_max cannot be lower than bps/iops")


def _set_limits(obj: ThrottleGroup, value: Mapping[str, Any]) -> None:
    for name, limit in value.items():
        if name.endswith("-length") and not 0 <= limit <= LONGEST_BURST:
            raise QemuError(f"{name} value must be in the range [0, {LONGEST_BURST}]")
    limits = {**(obj.limits if obj.parent is not None else LIMITS), **value}
    if obj.parent is not None:
        check_limits(limits)
    obj.limits = limits


def _single(name: str) -> Property:
    """Return one limit as a property of its own, which cannot be changed later."""

    def set_(obj: ThrottleGroup, value: int) -> None:
        if obj.parent is not None:
            raise QemuError("Property cannot be set after initialization")
        if value < 0:
            raise QemuError("Property values cannot be negative")
        if name.endswith("-length") and value > LONGEST_BURST:
            raise QemuError(f"x-{name} value must be in therange [0, {LONGEST_BURST}]")
        obj.limits[name] = value

    return Property(f"x-{name}", "int", "int", lambda obj: obj.limits[name], set_)


SINGLES: Final = (
    *(f"iops-{what}{part}" for what in ("total", "read", "write") for part in ("", "-max", "-max-length")),
    *(f"bps-{what}{part}" for what in ("total", "read", "write") for part in ("", "-max", "-max-length")),
    "iops-size",
)

TYPES: Final[tuple[TypeInfo, ...]] = (
    plain(
        "throttle-group",
        "object",
        *(_single(name) for name in SINGLES),
        Property("limits", "ThrottleLimits", "ThrottleLimits", lambda obj: dict(obj.limits), _set_limits),
        instance_class=ThrottleGroup,
    ),
)
