"""``-numa hmat-lb`` and ``hmat-cache``: their checks, and the values and units that QEMU keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.machine.families import MIB
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

HIERARCHIES: Final = ("memory", "first-level", "second-level", "third-level")
DATA_TYPES: Final = (
    "access-latency", "read-latency", "write-latency", "access-bandwidth", "read-bandwidth", "write-bandwidth",
)  # fmt: skip
LATENCIES: Final = DATA_TYPES[:3]
ASSOCIATIVITIES: Final = ("none", "direct", "complex")
POLICIES: Final = ("none", "write-back", "write-through")

MOST_STEPS: Final = 0xFFFF
CACHE_LEVELS: Final = 3
UINT64: Final = (1 << 64) - 1
HAS_LATENCY: Final = 1
HAS_BANDWIDTH: Final = 2


@record
class Measurements:
    """The values given for one hierarchy and data type.

    Attributes:
        values: nanoseconds or bytes per second by initiator and target.
        base: the unit that all of them are multiples of, as far as QEMU has found one; 0 before the first.
        span: what QEMU keeps to hold the steps within 16 bits: the largest latency in steps, or all bandwidths' bits.
    """

    values: Mapping[tuple[int, int], int]
    base: int = 0
    span: int = 0


@record
class HmatSettings:
    """All ``hmat-lb`` and ``hmat-cache`` options.

    Attributes:
        measurements: by the places of their hierarchy and data type in :data:`HIERARCHIES` and :data:`DATA_TYPES`.
        caches: members of the options by node and level.
    """

    measurements: Mapping[tuple[int, int], Measurements] = field(default_factory=dict)
    caches: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)


class HmatReader:
    """Takes ``hmat-lb`` and ``hmat-cache`` options one after the other."""

    def __init__(self) -> None:
        self._measurements: dict[tuple[int, int], Measurements] = {}
        self._values: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
        self._provided: dict[int, int] = {}
        self._caches: dict[tuple[int, int], Mapping[str, Any]] = {}

    def settings(self) -> HmatSettings:
        """Return what was taken."""
        return HmatSettings(self._measurements, self._caches)

    def add_locality(self, option: Mapping[str, Any], nodes: Collection[int], initiators: Collection[int]) -> None:
        """Take an ``hmat-lb``.

        Args:
            option: its members.
            nodes: the nodes declared so far.
            initiators: the nodes known so far to have CPUs or Generic Initiators.

        Raises:
            QemuError: a node is none or no initiator, or the value is missing, of the wrong kind, given already, or too
                far from the earlier ones.

        Source: QEMU 10.0 behaviour.
        """
        source, target = option["initiator"], option["target"]
        for name, pxm in (("initiator", source), ("target", target)):
            if pxm > len(nodes):
                raise QemuError(f"Invalid {name}={pxm}, it should be less than {len(nodes)}")
        if source not in initiators:
            raise QemuError(f"Invalid initiator={source}, it isn't an initiator proximity domain")
        if target not in nodes:
            raise QemuError(f"The target={target} should point to an existing node")
        key = HIERARCHIES.index(option["hierarchy"]), DATA_TYPES.index(option["data-type"])
        values = self._values.setdefault(key, {})
        known = self._measurements.get(key, Measurements(values))
        is_latency = option["data-type"] in LATENCIES
        kind, other = ("latency", "bandwidth") if is_latency else ("bandwidth", "latency")
        if kind not in option:
            raise QemuError(f"Missing '{kind}' option")
        if other in option:
            raise QemuError(f"Invalid option '{other}' since the data type is {kind}")
        value: int = option[kind]
        where = f"between initiator={source} and target={target}"
        if not is_latency and value % MIB:
            raise QemuError(f"Bandwidth {value} {where} should be 1MB aligned")
        if (source, target) in values:
            raise QemuError(f"Duplicate configuration of the {kind} for initiator={source} and target={target}")
        base, span = (_fit_latency if is_latency else _fit_bandwidth)(known, value, where)
        values[source, target] = value
        self._measurements[key] = Measurements(values, base, span)
        if value:
            self._provided[target] = self._provided.get(target, 0) | (HAS_LATENCY if is_latency else HAS_BANDWIDTH)

    def add_cache(self, option: Mapping[str, Any], node_count: int) -> None:
        """Take an ``hmat-cache``.

        Raises:
            QemuError: the node is none or lacks latency or bandwidth, or the level or size does not fit the others.

        Source: QEMU 10.0 behaviour.
        """
        pxm, level, size = option["node-id"], option["level"], option["size"]
        if pxm >= node_count:
            raise QemuError(f"Invalid node-id={pxm}, it should be less than {node_count}")
        if self._provided.get(pxm, 0) != HAS_LATENCY | HAS_BANDWIDTH:
            raise QemuError(
                f"The latency and bandwidth information of node-id={pxm} should be provided before memory side cache "
                "attributes"
            )
        if not 1 <= level <= CACHE_LEVELS:
            raise QemuError(
                f"Invalid level={level}, it should be larger than 0 and less than or equal to {CACHE_LEVELS}"
            )
        if (pxm, level) in self._caches:
            raise QemuError(f"Duplicate configuration of the side cache for node-id={pxm} and level={level}")
        if level > 1:
            inner = self._caches.get((pxm, level - 1))
            if inner is None:
                raise QemuError(f"Cache level={level - 1} shall be defined first")
            if size <= inner["size"]:
                raise QemuError(
                    f"Invalid size={size}, the size of level={level} should be larger than the size({inner['size']}) "
                    f"of level={level - 1}"
                )
        self._caches[pxm, level] = option


def _fit_latency(known: Measurements, value: int, where: str) -> tuple[int, int]:
    """Return base and span with one more latency: the unit is the least power of ten in any value."""
    base = known.base or UINT64
    if not value:
        return base, known.span
    unit = 1
    while value % (unit * 10) == 0:
        unit *= 10
    steps = max(known.span, value // base)
    if steps >= MOST_STEPS:
        raise QemuError(
            f"Latency {value} {where} should not differ from previously entered min or max values on more than "
            f"{MOST_STEPS - 1}"
        )
    return min(base, unit), steps


def _fit_bandwidth(known: Measurements, value: int, where: str) -> tuple[int, int]:
    """Return base and span with one more bandwidth: the unit is the lowest bit of any value."""
    if not value:
        return known.base or 1, known.span
    bits = known.span | value
    unit = bits & -bits
    if bits.bit_length() - unit.bit_length() + 1 > MOST_STEPS.bit_length() or value // unit >= MOST_STEPS:
        raise QemuError(
            f"Bandwidth {value} {where} should not differ from previously entered values on more than {MOST_STEPS - 1}"
        )
    return unit, bits
