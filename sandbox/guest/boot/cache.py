"""Where the parts of a guest lie: kernels, busybox and firmware that ``make guest-kernels`` has fetched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping

CACHE_VARIABLE: Final = "QOM_SANDBOX_CACHE"
ARCHITECTURES: Final = ("x86", "arm64")
DEFAULT_VERSION: Final = "6.12"
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
    """

    arch: str
    version: str
    image: Path
    busybox: Path
    firmware: Path | None = None


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
    firmware = _part(folder, "edk2", "QEMU_EFI.fd") if arch == "arm64" else None
    busybox = _part(folder, "busybox", "busybox")
    if image is None:
        return GuestKernel(arch, version, _kernel(folder, version), busybox, firmware)
    if not image.is_file():
        raise InputError(f"no kernel image {image}")
    return GuestKernel(arch, "", image, busybox, firmware)


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
        package = image.with_name("package")
        told = package.read_text(encoding="utf-8").splitlines() if package.is_file() else []
        version = next((line.partition(": ")[2] for line in told if line.startswith("Version: ")), image.parent.name)
        found[".".join(version.split(".")[:2])] = image
    return found


def _part(folder: Path, *names: str) -> Path:
    path = folder.joinpath(*names)
    if not path.is_file():
        raise InputError(f"no {path}: {REMEDY}")
    return path


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
