"""The device types that QEMU has for PCI, as data: parents, interfaces, properties, hot-pluggable or not.

    >>> find_type("virtio-net").typename
    'virtio-net-pci'

JSON files beside this module hold what QEMU 10.0.2 says about itself, for x86_64 and aarch64 together, one type or one
group of types on a line, and what of it is different in QEMU 11.1.3. They are read when the first type is looked up,
those with the types that are not for PCI only when they are needed.

Source: QEMU 10.0 and 11.1 behaviour (qom-list-types, device-list-properties, ``info qdm``, device_add).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from sandbox.errors import QemuError
from sandbox.records import field, record
from sandbox.resources import read_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Target = Literal["x86_64", "aarch64"]
"""The architecture of a QEMU."""

Version = tuple[int, ...]
"""The version of a QEMU, as far as it matters here."""

RECORDED: Final = (10, 0)
CHANGED: Final = (11, 1)
"""The first QEMU with the types of the second edition."""

GONE: Final = "gone"
"""The kind of types that the second edition does not have any more."""

EXPRESS: Final = "express"
CONVENTIONAL: Final = "conventional"
CXL: Final = "cxl"

DEVICE_PROPERTIES: Final[Mapping[str, str]] = {
    "type": "read-only",
    "realized": "bool",
    "hotpluggable": "read-only",
    "hotplugged": "read-only",
    "parent_bus": "read-only",
}
"""What every device has, PCI or not; ``read-only`` stands for any type that cannot be written."""


@record
class DeviceType:
    """A PCI device type.

    Attributes:
        typename: its QOM name.
        ancestors: its parent, the parent's parent, and so on to ``object``.
        interfaces: ``express``, ``conventional`` and ``cxl``, as far as it has them; both of the first two make it a
            hybrid, which is express only where its bus is.
        properties: name -> QOM type of all that it has, inherited ones first.
        hotpluggable: whether device_add takes it in a running machine, its bus permitting.
        is_abstract: whether it exists for its children only.
        is_internal: whether only machines and other devices create it.
        alias: another name that ``-device`` takes for it, or None.
        version: the QEMU whose type it is.
    """

    typename: str
    ancestors: tuple[str, ...]
    interfaces: frozenset[str]
    properties: Mapping[str, str] = field(repr=False)
    hotpluggable: bool = True
    is_abstract: bool = False
    is_internal: bool = False
    alias: str | None = None
    version: Version = RECORDED

    def is_a(self, typename: str) -> bool:
        """Whether it is that type or one derived from it."""
        return typename == self.typename or typename in self.ancestors

    @property
    def is_express_only(self) -> bool:
        """Whether it is a PCI Express device on any bus."""
        return EXPRESS in self.interfaces and CONVENTIONAL not in self.interfaces

    @property
    def is_network(self) -> bool:
        """Whether ``-nic model=`` takes it."""
        return "netdev" in self.properties and not (self.is_abstract or self.is_internal)

    @property
    def is_bridge(self) -> bool:
        """Whether it has a bus on its far side whose number firmware programs."""
        return self.is_a("base-pci-bridge")

    @property
    def is_expander(self) -> bool:
        """Whether it makes another root bus: pxb, pxb-pcie, pxb-cxl."""
        return self.is_a("pxb")


@record
class OtherDevice:
    """A device type that is not for PCI.

    Attributes:
        typename: its QOM name.
        kind: ``sysbus``, ``no bus`` or ``bus`` and the type of bus that it needs: ``bus usb-bus``.
    """

    typename: str
    kind: str


def find_type(name: str, target: Target = "x86_64", version: Version = RECORDED) -> DeviceType | OtherDevice:
    """Return the type that ``-device`` or device_add names, by its name or its alias.

    Args:
        name: what the user wrote.
        target: the architecture of the QEMU that is asked.
        version: its version.

    Raises:
        QemuError: no such type, or one that users cannot create.
    """
    edition = edition_of(version)
    rows = _rows(edition)
    typename = name if _has(rows, name, target) else _aliases(edition).get(name, name)
    if not _has(rows, typename, target):
        return _find_other(name, typename, target, edition)
    found = pci_type(typename, target, edition)
    if found.is_abstract:
        raise QemuError("Parameter 'driver' expects a non-abstract device type")
    if found.is_internal:
        raise QemuError("Parameter 'driver' expects a pluggable device type")
    return found


def edition_of(version: Version) -> Version:
    """Return the version whose recorded types are those of a QEMU."""
    return CHANGED if version >= CHANGED else RECORDED


def pci_type(typename: str, target: Target = "x86_64", version: Version = RECORDED) -> DeviceType:
    """Return a PCI type by its QOM name, whether or not users can create it.

    Raises:
        KeyError: no such PCI type.
    """
    edition = edition_of(version)
    if not _has(_rows(edition), typename, target):
        raise KeyError(typename)
    return _pci_type(typename, target, edition)


def pci_typenames(target: Target = "x86_64", version: Version = RECORDED) -> tuple[str, ...]:
    """Return the names of all PCI types of a target, abstract and internal ones too."""
    rows = _rows(edition_of(version))
    return tuple(name for name in rows if _has(rows, name, target))


def _has(rows: Mapping[str, str], name: str, target: Target) -> bool:
    if not rows.get(name):
        return False
    other = "aarch64" if target == "x86_64" else "x86_64"
    return f" target={other}" not in rows[name].partition(" | ")[0]


def _find_other(name: str, typename: str, target: Target, edition: Version) -> OtherDevice:
    kind = _others(target, edition).get(typename)
    if kind == "abstract":
        raise QemuError("Parameter 'driver' expects a non-abstract device type")
    if kind == "internal":
        raise QemuError("Parameter 'driver' expects a pluggable device type")
    if kind is None or kind == GONE:
        alias = f" (alias '{typename}')" if typename != name else ""
        raise QemuError(f"'{name}'{alias} is not a valid device model name")
    return OtherDevice(typename, kind)


def _read_lines(name: str) -> Iterator[tuple[str, str]]:
    """Read a JSON object whose members are plain texts, one on a line, without the parser that would cost more."""
    for line in read_beside(__file__, name).splitlines()[1:-1]:
        key, _, text = line.rstrip(",")[1:-1].partition('": "')
        yield key, text


@cache
def _rows(edition: Version) -> Mapping[str, str]:
    """Return each type's row: parent and features ``|`` own properties ``|`` properties on x86_64 only.

    The row of a type that an edition does not have any more is empty.
    """
    rows = dict(_read_lines("catalog.json"))
    if edition == CHANGED:
        rows.update(_read_lines("catalog_11_1.json"))
    return rows


@cache
def _aliases(edition: Version) -> Mapping[str, str]:
    aliases = {}
    for name, row in _rows(edition).items():
        _, found, rest = row.partition(" | ")[0].partition(" alias=")
        if found:
            aliases[rest.split(" ")[0]] = name
    return aliases


@cache
def _others(target: Target, edition: Version) -> Mapping[str, str]:
    files = ("other_devices.json", "other_devices_11_1.json")[: 2 if edition == CHANGED else 1]
    kinds: dict[str, str] = {}
    for file in files:
        for group, names in _read_lines(file):
            architecture, _, kind = group.partition(" ")
            if architecture == target:
                kinds.update(dict.fromkeys(names.split(), kind))
    return kinds


@cache
def _pci_type(typename: str, target: Target, edition: Version) -> DeviceType:
    head, *properties = _rows(edition)[typename].split(" | ")
    parent, *features = head.split(" ")
    ancestors: tuple[str, ...]
    if typename == "pci-device":
        ancestors, declared = (parent, "object"), dict(DEVICE_PROPERTIES)
    else:
        above = _pci_type(parent, target, edition)
        ancestors, declared = (parent, *above.ancestors), dict(above.properties)
    for text in properties if target == "x86_64" else properties[:1]:
        declared.update(_split_property(entry) for entry in text.split())
    alias = next((feature.removeprefix("alias=") for feature in features if feature.startswith("alias=")), None)
    return DeviceType(
        typename,
        ancestors,
        frozenset({EXPRESS, CONVENTIONAL, CXL}.intersection(features)),
        declared,
        hotpluggable="fixed" not in features,
        is_abstract="abstract" in features,
        is_internal="internal" in features,
        alias=alias,
        version=edition,
    )


def _split_property(entry: str) -> tuple[str, str]:
    name, _, kind = entry.partition(":")
    return name, kind
