"""Values in words: sizes, address ranges, flags, addresses of PCI functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.acpi.handles import PciDeviceHandle

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size_in_words(size: int) -> str:
    """A number of bytes in the largest unit that gives it exactly: ``640 KiB``, ``1536 MiB``, ``1 byte``."""
    unit = 0
    while size and size % 1024 == 0 and unit < len(_UNITS) - 1:
        size //= 1024
        unit += 1
    return "1 byte" if (size, unit) == (1, 0) else f"{size} {_UNITS[unit]}"


def range_in_words(base: int, length: int) -> str:
    """A range of addresses with its last one: ``0x100000 to 0x7ffffff, 127 MiB``."""
    if length == 0:
        return f"empty at {base:#x}"
    last = base + length - 1
    beyond = ", past the end of the 64-bit address space" if last >> 64 else ""
    return f"{base:#x} to {last:#x}, {size_in_words(length)}{beyond}"


def flags_in_words(value: int, bits: Mapping[int, tuple[str, str]], width: int = 32) -> str:
    """Flags as words: for each bit what it means when set and when clear ("" for nothing), then the bits left over."""
    words = [word for bit, (set_, clear) in bits.items() if (word := set_ if value >> bit & 1 else clear)]
    rest = value & ~sum(1 << bit for bit in bits) & ((1 << width) - 1)
    if rest:
        words.append(f"reserved bits {rest:#x}")
    return ", ".join(words) or "none"


def pci_in_words(handle: PciDeviceHandle) -> str:
    """A PCI function as the specification reads its bytes, and with bus and devfn exchanged where that differs."""
    swapped = handle.swapped()
    if swapped.bdf == handle.bdf:
        return handle.bdf
    return f"{handle.bdf} as specified; {swapped.bdf} with bus and devfn bytes swapped"


def bdf_in_short(handle: PciDeviceHandle) -> str:
    """The same for a summary: ``0000:20:00.0 (swapped 0000:00:04.0)``."""
    swapped = handle.swapped()
    return handle.bdf if swapped.bdf == handle.bdf else f"{handle.bdf} (swapped {swapped.bdf})"
