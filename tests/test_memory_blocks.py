"""The blocks in which Linux adds memory, as its probe_memory_block_size() has them."""

from __future__ import annotations

import pytest

from sandbox.memory_blocks import block_bytes

MIB, GIB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("end", "block"),
    [
        (GIB, 128 * MIB),
        (63 * GIB, 128 * MIB),
        (64 * GIB, 2 * GIB),
        (65 * GIB, GIB),
        (64 * GIB + 256 * MIB, 256 * MIB),
        (80 * GIB + 4096, 128 * MIB),
    ],
)
def test_blocks_on_x86_are_the_largest_that_end_with_ram(end, block):
    assert block_bytes(end, is_x86=True) == block


@pytest.mark.parametrize("end", [GIB, 64 * GIB, 80 * GIB])
def test_blocks_on_arm64_are_of_one_size(end):
    assert block_bytes(end, is_x86=False) == 128 * MIB
