"""The kernels whose view is forecast: their limits and the few rules in which they differ, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB: Final = 1 << 20
PAGE: Final = 4096
LEAST_PXM_LIMIT: Final = 256
X86: Final = "x86"
ARM64: Final = "arm64"
DEFAULT_VERSION: Final = "6.12"


@record
class Kernel:
    """A kernel as Debian configures it.

    Attributes:
        version: ``6.1``, ``6.12`` or ``7.3``.
        arch: :data:`X86` or :data:`ARM64`.
        max_nodes: how many nodes it can have (2 to the power of its NODES_SHIFT).
        most_uncovered: bytes of RAM that the memory entries may leave out.
        keeps_blocks: whether it collects the memory entries, merges them and refuses overlaps; else each one claims
            its RAM at once, and the last one wins.
        is_old: whether it is from before 6.12: it walks on to SRAT's end after an entry has ended pass 1, has other
            words for what it finds, trims memory entries at address 0, and does not heed Generic Ports in HMAT.
        onlines_modules: whether memory modules that it finds at its start come into use by themselves.
        names_processors: whether it writes a line for each processor entry when it reads the table.
        cuts_masks: whether it prints masks up to the last possible node only.
        overflow_words: what it says of a range beyond 64 bits.
    """

    version: str
    arch: str
    max_nodes: int
    most_uncovered: int
    keeps_blocks: bool = True
    is_old: bool = False
    onlines_modules: bool = True
    names_processors: bool = False
    cuts_masks: bool = False
    overflow_words: str = "invalid memblk node"

    @property
    def is_x86(self) -> bool:
        """Whether it runs on x86."""
        return self.arch == X86

    @property
    def parser_prefix(self) -> str:
        """What stands in front of what it says of an entry of length 0."""
        return "ACPI: " if self.is_old else ""

    @property
    def max_pxms(self) -> int:
        """The first proximity domain that it does not take."""
        return max(self.max_nodes, LEAST_PXM_LIMIT)

    @property
    def max_blocks(self) -> int:
        """How many memory entries it can keep."""
        return 2 * self.max_nodes


NODE_COUNTS: Final = tuple(1 << shift for shift in range(1, 11))
"""How many nodes kernels are built for: two to the power of NODES_SHIFT, which Kconfig has from 1 to 10."""

_X86_NODES: Final = 1024
_ARM64_NODES: Final = 16
_NEW_OVERFLOW: Final = "invalid memblk range for node"

KERNELS: Final[Mapping[tuple[str, str], Kernel]] = {
    (kernel.arch, kernel.version): kernel
    for kernel in (
        Kernel("6.1", X86, _X86_NODES, MIB - PAGE, is_old=True, onlines_modules=False, names_processors=True),
        Kernel("6.12", X86, _X86_NODES, MIB),
        Kernel("7.3", X86, _X86_NODES, MIB, cuts_masks=True, overflow_words=_NEW_OVERFLOW),
        Kernel("6.1", ARM64, _ARM64_NODES, 0, keeps_blocks=False, is_old=True, onlines_modules=False),
        Kernel("6.12", ARM64, _ARM64_NODES, 0),
        Kernel("7.3", ARM64, _ARM64_NODES, 0, cuts_masks=True, overflow_words=_NEW_OVERFLOW),
    )
}
"""By architecture and version.

Source: Linux 6.1, 6.12 and 7.3 (drivers/acpi/numa, arch/x86/mm, drivers/base and mm); NODES_SHIFT is 10 on amd64 and
4 on arm64 in Debian's configurations.
"""

VERSIONS: Final = tuple(dict.fromkeys(version for _, version in KERNELS))
ARCHITECTURES: Final = tuple(dict.fromkeys(arch for arch, _ in KERNELS))


def nearest_kernel(arch: str, release: str) -> Kernel:
    """Return the kernel whose rules are likely those of a release such as ``6.15.2-arch1``: the newest not after it.

    Of a release from before all of them it is the oldest.
    """
    wanted = _numbers(release)
    known = sorted((found for found in KERNELS.values() if found.arch == arch), key=lambda it: _numbers(it.version))
    return next((found for found in reversed(known) if _numbers(found.version) <= wanted), known[0])


def _numbers(release: str) -> tuple[int, ...]:
    """Return the first two numbers of a release."""
    return tuple(int(number) for number in release.replace("-", ".").split(".")[:2] if number.isdecimal())


def find_kernel(arch: str, version: str) -> Kernel:
    """Return a kernel.

    Raises:
        InputError: it is none of those whose rules are known.
    """
    try:
        return KERNELS[arch, version]
    except KeyError:
        known = ", ".join(f"{name} {number}" for name, number in KERNELS)
        raise InputError(f"no rules are known for Linux {version} on {arch}; there are: {known}") from None


def sized(kernel: Kernel, max_nodes: int | None) -> Kernel:
    """Return a kernel that is built for so many nodes; None: for as many as Debian's.

    Raises:
        InputError: none is built so.
    """
    if max_nodes is None:
        return kernel
    if max_nodes not in NODE_COUNTS:
        counts = ", ".join(map(str, NODE_COUNTS))
        raise InputError(f"no kernel is built for {max_nodes} nodes; it can be: {counts}")
    return replace(kernel, max_nodes=max_nodes)
