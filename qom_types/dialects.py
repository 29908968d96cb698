"""The dialects: each published shape of the Generic Initiator objects, with its behaviour, as data."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.qapi.schema import Schema
    from sandbox.qom.objects import QomObject
    from sandbox.qom.types import TypeInfo, TypeRegistry

ALL_MACHINES: Final = frozenset({"virt", "pc", "q35"})
V2: Final = "v2"
NEWEST: Final = "11.1"
INITIATOR_TYPES: Final = frozenset({"acpi-generic-initiator", "nvidia-acpi-generic-initiator", "acpi-generic-port"})

INTRODUCED: Final[Mapping[str, tuple[int, int]]] = {
    "offset": (8, 1),
    "rom": (8, 2),
    "iommufd": (9, 0),
    "legacy-vm-type": (9, 1),
    "memory-backend-shm": (9, 1),
    "sev-snp-guest": (9, 1),
    "poll-weight": (11, 1),
    "tdx-guest": (11, 1),
}
"""The QEMU that first had a type or property, where it is younger than the oldest dialect."""


@record
class Dialect:
    """One published shape of the objects.

    Attributes:
        name: how users call it.
        summary: one line for people: the QEMUs that it stands for, a colon, and what sets it apart.
        family: the folder of ``qom_types`` that has the QAPI fragment and the types.
        qemu_version: major, minor and micro of the QEMU whose answers it gives.
        interface_version: the QEMU whose QAPI members it takes.
        initiator_machines: the machines whose SRAT gets what these objects contribute.
        swaps_bus_and_devfn: whether the two bytes of a PCI handle stand in each other's place.
        failure_may_resize: whether an object-add that fails while completing may resize the buckets of ``/objects``.
        deletions_give_reasons: whether an object-del that is refused says why in words of the object's type.
        monitors_are_objects: whether monitors stand in ``/objects``.
        root_containers: the containers that ``/`` has before there is a machine; others come when they are needed.
    """

    name: str
    summary: str
    family: str
    qemu_version: tuple[int, int, int]
    interface_version: tuple[int, int]
    initiator_machines: frozenset[str] = ALL_MACHINES
    swaps_bus_and_devfn: bool = False
    failure_may_resize: bool = True
    deletions_give_reasons: bool = False
    monitors_are_objects: bool = False
    root_containers: tuple[str, ...] = ()

    @property
    def has_ports(self) -> bool:
        """Whether the dialect knows acpi-generic-port."""
        return self.family == "merged" and self.interface_version >= (9, 2)

    def symbols(self) -> frozenset[str]:
        """Return what the ``if`` of a fragment may test: ``QEMU_x_y`` for each version up to the dialect's."""
        steps = ((8, 1), (8, 2), (9, 0), (9, 1), (9, 2), (10, 0), (11, 1))
        return frozenset(f"QEMU_{major}_{minor}" for major, minor in steps if (major, minor) <= self.interface_version)

    def schema(self) -> Schema:
        """Parse the family's QAPI fragment as this dialect has it."""
        return load_fragment(self.family, self.symbols())

    def types(self, *, is_x86: bool = True) -> Iterator[TypeInfo]:
        """Give the user-creatable types, parents first, with the properties that they have in this dialect.

        Args:
            is_x86: whether the QEMU is one for x86, which has types of its own.
        """
        for info in common_types(is_x86=is_x86, monitors=self.monitors_are_objects):
            if INTRODUCED.get(info.name, (0, 0)) <= self.interface_version:
                known = tuple(p for p in info.properties if INTRODUCED.get(p.name, (0, 0)) <= self.interface_version)
                yield replace(info, properties=known, instance_class=self._class_of(info))
        if self.family == V2:
            from qom_types.v2.initiators import INITIATORS

            yield from INITIATORS
            return
        from qom_types.merged.initiators import generic_initiator

        yield generic_initiator(swaps_bus_and_devfn=self.swaps_bus_and_devfn)
        if self.has_ports:
            from qom_types.merged.ports import GENERIC_PORT

            yield GENERIC_PORT

    def _class_of(self, info: TypeInfo) -> type[QomObject] | None:
        """Return the class of a type's objects in this dialect."""
        if self.interface_version >= (11, 1):
            from qom_types.common.companions import NewerEventLoop
            from qom_types.common.services import NewerSharedKey

            newer: Mapping[str, type[QomObject]] = {"iothread": NewerEventLoop, "tls-creds-psk": NewerSharedKey}
            return newer.get(info.name, info.instance_class)
        return info.instance_class

    def registry(self, *, is_x86: bool) -> TypeRegistry:
        """Return a new registry with the dialect's user-creatable types."""
        from sandbox.qom.types import TypeRegistry

        return TypeRegistry(base=_prepared_registry(self, is_x86))


@lru_cache(maxsize=16)
def _prepared_registry(dialect: Dialect, is_x86: bool) -> TypeRegistry:
    """Register a dialect's types once; what machines get are copies."""
    from sandbox.qom.types import TypeRegistry

    return TypeRegistry(dialect.types(is_x86=is_x86))


def common_types(*, is_x86: bool, monitors: bool) -> Iterator[TypeInfo]:
    """Give the types that are not the dialects' own, parents first.

    Args:
        is_x86: whether those of x86 are among them.
        monitors: whether monitors are.
    """
    from qom_types.common import backends, companions, filters, services, throttling

    yield from (*backends.BACKENDS, *companions.COMPANIONS, *services.TYPES, *throttling.TYPES, *filters.TYPES)
    if is_x86:
        from qom_types.common.guests import TYPES

        yield from TYPES
    if monitors:
        from qom_types.common.monitors import MONITORS

        yield from MONITORS


DIALECTS: Final[Mapping[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            V2,
            "the series of October 2023: device and node, or the nvidia object with a run of nodes; arm virt only",
            V2,
            (7, 2, 0),
            (8, 1),
            initiator_machines=frozenset({"virt"}),
        ),
        Dialect(
            "9.0",
            "QEMU 9.0.0 to 9.0.3 and 9.1: merged objects, bus and devfn swapped in the handle",
            "merged",
            (9, 0, 0),
            (9, 0),
            swaps_bus_and_devfn=True,
        ),
        Dialect("9.2", "QEMU 9.2: the handle is right, and there are Generic Ports", "merged", (9, 2, 0), (9, 2)),
        Dialect(
            "10.0",
            "QEMU 10.0 to 10.2: as 9.2",
            "merged",
            (10, 0, 2),
            (10, 0),
            root_containers=("chardevs", "objects", "backend"),
        ),
        Dialect(
            "11.1",
            "QEMU 11.0 and 11.1: monitors stand in /objects beside the initiators",
            "merged",
            (11, 1, 3),
            (11, 1),
            failure_may_resize=False,
            deletions_give_reasons=True,
            monitors_are_objects=True,
            root_containers=("chardevs", "objects", "backend", "audiodevs"),
        ),
    )
}


def dialect_named(name: str) -> Dialect:
    """Return the dialect of that name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    try:
        return DIALECTS[name]
    except KeyError:
        known = ", ".join(f"{each.name} ({each.summary.partition(':')[0]})" for each in DIALECTS.values())
        raise InputError(f"unknown dialect '{name}'; known are: {known}") from None


def knows(schema: Schema, typename: str) -> bool:
    """Whether a dialect's schema has objects of that type."""
    from sandbox.qapi.model import EnumType

    return any(value.name == typename for value in schema.lookup_as(EnumType, "ObjectType").values)


@lru_cache(maxsize=8)
def load_fragment(family: str, symbols: frozenset[str]) -> Schema:
    """Parse ``qom.json`` of a family; members whose ``if`` does not hold for ``symbols`` are left out.

    A schema is immutable, so one serves all machines.
    """
    from sandbox.qapi.schema import parse_schema
    from sandbox.resources import read_beside

    def read(path: str) -> str:
        return read_beside(__file__, *path.split("/")[1:])

    file = f"qom_types/{family}/qom.json"
    return parse_schema(read(file), file, read_include=read, defined=symbols)
