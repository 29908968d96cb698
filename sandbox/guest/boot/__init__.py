"""A real Linux guest, booted without KVM to be looked at, and what it sees.

The simplest use::

    from sandbox.guest.boot import boot, guest_kernel, prepare_boot

    machine = prepare_boot(["-M", "q35", "-m", "1G", "-numa", "node"], "x86")
    seen = boot(["qemu-system-x86_64"], machine, guest_kernel("x86"))
    seen.view.masks["online"]

Kernels, busybox and firmware come from ``make guest-kernels``.
"""

from sandbox.guest.boot.cache import GuestKernel, cache_folder, guest_kernel, kernel_versions
from sandbox.guest.boot.parse import Panic
from sandbox.guest.boot.plan import boot_scenario, guest_architecture
from sandbox.guest.boot.runner import Boot, BootFailed, boot
from sandbox.guest.boot.upgrade import as_asked_for
from sandbox.guest.boot.view import Access, GuestNode, GuestView, PciDevice
from sandbox.guest.boot.words import prepare_boot

__all__ = [
    "Access",
    "Boot",
    "BootFailed",
    "GuestKernel",
    "GuestNode",
    "GuestView",
    "Panic",
    "PciDevice",
    "as_asked_for",
    "boot",
    "boot_scenario",
    "cache_folder",
    "guest_architecture",
    "guest_kernel",
    "kernel_versions",
    "prepare_boot",
]
