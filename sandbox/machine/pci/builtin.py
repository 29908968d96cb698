"""The devices that pc, q35 and virt create by themselves, in order, with their places and QOM paths.

    >>> [device.typename for device in builtin_topology("q35", BuiltinOptions(defaults=False)).devices]
    ['mch', 'ICH9-LPC', 'ich9-ahci', 'ICH9-SMB']

Devices without a place of their own in the composition tree are numbered in ``/machine/unattached`` together with CPUs,
interrupt controllers, serial ports and so on; those are counted here so that the numbers come out right.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.machine.pci.address import make_devfn
from sandbox.machine.pci.bus import Hotplug, PciBus
from sandbox.machine.pci.defaults import (
    SOUND_TYPES,
    check_drives,
    floppy_devices,
    ide_devices,
    isa_nics,
    nic_types,
    port_count,
    vga_type,
)
from sandbox.machine.pci.options import BuiltinOptions
from sandbox.machine.pci.topology import PciTopology

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.pci.bus import PciDevice

_EEPROMS: Final = 8
_VIRTIO_TRANSPORTS: Final = 32
_ALL_BUSES: Final = 256
_LOW_BUSES: Final = 16
_SHARED: Final = {"multifunction": True}
_USB_COMPANIONS: Final = (("ich9-usb-uhci1", 0), ("ich9-usb-uhci2", 1), ("ich9-usb-uhci3", 2))


def builtin_topology(machine: str, options: BuiltinOptions | None = None) -> PciTopology:
    """Return the topology of a machine as it is before the first ``-device``.

    Args:
        machine: ``pc``, ``q35`` or ``virt``.
        options: what changes it; by default the machine as it is without any option.

    Raises:
        QemuError: an option names what the machine does not have.
    """
    options = options or BuiltinOptions()
    check_drives(machine, options.drives)
    topology = _BUILDERS[machine](options)
    _add_sound(topology, options)
    topology.attach(options.usb_devices)
    return topology


def builtin_devices(machine: str, options: BuiltinOptions | None = None) -> tuple[PciDevice, ...]:
    """Return the PCI devices that a machine has before the first ``-device``, in the order in which it makes them.

    Raises:
        QemuError: as :func:`builtin_topology`.
    """
    return builtin_topology(machine, options).devices


def _pc(options: BuiltinOptions) -> PciTopology:
    bridges = options.acpi and options.acpi_bridge_hotplug is not False
    hotplug = Hotplug.ACPI if bridges or (options.acpi and options.acpi_root_hotplug) else Hotplug.NONE
    hotpluggable = options.acpi and options.acpi_root_hotplug
    root = PciBus("pci.0", "PCI", "/machine/i440fx/pci.0", None, hotplug, hotpluggable, fixed_number=0)
    topology = PciTopology("pc", root, "i440FX-pcihost", acpi_bridges=bridges, node_count=options.node_count)
    topology.claim_bus_name("PCI")
    topology.attach(options.cpus + 1)
    topology.place("i440FX", 0)
    piix4 = options.south_bridge == "piix4-isa"
    south = topology.place("piix4-isa" if piix4 else "PIIX3", make_devfn(1, 0), properties=_SHARED)
    topology.place("piix4-ide" if piix4 else "piix3-ide", make_devfn(1, 1), path=f"{south.path}/ide")
    if options.usb:
        topology.place(f"piix{4 if piix4 else 3}-usb-uhci", make_devfn(1, 2), path=f"{south.path}/uhci")
    if options.acpi:
        topology.place("PIIX4_PM", make_devfn(1, 3), path=f"{south.path}/pm")
    topology.attach(ide_devices("pc", options) + 2 * options.pic)
    _add_vga(topology, options)
    topology.attach(_isa_devices("pc", options))
    _add_nics(topology, options)
    topology.attach(_EEPROMS * options.acpi)
    return topology


def _q35(options: BuiltinOptions) -> PciTopology:
    bridges = options.is_at_least(6, 1) if options.acpi_bridge_hotplug is None else options.acpi_bridge_hotplug
    hotplug = Hotplug.ACPI if bridges else Hotplug.NONE
    root = PciBus("pcie.0", "PCIE", "/machine/q35/pcie.0", None, hotplug, fixed_number=0)
    topology = PciTopology("q35", root, "q35-pcihost", acpi_bridges=bridges, node_count=options.node_count)
    topology.attach(options.cpus + 1)
    topology.place("mch", 0, path="/machine/q35/mch")
    topology.place("ICH9-LPC", make_devfn(0x1F, 0), properties=_SHARED)
    topology.attach(2 * options.pic + _isa_devices("q35", options))
    if options.sata:
        topology.place("ich9-ahci", make_devfn(0x1F, 2), properties=_SHARED)
        topology.attach(ide_devices("q35", options))
    if options.usb:
        topology.place("ich9-usb-ehci1", make_devfn(0x1D, 7), properties=_SHARED)
        for typename, function in _USB_COMPANIONS:
            companion = {**_SHARED, "masterbus": "usb-bus.0"}
            topology.place(typename, make_devfn(0x1D, function), properties=companion)
    if options.smbus:
        topology.place("ICH9-SMB", make_devfn(0x1F, 3), properties=_SHARED)
        topology.attach(_EEPROMS)
    _add_vga(topology, options)
    _add_nics(topology, options)
    return topology


def _virt(options: BuiltinOptions) -> PciTopology:
    serials = 2 if options.secure or (options.serials or 0) > 1 else 1
    before_host = options.cpus + 1 + options.gic_has_msi + serials + 1
    host = f"/machine/unattached/device[{before_host}]"
    root = PciBus("pcie.0", "PCIE", f"{host}/pcie.0", fixed_number=0)
    bus_count = _ALL_BUSES if options.high_ecam else _LOW_BUSES
    topology = PciTopology(
        "virt",
        root,
        "gpex-pcihost",
        node_count=options.node_count,
        bus_count=bus_count,
        has_msi=options.gic_has_msi,
        has_iommu=options.smmu,
    )
    topology.attach(before_host + 1)
    topology.place("gpex-root", 0, path=f"{host}/gpex_root")
    _add_nics(topology, options)
    has_event_device = options.acpi and options.firmware and options.aarch64_cpu and options.is_at_least(4, 2)
    power_devices = (1 if has_event_device else 2) + 2 * options.secure
    topology.attach(options.smmu + power_devices + _VIRTIO_TRANSPORTS + 1)
    return topology


_BUILDERS: Final[Mapping[str, Callable[[BuiltinOptions], PciTopology]]] = {"pc": _pc, "q35": _q35, "virt": _virt}


def _isa_devices(machine: str, options: BuiltinOptions) -> int:
    """Return how many devices of the ISA kind, from timers to keyboard, are numbered between chipset and the rest."""
    floppies = floppy_devices(machine, options)
    timers = options.hpet + 2 * options.pit
    ports = port_count(options.serials, "isa-serial", options) + port_count(options.parallels, "isa-parallel", options)
    floppy_controller = int(machine == "pc" or floppies > 0)
    keyboard = (2 + 2 * options.vmport) if options.i8042 else 0
    return timers + ports + floppy_controller + floppies + keyboard


def _add_vga(topology: PciTopology, options: BuiltinOptions) -> None:
    typename = vga_type(options)
    if typename is not None:
        topology.place(typename)


def _add_nics(topology: PciTopology, options: BuiltinOptions) -> None:
    topology.attach(isa_nics(topology.machine, options))
    for typename in nic_types(topology.machine, topology.target, options):
        topology.place(typename)


def _add_sound(topology: PciTopology, options: BuiltinOptions) -> None:
    typename = SOUND_TYPES.get(options.sound or "")
    if typename is not None:
        topology.place(typename)
    if options.sound is not None and (typename is None or options.sound == "hda"):
        topology.attach()
