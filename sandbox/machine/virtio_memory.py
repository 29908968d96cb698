"""The memory devices ``virtio-mem-pci`` and ``virtio-pmem-pci``: what they are given, and what QEMU says to it.

A virtio-mem device takes addresses for all of its backend, and has no memory until a guest's driver takes as much of
it as ``requested-size`` says. A virtio-pmem device is a disk to a guest. Neither has an entry in any table.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.machine.refusals import Notice
from sandbox.records import record, replace

if TYPE_CHECKING:
    from sandbox.machine.backends import Backend

VIRTIO_MEM: Final = "virtio-mem"
VIRTIO_PMEM: Final = "virtio-pmem"

LEAST_BLOCK: Final = 1 << 20
HUGE_PAGE: Final = 2 << 20
"""A transparent huge page, as hosts with x86 processors and Arm hosts with pages of 4 KiB have them."""

PAGE: Final = 4096
FIRST_INACCESSIBLE: Final = (8, 1)
"""The first pc and q35 on which guests cannot read memory that is not plugged."""


@record
class VirtioMemory:
    """A virtio-mem or virtio-pmem device in its place.

    Attributes:
        id: the device's id, or None.
        kind: :data:`VIRTIO_MEM` or :data:`VIRTIO_PMEM`.
        backend: the path of its memory backend.
        address: where it lies.
        size: the bytes of its backend.
        node: its NUMA node; always 0 for virtio-pmem.
        block_size: the bytes in which virtio-mem's memory comes and goes.
        requested_size: the bytes that virtio-mem wants its guest to take.
        inaccessible: virtio-mem's ``unplugged-inaccessible``, settled: ``on`` or ``off``.
    """

    id: str | None
    kind: str
    backend: str
    address: int
    size: int
    node: int = 0
    block_size: int = 0
    requested_size: int = 0
    inaccessible: str = "on"

    @property
    def plugged_size(self) -> int:
        """The bytes that the guest has of it: none of virtio-mem as long as no guest takes any."""
        return self.size if self.kind == VIRTIO_PMEM else 0

    def with_requested_size(self, size: int) -> VirtioMemory:
        """Return the same device with another request to its guest."""
        return replace(self, requested_size=size)


@record
class Source:
    """A memory backend as virtio-mem looks at it.

    Attributes:
        backend: its size and alignment.
        is_busy: whether something has taken it.
        prealloc: whether all of it is claimed from the host at the start.
        page_size: the bytes of the host's pages in it.
        has_zero_page: whether memory that was never written to takes none of the host's: private and no file.
        is_file: whether it is a file.
        share: whether others see what is written to it.
        is_readonly_file: whether it is a file that cannot be written, and no ROM either.
    """

    backend: Backend
    is_busy: bool = False
    prealloc: bool = False
    page_size: int = PAGE
    has_zero_page: bool = True
    is_file: bool = False
    share: bool = False
    is_readonly_file: bool = False

    @property
    def default_block(self) -> int:
        """The bytes of virtio-mem's blocks where nobody gives them."""
        return HUGE_PAGE if self.page_size == PAGE else max(self.page_size, LEAST_BLOCK)


@record
class VirtioMemOptions:
    """The properties of virtio-mem.

    Attributes:
        node: the NUMA node, 32 bits.
        block_size: bytes; 0: the default.
        requested_size: bytes.
        memaddr: the address that it has come to lie at.
        inaccessible: ``unplugged-inaccessible``: ``auto``, ``on`` or ``off``.
        dynamic_memslots: whether its memory is mapped in parts.
        locks_memory: whether the machine keeps all its memory in the host's RAM.
    """

    node: int = 0
    block_size: int = 0
    requested_size: int = 0
    memaddr: int = 0
    inaccessible: str = "on"
    dynamic_memslots: bool = False
    locks_memory: bool = False


def check_block_size(size: int) -> None:
    """Check a value of ``block-size`` as it is set.

    Raises:
        QemuError: it is too small or no power of two.
    """
    if size < LEAST_BLOCK:
        raise QemuError(f"'block-size' property has to be at least {LEAST_BLOCK:#x}")
    if size.bit_count() != 1:
        raise QemuError("'block-size' property has to be a power of two")


def check_pmem(source: Source) -> None:
    """Check the backend of a virtio-pmem device that has its place on a bus.

    Raises:
        QemuError: it is taken.
    """
    if source.is_busy:
        raise QemuError(f"can't use already busy memdev: {source.backend.id}")


def check_mem(options: VirtioMemOptions, source: Source, node_count: int) -> tuple[str, tuple[Notice, ...]]:
    """Check a virtio-mem device that has its place on a bus.

    Returns:
        What ``unplugged-inaccessible`` comes to, and QEMU's warnings.

    Raises:
        QemuError: it cannot come to life.
    """
    _check_source(source)
    if options.node >= (node_count or 1):
        raise QemuError(
            f"'node' property has value '{options.node}', which exceedsthe number of numa nodes: {node_count or 1}"
        )
    if options.locks_memory:
        raise QemuError("Incompatible with mlock")
    notices: list[Notice] = []
    inaccessible = options.inaccessible
    if inaccessible == "auto":
        inaccessible = "off" if source.has_zero_page else "on"
    elif inaccessible == "off" and not source.has_zero_page:
        lacking = "with a memdev that does not support the shared zeropage."
        notices.append(Notice(f"'unplugged-inaccessible' property set to 'off' {lacking}"))
    if options.dynamic_memslots and inaccessible != "on":
        raise QemuError("'dynamic-memslots' property set to 'on' requires 'unplugged-inaccessible' to be 'on'")
    block = options.block_size or source.default_block
    if block < source.page_size:
        raise QemuError(f"'block-size' property has to be at least the page size ({source.page_size:#x})")
    if block < source.default_block:
        least = source.default_block >> 20
        notices.append(Notice(f"'block-size' property is smaller than the default block size ({least} MiB)"))
    _check_multiples(options, source, block)
    return inaccessible, tuple(notices)


def _check_source(source: Source) -> None:
    name = source.backend.id
    if source.is_busy:
        raise QemuError(f"'memdev' property specifies a busy memdev: {name}")
    if source.backend.is_rom:
        raise QemuError("'memdev' property specifies an unsupported memdev")
    if source.prealloc:
        raise QemuError(
            f"'memdev' property specifies a memdev with preallocation enabled: {name}. Instead, specify 'prealloc=on' "
            "for the virtio-mem device. "
        )


def _check_multiples(options: VirtioMemOptions, source: Source, block: int) -> None:
    if options.requested_size % block:
        raise QemuError(f"'requested-size' property has to be multiples of 'block-size' ({block:#x})")
    if options.memaddr % block:
        raise QemuError(f"'memaddr' property has to be multiples of 'block-size' ({block:#x})")
    if source.backend.size % block:
        raise QemuError(f"'memdev' property memdev size has to be multiples of'block-size' ({block:#x})")


def discard(source: Source) -> tuple[Notice, ...]:
    """Give back to the host what a backend has; return what QEMU says of it."""
    if source.is_readonly_file:
        return (
            Notice("ram_block_discard_range: Discarding RAM with readonly files is not supported", is_warning=False),
        )
    if source.is_file and not source.share:
        words = (
            "ram_block_discard_range: Discarding RAM in private file mappings is possibly dangerous, because it will "
            "modify the underlying file and will affect other users of the file"
        )
        return (Notice(words),)
    return ()


def check_removal(device: VirtioMemory) -> None:
    """Check that a device may be asked to go.

    Raises:
        QemuError: it may not: virtio-pmem never, virtio-mem as long as it wants memory to be in use.
    """
    if device.kind == VIRTIO_PMEM:
        raise QemuError("this virtio based memory devices cannot be unplugged")
    if device.inaccessible != "on":
        raise QemuError("virtio-mem device cannot get unplugged while 'unplugged-inaccessible' != 'on'")
    if device.requested_size:
        raise QemuError("virtio-mem device cannot get unplugged while 'requested-size' != '0'")


def check_request(device: VirtioMemory, size: int) -> None:
    """Check a new value of a virtio-mem device's ``requested-size``.

    Raises:
        QemuError: it does not fit to the device.
    """
    if size % device.block_size:
        raise QemuError(f"'requested-size' has to be multiples of 'block-size' ({device.block_size:#x})")
    if size > device.size:
        raise QemuError(f"'requested-size' cannot exceed the memory backend size({device.size:#x})")
