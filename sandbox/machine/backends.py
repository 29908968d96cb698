"""Memory backends, as far as memory modules and nodes need to know them."""

from __future__ import annotations

from typing import Final

from sandbox.records import record

PAGE: Final = 4096
ANONYMOUS_ALIGNMENT: Final = 2 << 20
"""How QEMU aligns memory that is no file, on Linux on x86 and Arm hosts."""


@record
class Backend:
    """A memory backend.

    Attributes:
        id: its id in ``/objects``.
        size: bytes.
        alignment: what its size and its address in the guest must be multiples of, bytes.
        is_rom: whether the guest cannot write to it: a file with ``readonly=on``, unless ``rom=off``.
    """

    id: str
    size: int
    alignment: int = ANONYMOUS_ALIGNMENT
    is_rom: bool = False


def backend_alignment(typename: str, align: int = 0, hugetlb_size: int = 0) -> int:
    """Return the alignment of a backend's memory, in bytes.

    Files on hugetlbfs have the host's page size there, which only the host knows.

    Args:
        typename: ``memory-backend-ram``, ``-file``, ``-memfd`` or ``-shm``.
        align: the property of that name, of files; 0 where it is not given.
        hugetlb_size: the page size of a memfd with ``hugetlb=on``; 0 without.

    Source: QEMU 10.0 behaviour.
    """
    if typename == "memory-backend-ram":
        return ANONYMOUS_ALIGNMENT
    return max(PAGE, align, hugetlb_size)
