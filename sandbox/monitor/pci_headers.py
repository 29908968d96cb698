"""What a PCI device's configuration header says before firmware has touched it.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from sandbox.monitor.data import rows, versions
from sandbox.records import record, replace

if TYPE_CHECKING:
    from sandbox.machine.pci.bus import PciDevice

NO_ANSWER: Final = 0xFFFF
VIRTIO_VENDOR: Final = 0x1AF4
TRANSITIONAL_IDS: Final = range(0x1000, 0x1040)
MODERN_ID: Final = 0x1040
PLAIN_SUBSYSTEM: Final = 0x1100
ROM_BAR: Final = 6
VECTORS_BAR: Final = 1
VIDEO_MEMORY: Final = {"VGA": 0, "secondary-vga": 0, "vmware-svga": 1, "virtio-vga": 0}
"""Types whose BAR of that number is as large as ``vgamem_mb`` says."""

MIB: Final = 1 << 20


@record
class Region:
    """A base address register: its number, ``io``, ``mem32``, ``mem64``, ``pref32`` or ``pref64``, and its bytes."""

    bar: int
    kind: str
    size: int


@record
class Header:
    """A configuration header.

    Attributes:
        vendor, device: 16 bits each.
        class_: base class and subclass, 16 bits.
        pin: the interrupt pin, 1 for A; 0 for none.
        subsystem: vendor and device of the subsystem; None for a bridge.
        windows: base and limit of a bridge's windows for I/O, memory and prefetchable memory; empty for other devices.
        regions: the base address registers that are there.
    """

    vendor: int
    device: int
    class_: int
    pin: int
    subsystem: tuple[int, int] | None
    windows: tuple[tuple[int, int], ...]
    regions: tuple[Region, ...]


UNKNOWN: Final = Header(NO_ANSWER, NO_ANSWER, NO_ANSWER, 0, (NO_ANSWER, NO_ANSWER), (), ())
"""A device whose header is its host's: every number reads as from a place where no device answers."""


def class_description(number: int) -> str | None:
    """Return QEMU's words for a class; None where it has none."""
    return rows("pci_headers.json").get(f"class {number:04x}")


def header_of(device: PciDevice, version: tuple[int, ...], *, has_msi: bool = True) -> Header:
    """Return the header of a device, with what its properties and the machine change in it.

    Args:
        device: the device.
        version: the version of the machine.
        has_msi: whether the machine takes message-signalled interrupts.
    """
    found = _recorded(device.typename)
    if found is None:
        return _given_ids(device)
    regions = found.regions
    if device.integer("rombar", -1) == 0 or device.properties.get("romfile") == "":
        regions = tuple(region for region in regions if region.bar != ROM_BAR)
    if device.kind.is_a("virtio-pci") and not (has_msi and _has_vectors(device, version)):
        regions = tuple(_without_vectors(device, region) for region in regions if region.bar != VECTORS_BAR)
    bar = VIDEO_MEMORY.get(device.typename)
    if bar is not None and "vgamem_mb" in device.properties:
        size = _next_power(device.integer("vgamem_mb", 0)) * MIB
        regions = tuple(replace(region, size=size) if region.bar == bar else region for region in regions)
    if device.typename == "pci-testdev" and device.integer("membar", 0):
        regions = (*regions, Region(2, "pref64", device.integer("membar", 0)))
    header = replace(found, regions=regions)
    if device.kind.is_a("pci-bridge") and not device.switch("shpc", default=True):
        header = replace(header, pin=0, regions=())
    could_be_old = header.vendor == VIRTIO_VENDOR and header.device in TRANSITIONAL_IDS
    return _modern(header) if could_be_old and is_modern_only(device) else header


def _without_vectors(device: PciDevice, region: Region) -> Region:
    """Return a region of a virtio device without MSI-X: the old kind's registers take four bytes less then."""
    is_smaller = region.kind == "io" and device.kind.is_a("virtio-serial-pci-base")
    return replace(region, size=region.size // 2) if is_smaller else region


def _has_vectors(device: PciDevice, version: tuple[int, ...]) -> bool:
    """Whether a virtio device has MSI-X vectors, which some do not have on older machines."""
    if "vectors" in device.properties:
        return bool(device.integer("vectors", 1))
    return version > versions("unvectored").get(device.typename, (0,))


def is_modern_only(device: PciDevice) -> bool:
    """Whether a virtio device cannot be of the old kind: so it is behind a PCI Express port."""
    if not device.kind.is_a("virtio-pci"):
        return False
    if device.typename.endswith("-transitional"):
        return False
    legacy_off = device.properties.get("disable-legacy", "auto")
    return legacy_off == "on" or (legacy_off == "auto" and device.is_express)


def _modern(header: Header) -> Header:
    kind = header.subsystem[1] if header.subsystem else 0
    return replace(
        header,
        device=MODERN_ID + kind,
        subsystem=(VIRTIO_VENDOR, PLAIN_SUBSYSTEM),
        regions=tuple(region for region in header.regions if region.kind != "io"),
    )


def _given_ids(device: PciDevice) -> Header:
    """Return the header of a host's device, with the numbers that the user gave in place of the host's."""
    names = ("x-pci-vendor-id", "x-pci-device-id", "x-pci-sub-vendor-id", "x-pci-sub-device-id")
    vendor, number, *subsystem = (device.integer(name, NO_ANSWER) & NO_ANSWER for name in names)
    return replace(UNKNOWN, vendor=vendor, device=number, subsystem=(subsystem[0], subsystem[1]))


@cache
def _recorded(typename: str) -> Header | None:
    row = rows("pci_headers.json").get(typename)
    if row is None:
        return None
    ids, class_, pin, *rest = row.split()
    vendor, device = (int(part, 16) for part in ids.split(":"))
    subsystem: tuple[int, int] | None = None
    windows: tuple[tuple[int, int], ...] = ()
    regions = []
    for word in rest:
        name, found, value = word.partition("=")
        if not found:
            first, second = (int(part, 16) for part in word.split(":"))
            subsystem = first, second
        elif name == "bridge":
            pairs = (window.split("-") for window in value.split(","))
            windows = tuple((int(base, 16), int(limit, 16)) for base, limit in pairs)
        else:
            kind, _, size = value.partition(":")
            regions.append(Region(int(name), kind, int(size, 16)))
    return Header(vendor, device, int(class_, 16), int(pin), subsystem, windows, tuple(regions))


def _next_power(value: int) -> int:
    return 1 << max(0, value - 1).bit_length() if value else 0
