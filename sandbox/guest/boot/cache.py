"""Where the parts of a guest lie: kernels, busybox and firmware that ``make guest-kernels`` has fetched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.guest.facts import EDK2_VERSIONS
from sandbox.guest.kernels import ARCHITECTURES, ARM64, DEFAULT_VERSION
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

CACHE_VARIABLE: Final = "QOM_SANDBOX_CACHE"
REMEDY: Final = "fetch what a guest is booted from with `make guest-kernels`"


@record
class GuestKernel:
    """What a guest is booted from.

    Attributes:
        arch: ``x86`` or ``arm64``.
        version: of the kernel: ``6.12``; "" of one of the user's own.
        image: the kernel.
        busybox: a statically linked busybox for this architecture.
        firmware: UEFI firmware, where the machine has none of its own: on arm64.
        edk2: which of those that forecasts know this firmware is; None where there is none.
    """

    arch: str
    version: str
    image: Path
    busybox: Path
    firmware: Path | None = None
    edk2: str | None = None


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of what was fetched: ``$QOM_SANDBOX_CACHE``, or else qom-sandbox below the user's caches."""
    own = environment.get(CACHE_VARIABLE)
    if own:
        return Path(own)
    caches = environment.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path("~/.cache").expanduser()) / "qom-sandbox"


def guest_kernel(
    arch: str, version: str = DEFAULT_VERSION, *, image: Path | None = None, cache: Path | None = None
) -> GuestKernel:
    """Return what a guest is booted from.

    Args:
        arch: ``x86`` or ``arm64``.
        version: of a kernel in the cache.
        image: a kernel of the user's own in place of one from the cache.
        cache: the cache, if it is not that of :func:`cache_folder`.

    Raises:
        InputError: a part is not there; the message names the remedy.
    """
    if arch not in ARCHITECTURES:
        raise InputError(f"no guest for the architecture {arch}: known are {', '.join(ARCHITECTURES)}")
    folder = (cache or cache_folder()) / "guest" / arch
    firmware = _part(folder, "edk2", "QEMU_EFI.fd") if arch == ARM64 else None
    edk2 = None if firmware is None else _edk2(firmware)
    busybox = _part(folder, "busybox", "busybox")
    if image is None:
        return GuestKernel(arch, version, _kernel(folder, version), busybox, firmware, edk2)
    if image.is_dir():
        raise InputError(f"{image} is a folder, and a kernel image is a file")
    if not image.is_file():
        raise InputError(f"no kernel image {image}")
    return GuestKernel(arch, "", image, busybox, firmware, edk2)


def kernel_versions(arch: str, *, cache: Path | None = None) -> tuple[str, ...]:
    """Return the versions of the kernels that are there for an architecture, oldest first."""
    return tuple(sorted(_kernels((cache or cache_folder()) / "guest" / arch), key=_numbers))


def _kernel(folder: Path, version: str) -> Path:
    kernels = _kernels(folder)
    if version not in kernels:
        there = f" (there are {', '.join(sorted(kernels, key=_numbers))})" if kernels else ""
        newest = "; `tools/fetch-guest-kernels --newest` fetches the newest one" if kernels else ""
        raise InputError(f"no kernel {version} in {folder}{there}: {REMEDY}{newest}, or name one with --kernel-image")
    return kernels[version]


def _kernels(folder: Path) -> dict[str, Path]:
    """Return the kernels by version; a package tells the version, else the folder's name does."""
    found = {}
    for image in folder.glob("*/vmlinuz"):
        version = _package_version(image) or image.parent.name
        found[".".join(version.split(".")[:2])] = image
    return found


def _edk2(firmware: Path) -> str:
    """Return the known edk2 that a firmware is: the newest not after it; of an unknown one the newest of all."""
    version = _package_version(firmware).partition("-")[0]
    known = [known for known in EDK2_VERSIONS if not version or _numbers(known) <= _numbers(version)]
    return max(known, key=_numbers, default=EDK2_VERSIONS[0])


def _package_version(file: Path) -> str:
    """Return the version of the package that a file in the cache is from; "" if none is told."""
    package = file.with_name("package")
    told = package.read_text(encoding="utf-8").splitlines() if package.is_file() else []
    return next((line.partition(": ")[2] for line in told if line.startswith("Version: ")), "")


def _part(folder: Path, *names: str) -> Path:
    path = folder.joinpath(*names)
    if not path.is_file():
        raise InputError(f"no {path}: {REMEDY}")
    return path


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
