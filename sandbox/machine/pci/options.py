"""What decides which PCI devices a machine has without ``-device``, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Drive:
    """A drive of ``-drive`` or of its short forms.

    Attributes:
        interface: ``ide``, ``virtio``, ``floppy``, ``none``...; None for the machine's own default.
        index: its place on that interface; None for the first free one.
        name: the id that ``drive=`` of a device refers to.
    """

    interface: str | None = None
    index: int | None = None
    name: str = ""


@record
class DeviceRequest:
    """A device that somebody asks for.

    Attributes:
        driver: its type or alias.
        options: what else was given: ``bus`` and properties.
        id: the user's id, or None.
        from_json: whether it was given as JSON; QEMU makes those after all others.
    """

    driver: str
    options: Mapping[str, object] = field(default_factory=dict)
    id: str | None = None
    from_json: bool = False


@record
class BuiltinOptions:
    """What decides which devices a machine has by itself, where they sit and how they are called.

    Attributes:
        version: of the machine type, (8, 2) for ``pc-q35-8.2``; None for the newest.
        defaults: False under ``-nodefaults``.
        vga: the last ``-vga``, or None.
        drivers: the ``driver`` of every ``-device`` and ``-global``: some take the place of default devices.
        nics: the model, or None, of each ``-nic`` and ``-net nic``; None if there was no network option at all.
        drives: the drives of the command line.
        sound: the ``model`` of ``-audio``, or None.
        usb_devices: how many ``-usbdevice`` there are.
        usb: whether the machine has USB of its own: ``-usb`` or ``-machine usb=on``.
        acpi: ``-machine acpi``.
        sata, smbus, hpet, pit, pic, i8042, vmport: devices of pc and q35 that ``-machine`` can leave out.
        south_bridge: ``-machine x-south-bridge`` of pc: ``piix3`` or ``piix4-isa``.
        acpi_bridge_hotplug: ``acpi-pci-hotplug-with-bridge-support`` of the chipset; None for the machine's default.
        acpi_root_hotplug: ``acpi-root-pci-hotplug`` of pc's chipset.
        serials, parallels: how many ports ``-serial`` and ``-parallel`` ask for; None if there was no such option.
        cpus: how many CPUs are there at the start.
        node_count: how many NUMA nodes there are.
        high_ecam: whether virt has room for 256 bus numbers, not only for 16.
        gic_has_msi: whether virt's interrupt controller comes with a device for MSIs: GICv2m or ITS.
        secure: ``-machine secure`` of virt.
        smmu: whether virt has ``-machine iommu=smmuv3``.
        firmware: whether virt has firmware (``-bios`` or a flash drive).
        aarch64_cpu: whether virt's CPUs are 64-bit.
    """

    version: tuple[int, int] | None = None
    defaults: bool = True
    vga: str | None = None
    drivers: tuple[str, ...] = ()
    nics: tuple[str | None, ...] | None = None
    drives: tuple[Drive, ...] = ()
    sound: str | None = None
    usb_devices: int = 0
    usb: bool = False
    acpi: bool = True
    sata: bool = True
    smbus: bool = True
    hpet: bool = True
    pit: bool = True
    pic: bool = True
    i8042: bool = True
    vmport: bool = True
    south_bridge: str = "piix3"
    acpi_bridge_hotplug: bool | None = None
    acpi_root_hotplug: bool = True
    serials: int | None = None
    parallels: int | None = None
    cpus: int = 1
    node_count: int = 0
    high_ecam: bool = True
    gic_has_msi: bool = True
    secure: bool = False
    smmu: bool = False
    firmware: bool = False
    aarch64_cpu: bool = False

    def is_at_least(self, *version: int) -> bool:
        """Whether the machine type is of that version or a newer one."""
        return self.version is None or self.version >= version
