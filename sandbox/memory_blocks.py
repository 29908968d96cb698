"""The blocks in which Linux adds memory to a machine that runs: it takes no module that is not made of whole ones.

Source: Linux 6.1, 6.12 and 7.3: mm/memory_hotplug.c, arch/x86/mm/init_64.c.
"""

from __future__ import annotations

from typing import Final

LEAST: Final = 128 << 20
LARGEST: Final = 2 << 30
MUCH_RAM: Final = 64 << 30
"""Where RAM ends on x86 from which on blocks are larger."""


def block_bytes(end: int, *, is_x86: bool) -> int:
    """Return the size of a block, in bytes.

    Args:
        end: where RAM ends, memory devices left out.
        is_x86: the architecture; else arm64 with pages of 4 KiB.
    """
    if not is_x86 or end < MUCH_RAM:
        return LEAST
    block = LARGEST
    while block > LEAST and end % block:
        block //= 2
    return block
