"""From the options of a command line that add or take away devices to :class:`BuiltinOptions`.

    >>> read_switches([("nodefaults", None), ("vga", "std"), ("nic", "user,model=virtio")]).nics
    ('virtio',)

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.options import BuiltinOptions, DeviceRequest, Drive
from sandbox.qapi.numbers import NumberError, read_uint64
from sandbox.qapi.opts import parse_opts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DISKS: Final = {"hda": 0, "hdb": 1, "hdc": 2, "hdd": 3, "": 0}
_FLOPPIES: Final = {"fda": 0, "fdb": 1}
_CDROM_INDEX: Final = 2
_LEAVES_OUT: Final = ("sata", "smbus", "hpet", "pit", "pic", "i8042", "vmport")


def read_switches(
    switches: Iterable[tuple[str, str | None]],
    machine_options: Mapping[str, object] | None = None,
    *,
    drivers: Iterable[str] = (),
    version: tuple[int, int] | None = None,
    cpus: int = 1,
    node_count: int = 0,
    aarch64_cpu: bool = False,
) -> BuiltinOptions:
    """Return what decides which devices a machine has by itself.

    Args:
        switches: names and values of options, in order: ``("vga", "std")``, ``("nodefaults", None)``; others are passed
            over.
        machine_options: the values of ``-machine`` properties, as far as given: switches as True and False or as text.
        drivers: the ``driver`` of every ``-device``.
        version: of the machine type.
        cpus: how many CPUs are there at the start.
        node_count: how many NUMA nodes there are.
        aarch64_cpu: whether virt's CPUs are 64-bit.

    Raises:
        QemuError: a value cannot be read.
    """
    reader = _Reader(drivers)
    for name, value in switches:
        reader.read(name, value or "")
    given = machine_options or {}
    on = {name: _is_on(given.get(name)) for name in (*_LEAVES_OUT, "acpi")}
    gic = given.get("gic-version")
    return BuiltinOptions(
        version=version,
        defaults=reader.defaults,
        vga=reader.vga,
        drivers=tuple(reader.drivers),
        nics=None if reader.nics is None else tuple(reader.nics),
        drives=tuple(reader.drives),
        sound=reader.sound,
        usb=reader.usb or _is_on(given.get("usb", False)),
        south_bridge=str(given.get("x-south-bridge", "piix3")),
        acpi_bridge_hotplug=reader.bridge_hotplug,
        acpi_root_hotplug=reader.root_hotplug,
        serials=reader.serials,
        parallels=reader.parallels,
        cpus=cpus,
        node_count=node_count,
        high_ecam=_has_high_ecam(given, version),
        gic_has_msi=gic in (None, 2, "2", "host")
        or (_is_on(given.get("its")) and (version is None or version >= (2, 8))),
        secure=_is_on(given.get("secure", False)),
        smmu=given.get("iommu") == "smmuv3",
        firmware=reader.firmware,
        aarch64_cpu=aarch64_cpu,
        **on,
    )


def virtfs_request(value: str) -> DeviceRequest:
    """Return the device that ``-virtfs`` asks for, at its place among the ``-device`` options.

    Raises:
        QemuError: the value cannot be read.
    """
    given = dict(parse_opts(value, "fsdriver"))
    tag = given.get("mount_tag", "")
    return DeviceRequest("virtio-9p-pci", {"fsdev": given.get("id", tag), "mount_tag": tag})


def _is_on(value: object) -> bool:
    """Whether a machine property is on; one that was not given is."""
    return value not in (False, "off", "no", "false", "n")


def _has_high_ecam(given: Mapping[str, object], version: tuple[int, int] | None) -> bool:
    by_default = version is None or version >= (3, 0)
    return _is_on(given.get("highmem")) and _is_on(given.get("highmem-ecam", by_default))


class _Reader:
    """Collects what the options say, one after the other."""

    def __init__(self, drivers: Iterable[str]) -> None:
        self.drivers = list(drivers)
        self.defaults = True
        self.vga: str | None = None
        self.nics: list[str | None] | None = None
        self.drives: list[Drive] = []
        self.sound: str | None = None
        self.usb = False
        self.serials: int | None = None
        self.parallels: int | None = None
        self.bridge_hotplug: bool | None = None
        self.root_hotplug = True
        self.firmware = False

    def read(self, name: str, value: str) -> None:
        """Take in one option."""
        if name == "nodefaults":
            self.defaults = False
        elif name == "vga":
            self.vga = value
        elif name in ("net", "nic", "netdev"):
            self.read_network(name, value)
        elif name in ("usb", "usbdevice"):
            self.usb = True
        elif name == "drive":
            self.read_drive(dict(parse_opts(value)))
        elif name in _DISKS or name in _FLOPPIES or name in ("cdrom", "sd", "mtdblock"):
            self.read_image(name)
        elif name == "audio":
            self.sound = dict(parse_opts(value, "driver")).get("model")
        elif name == "serial":
            self.serials = (self.serials or 0) + (value != "none")
        elif name == "parallel":
            self.parallels = (self.parallels or 0) + (value != "none")
        elif name == "global":
            self.read_global(value)
        elif name == "bios":
            self.firmware = True

    def read_network(self, name: str, value: str) -> None:
        """Take in ``-net``, ``-nic`` or ``-netdev``: any of them leaves out the default device."""
        nics = self.nics = self.nics or []
        given = dict(parse_opts(value, "type"))
        kind = given.get("type")
        if (name == "nic" and kind != "none") or (name == "net" and kind == "nic"):
            nics.append(given.get("model"))

    def read_drive(self, given: Mapping[str, str]) -> None:
        """Take in ``-drive``."""
        interface = given.get("if")
        try:
            index = read_uint64(given["index"]) if "index" in given else None
        except NumberError:
            index = None
        self.firmware |= interface == "pflash"
        self.drives.append(Drive(interface, index, given.get("id", "")))

    def read_image(self, name: str) -> None:
        """Take in a short form of ``-drive``."""
        if name in ("sd", "mtdblock"):
            self.drives.append(Drive("mtd" if name == "mtdblock" else "sd"))
        elif name in _FLOPPIES:
            self.drives.append(Drive("floppy", _FLOPPIES[name]))
        else:
            self.drives.append(Drive(None, _DISKS.get(name, _CDROM_INDEX)))

    def read_global(self, value: str) -> None:
        """Take in ``-global``: its driver counts as used, and a few of its properties change hot-plug."""
        driver, dot, rest = value.partition(".")
        if dot and "=" not in driver:
            name, _, text = rest.partition("=")
        else:
            given = dict(parse_opts(value))
            driver, name, text = given.get("driver", ""), given.get("property", ""), given.get("value", "")
        self.drivers.append(driver)
        if driver in ("PIIX4_PM", "ICH9-LPC"):
            if name == "acpi-pci-hotplug-with-bridge-support":
                self.bridge_hotplug = _is_on(text)
            elif name == "acpi-root-pci-hotplug":
                self.root_hotplug = _is_on(text)
