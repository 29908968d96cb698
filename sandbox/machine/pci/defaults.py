"""The devices that QEMU adds when nobody asks: graphics, network, sound, drives; and what makes it leave them out.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.pci.catalog import pci_type
from sandbox.machine.pci.options import DeviceRequest, Drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.machine.pci.catalog import Target
    from sandbox.machine.pci.options import BuiltinOptions

VGA_TYPES: Final[Mapping[str, str | None]] = {
    "none": None,
    "std": "VGA",
    "cirrus": "cirrus-vga",
    "vmware": "vmware-svga",
    "virtio": "virtio-vga",
    "qxl": "qxl-vga",
}
_UNAVAILABLE_VGA: Final = {"tcx": "TCX framebuffer", "cg3": "CG3 framebuffer"}
_RETRACE: Final = frozenset({"", ",retrace=dumb", ",retrace=precise"})

_VGA_DRIVERS: Final = frozenset(
    """
    VGA isa-vga cirrus-vga isa-cirrus-vga vmware-svga qxl-vga virtio-vga ati-vga vhost-user-vga virtio-vga-gl
    virtio-vga-rutabaga
    """.split()
)
_CDROM_DRIVERS: Final = frozenset({"ide-cd", "ide-hd", "scsi-cd", "scsi-hd"})
_FLOPPY_DRIVERS: Final = frozenset({"isa-fdc", "floppy"})

SOUND_TYPES: Final = {"ac97": "AC97", "es1370": "ES1370", "hda": "intel-hda", "virtio": "virtio-sound-pci"}
"""Models of ``-audio`` that are PCI devices."""

_DEFAULT_INTERFACE: Final = {"pc": "ide", "q35": "ide", "virt": "virtio"}
_IDE_DRIVES: Final = {"pc": 4, "q35": 6}
_UNITS: Final[Mapping[tuple[str, str], int]] = {("ide", "pc"): 2, ("ide", "q35"): 1}
_DEFAULT_CDROM: Final = 2
_SCSI_UNITS: Final = 7
_IGNORED_INTERFACES: Final = frozenset({"none", "pflash", "virtio"})


def vga_type(options: BuiltinOptions) -> str | None:
    """Return the type of the graphics device that pc and q35 make, or None.

    Raises:
        QemuError: ``-vga`` names none that there is.
    """
    if options.vga is None:
        return "VGA" if options.defaults and not _VGA_DRIVERS.intersection(options.drivers) else None
    for name, description in _UNAVAILABLE_VGA.items():
        if options.vga.startswith(name):
            raise QemuError(f"{description} not available")
    for name, typename in VGA_TYPES.items():
        if options.vga.startswith(name) and options.vga.removeprefix(name) in _RETRACE:
            return typename
    raise QemuError(f"unknown vga type: {options.vga}")


def default_nic(machine: str, options: BuiltinOptions) -> str:
    """Return the type of network device that a machine makes where no model is asked for."""
    if machine == "virt":
        return "virtio-net-pci"
    return "e1000e" if machine == "q35" and options.is_at_least(2, 12) else "e1000"


def nic_types(machine: str, target: Target, options: BuiltinOptions) -> tuple[str, ...]:
    """Return the types of the PCI network devices that a machine makes, in order; other models are not its business."""
    if options.nics is None:
        return (default_nic(machine, options),) if options.defaults else ()
    found = []
    for model in options.nics:
        typename = default_nic(machine, options) if model is None else "virtio-net-pci" if model == "virtio" else model
        try:
            if pci_type(typename, target).is_network:
                found.append(typename)
        except KeyError:
            continue
    return tuple(found)


def isa_nics(machine: str, options: BuiltinOptions) -> int:
    """Return how many network devices pc and q35 make that are not PCI."""
    return 0 if machine == "virt" else (options.nics or ()).count("ne2k_isa")


def drive_indexes(machine: str, interface: str, drives: Iterable[Drive]) -> tuple[int, ...]:
    """Return the indexes of the drives of one interface, each without one taking the first that is free."""
    taken: list[int] = []
    for drive in drives:
        if (drive.interface or _DEFAULT_INTERFACE[machine]) == interface:
            index = drive.index
            if index is None:
                index = next(free for free in range(len(taken) + 1) if free not in taken)
            taken.append(index)
    return tuple(taken)


def check_drives(machine: str, drives: Iterable[Drive]) -> None:
    """Check that the machine has a place for every drive.

    Raises:
        QemuError: it has none for the first that is named.
    """
    for interface in dict.fromkeys(drive.interface or _DEFAULT_INTERFACE[machine] for drive in drives):
        room = {"ide": _IDE_DRIVES.get(machine, 0), "floppy": 0 if machine == "virt" else 2}.get(interface, 0)
        for index in drive_indexes(machine, interface, drives):
            if interface not in _IGNORED_INTERFACES and index >= room:
                units = _UNITS.get((interface, machine), _SCSI_UNITS if interface == "scsi" else 2)
                bus, unit = divmod(index, units if interface in ("ide", "scsi", "floppy") else index + 1)
                raise QemuError(f"machine type does not support if={interface},bus={bus},unit={unit}")


def ide_devices(machine: str, options: BuiltinOptions) -> int:
    """Return how many IDE drives pc and q35 have, the default CD-ROM drive among them."""
    indexes = drive_indexes(machine, "ide", options.drives)
    has_default = options.defaults and not _CDROM_DRIVERS.intersection(options.drivers)
    return len(indexes) + (has_default and _DEFAULT_CDROM not in indexes)


def floppy_devices(machine: str, options: BuiltinOptions) -> int:
    """Return how many floppy drives pc and q35 have; only pc has one by default."""
    indexes = drive_indexes(machine, "floppy", options.drives)
    has_default = machine == "pc" and options.defaults and not _FLOPPY_DRIVERS.intersection(options.drivers)
    return len(indexes) + (has_default and 0 not in indexes)


def port_count(asked: int | None, driver: str, options: BuiltinOptions) -> int:
    """Return how many serial or parallel ports there are: as many as asked for, else one by default."""
    return int(options.defaults and driver not in options.drivers) if asked is None else asked


def startup_requests(
    machine: str, drives: Iterable[Drive], requests: Sequence[DeviceRequest]
) -> tuple[DeviceRequest, ...]:
    """Return the devices to plug after a machine's own, in QEMU's order.

    First those of ``-device`` in plain form, then one for each virtio drive, then those in JSON form.
    """
    virtio = [
        DeviceRequest("virtio-blk-pci", {"drive": drive.name})
        for drive in drives
        if (drive.interface or _DEFAULT_INTERFACE[machine]) == "virtio"
    ]
    plain = [request for request in requests if not request.from_json]
    return (*plain, *virtio, *(request for request in requests if request.from_json))
