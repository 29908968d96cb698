"""Where a machine has RAM that may be looked into, so that nothing but RAM is ever read.

Reading a device's registers can change the device; so a search keeps to what is known to be RAM.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.machine.machine import Machine

X86: Final = frozenset({"x86_64", "i386"})
ARM: Final = frozenset({"aarch64", "arm"})

GIB: Final = 1 << 30
Q35_SPLIT_FROM: Final = 0xB000_0000
LEAST_BELOW_4G: Final = 0x8000_0000
MOST_BELOW_4G: Final = 0xE000_0000
VIRT_BASE: Final = GIB
VGA_START: Final = 0xA_0000
LOW_END: Final = 0x10_0000
FIRMWARE_OPTION: Final = re.compile(r"--?(?:bios|pflash)$|(?:^|[,=])pflash|(?:^|,)firmware=")


@record
class RamRange:
    """Bytes of RAM from a guest physical address on."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.size

    def holds(self, address: int, size: int) -> bool:
        """Whether ``size`` bytes from ``address`` on lie in it."""
        return self.start <= address and address + size <= self.end


@record
class RamMap:
    """A machine's RAM.

    Attributes:
        is_x86: whether it is a PC, with a BIOS area below 1 MiB.
        ranges: what is RAM for certain, by address; this is searched.
        perhaps: what is RAM where firmware says so, because a pointer in the BIOS area leads there.
    """

    is_x86: bool
    ranges: tuple[RamRange, ...]
    perhaps: tuple[RamRange, ...] = ()

    def holds(self, address: int, size: int, *, perhaps: bool = False) -> bool:
        """Whether ``size`` bytes from ``address`` on are RAM."""
        known = self.ranges + self.perhaps if perhaps else self.ranges
        return any(part.holds(address, size) for part in known)


def ram_of_machine(machine: Machine) -> RamMap:
    """Return the RAM of a machine of the sandbox, memory devices left out: no firmware puts tables there."""
    ranges = tuple(RamRange(start, size) for start, size in machine.ram if size)
    if not machine.is_x86:
        return RamMap(is_x86=False, ranges=ranges)
    return RamMap(is_x86=True, ranges=(*_around_vga(ranges[0].size), *ranges[1:]))


def ram_of_words(words: Sequence[str], dialect: str | None = None) -> RamMap:
    """Return the RAM of the machine of a command line.

    Raises:
        SandboxError: the sandbox cannot make this machine.
    """
    from sandbox.machine.command_line import parse_arguments
    from sandbox.machine.machine import Machine

    return ram_of_machine(Machine(parse_arguments(words, dialect)))


def names_firmware(words: Iterable[str]) -> bool:
    """Whether a command line names a firmware of its own, so that a PC may have UEFI rather than SeaBIOS."""
    return any(FIRMWARE_OPTION.search(word) for word in words)


def ram_of_size(arch: str, size: int) -> RamMap:
    """Return what is RAM on any machine of this architecture that has ``size`` bytes, if nothing else is known of it.

    Source: QEMU 10.0 behaviour: q35 has the least RAM below 4 GiB, pc the most.
    """
    if arch in X86:
        low = size if size < Q35_SPLIT_FROM else LEAST_BELOW_4G
        return RamMap(is_x86=True, ranges=_around_vga(low), perhaps=_around_vga(min(size, MOST_BELOW_4G)))
    return RamMap(is_x86=False, ranges=(RamRange(VIRT_BASE, size),) if arch in ARM else ())


def _around_vga(size: int) -> tuple[RamRange, ...]:
    """Return the RAM of a PC from address 0 on, without the frame buffer and the ROMs below 1 MiB."""
    below = RamRange(0, min(size, VGA_START))
    return (below, RamRange(LOW_END, size - LOW_END)) if size > LOW_END else (below,)
