"""What decides, about the machine that QEMU runs on, whether a command line can run there."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KVM_CREATE_VM: Final = 0xAE01
OVERCOMMIT: Final = "proc/sys/vm/overcommit_memory"
NEVER: Final = "2"
COUNTED_IN: Final = {"0": ("MemTotal", "SwapTotal"), NEVER: ("CommitLimit",)}
"""Which figures limit what the kernel promises, by its mode of overcommitting memory."""
EDK2_VARIABLE: Final = "AAVMF"
EDK2_PLACES: Final = (
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
    "/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/edk2/aarch64/QEMU_EFI.fd",
    "/usr/share/edk2/aarch64/QEMU_CODE.fd",
    "/usr/share/edk2-armvirt/aarch64/QEMU_EFI.fd",
    "/usr/share/qemu/aavmf-aarch64-code.bin",
    "/usr/share/qemu/edk2-aarch64-code.fd",
    "/usr/local/share/qemu/edk2-aarch64-code.fd",
    "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
)
"""Where distributions put edk2 for the 64-bit Arm ``virt``."""


@record
class Host:
    """Facts about a host; each that costs something is a function, asked only when a command line raises the question.

    Attributes:
        architecture: as ``uname -m`` has it.
        size_of: the size in bytes of a regular file, named as QEMU sees it; None where there is none.
        exists: whether there is something, be it a file or a device, by a name as QEMU sees it.
        has_kvm: whether KVM makes a virtual machine.
        without_kvm: why it is done without KVM, where that is asked for and is not to be had.
        has_pci: whether there is a PCI device at a host address such as ``0019:06:00.0``.
        largest_memory: how many bytes of memory at once the kernel promises to one process; None: as many as it likes.
        takes_unpromised: whether QEMU can have memory without such a promise; it looks into ``/proc`` for that.
        root: QEMU's root directory as we see it, where it is another than ours.
        variables: environment variables.
    """

    architecture: str
    size_of: Callable[[str], int | None]
    exists: Callable[[str], bool]
    has_kvm: Callable[[], bool]
    has_pci: Callable[[str], bool]
    largest_memory: Callable[[], int | None]
    takes_unpromised: Callable[[], bool]
    root: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    without_kvm: str = "KVM cannot be used on this host"

    def path_of(self, name: str) -> Path:
        """Return our path of a file that QEMU knows by ``name``."""
        return Path(name) if self.root is None else self.root / name.lstrip("/")

    def find_edk2(self) -> str | None:
        """Return the name by which QEMU knows edk2 for ``virt``: the variable ``AAVMF``, or a usual place."""
        given = self.variables.get(EDK2_VARIABLE)
        if given:
            return given
        return next((place for place in EDK2_PLACES if self.size_of(place) is not None), None)


def probe_host(root: Path | None = None) -> Host:
    """Return the host that we run on, looked at when its facts are asked for.

    Args:
        root: QEMU's root directory, where a chroot gives it another.
    """
    host_root = root or Path("/")

    def place(name: str) -> Path:
        return Path(name) if root is None else root / name.lstrip("/")

    @cache
    def size_of(name: str) -> int | None:
        return place(name).stat().st_size if place(name).is_file() else None

    @cache
    def has_kvm() -> bool:
        return _makes_vm(host_root / "dev/kvm")

    return Host(
        architecture=platform.machine(),
        size_of=size_of,
        exists=lambda name: place(name).exists(),
        has_kvm=has_kvm,
        has_pci=_has_pci,
        largest_memory=cache(_largest_memory),
        takes_unpromised=lambda: _read(host_root / OVERCOMMIT) not in ("", NEVER),
        root=root,
        variables=os.environ,
    )


def _makes_vm(device: Path) -> bool:
    """Whether KVM gives out a virtual machine; a device that opens may still refuse."""
    import fcntl

    try:
        kvm = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.close(fcntl.ioctl(kvm, KVM_CREATE_VM, 0))
    except OSError:
        return False
    finally:
        os.close(kvm)
    return True


def _has_pci(address: str) -> bool:
    full = address if address.count(":") == 2 else f"0000:{address}"
    return (Path("/sys/bus/pci/devices") / full.lower()).exists()


def _largest_memory() -> int | None:
    """Return what Linux does not promise more than: RAM and swap, or its limit where it counts all promises."""
    mode = _read(Path("/") / OVERCOMMIT)
    if mode not in COUNTED_IN:
        return None
    lines = (line.partition(":") for line in _read(Path("/proc/meminfo")).splitlines())
    kibibytes = {name: int(rest.split()[0]) for name, _, rest in lines}
    return sum(kibibytes.get(name, 0) for name in COUNTED_IN[mode]) * 1024


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
