"""Devices that need the host: PCI ones give their place to a device that needs nothing, others keep their number.

A device of the host's is never taken, be it there or not. What stands in is of no consequence for SRAT, SLIT and HMAT:
they know where a PCI device is, not what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.live.standins.backends import SILENT, SOUND_DEVICES, has_sound_backend
from sandbox.live.standins.objects import unusable_objects
from sandbox.live.standins.run import changed
from sandbox.live.standins.values import read_value
from sandbox.machine.pci.catalog import DeviceType, find_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.live.standins.run import Rule, Run, Words
    from sandbox.live.standins.values import Value
    from sandbox.machine.arguments import Option

PCI_STAND_IN: Final = "pci-testdev"
OTHER_STAND_IN: Final = "nvme-subsys"
"""A device without a bus, of which there may be any number: anonymous devices after it keep their numbers."""
VGA_STAND_IN: Final = "VGA"

OF_HOST: Final = ("vfio-", "vhost-", "xen-", "tpm-", "u2f-")
"""Starts of the names of types that work with a device, a kernel module or a process of the host's."""

OF_HOST_TYPES: Final = frozenset(
    """
    ivshmem-doorbell virtio-input-host-pci virtio-input-host virtio-input-host-device x-pci-proxy-dev usb-host usb-mtp
    canokey ccid-card-emulated scsi-generic scsi-block qxl virtio-gpu-gl virtio-gpu-gl-pci virtio-gpu-gl-device
    virtio-gpu-rutabaga virtio-gpu-rutabaga-pci virtio-gpu-rutabaga-device guest-loader pci-assign kvm-pci-assign
    nitro-serial-vsock
    """.split()
)
VGA_OF_HOST: Final = frozenset({"qxl-vga", "virtio-vga-gl", "virtio-vga-rutabaga", "vhost-user-vga"})
"""Types that need the host and take the place of the machine's own graphics device."""

NO_HOST: Final = frozenset({"xen-platform"})
PLACE: Final = frozenset({"driver", "id", "bus", "addr", "multifunction", "acpi-index"})

LEFT_OUT: Final[Mapping[str, tuple[str, ...]]] = {
    "virtio-mem": ("prealloc",),
    "virtio-mem-pci": ("prealloc",),
    "virtio-gpu-pci": ("blob", "hostmem"),
    "virtio-vga": ("blob", "hostmem"),
    "uefi-vars-x64": ("jsonfile",),
    "uefi-vars-sysbus": ("jsonfile",),
    "arm-smmuv3": ("accel", "ats", "ril", "ssidsize", "oas", "pasid", "cmdqv"),
}
"""Properties of types that stay, which need the host."""


def _device(run: Run, option: Option) -> Words | None:
    value = read_value(option.value or "", "driver")
    driver = value.text_of("driver")
    stand_in = _stand_in(run, driver, value)
    if stand_in is None:
        return _kept(run, option, value)
    run.change(option, f"{_an(stand_in)} takes its place{_reason(run, driver, value)}")
    names = {"driver", "id"} if stand_in == OTHER_STAND_IN else PLACE
    return changed(option, value.only(names).with_(driver=stand_in))


def _stand_in(run: Run, driver: str, value: Value) -> str | None:
    """Return the type that takes the place of a device, None where it can stay."""
    if driver in VGA_OF_HOST:
        return VGA_STAND_IN
    is_of_host = driver.startswith(OF_HOST) or driver in OF_HOST_TYPES
    if driver == "loader":
        is_of_host = value.get("file") is not None
    unusable = unusable_objects(run)
    lacks_object = any(given in unusable for name, given in value.pairs if name not in ("driver", "id"))
    if driver in NO_HOST or not (is_of_host or lacks_object):
        return None
    return PCI_STAND_IN if _is_pci(run, driver) else OTHER_STAND_IN


def _is_pci(run: Run, driver: str) -> bool:
    """Whether a type is for PCI; of one that the sandbox does not know, its name tells."""
    try:
        return isinstance(find_type(driver, run.target), DeviceType)
    except QemuError:
        return "-pci" in driver or driver in ("qxl", "pci-assign")


def _reason(run: Run, driver: str, value: Value) -> str:
    host = value.text_of("host")
    if driver.startswith("vfio-") and host:
        return ": a test run takes no device of the host's" + (
            "" if run.host.has_pci(host) else f", and {host} is none"
        )
    return ": it needs the host" if driver != "loader" else ": its file stays closed"


def _an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeion' else 'a'} {noun}"


def _kept(run: Run, option: Option, value: Value) -> Words | None:
    """Return a device that stays, without what it would want of the host."""
    driver = value.text_of("driver")
    kept = value.without(*LEFT_OUT.get(driver, ()))
    gone = [name for name, _ in value.pairs if name in LEFT_OUT.get(driver, ())]
    if gone:
        run.change(option, f"{', '.join(gone)} left out: the host would have to give it")
    if kept.get("romfile"):
        run.change(option, "romfile left out: firmware extensions move no table")
        kept = kept.with_(romfile="")
    if driver in SOUND_DEVICES and kept.get("audiodev") is None and not has_sound_backend(run):
        run.change(option, "sound goes nowhere")
        kept = kept.with_(audiodev=SILENT)
    return None if kept == value else changed(option, kept)


def needs_silence(run: Run) -> bool:
    """Whether a device is to be given a sound backend of ours."""
    if has_sound_backend(run):
        return False
    devices = tuple(run.values("driver", "device"))
    return any(value.get("driver") in SOUND_DEVICES and value.get("audiodev") is None for value in devices)


RULES: Final[Mapping[str, Rule]] = {"device": _device}
