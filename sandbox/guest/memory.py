"""Which node each range of RAM is on: the memory entries of SRAT, cleaned up and held against the RAM that there is.

Source: Linux 6.1 (arch/x86/mm/numa.c, drivers/base/arch_numa.c, mm/memblock.c) and 6.12 (mm/numa_memblks.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.affinity import Claim
from sandbox.guest.kernels import MIB, PAGE
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.guest.kernels import Kernel

NO_NODE: Final = -1


@record
class Range:
    """Addresses from ``start`` to before ``end``."""

    start: int
    end: int


@record
class NodeMemory:
    """RAM by node.

    Attributes:
        parts: RAM in ascending order, whole pages only, each part with its node; NO_NODE where no entry claims it.
        rejected: why the kernel drops SRAT; "" if it does not.
        said: what it writes.
        claimed: the nodes that claim RAM, if only a part of a page; an old kernel brings them online.
    """

    parts: tuple[Claim, ...]
    rejected: str = ""
    said: tuple[str, ...] = ()
    claimed: frozenset[int] = frozenset()

    def bytes_on(self, node: int) -> int:
        """Return the bytes of RAM on a node."""
        return sum(part.end - part.start for part in self.parts if part.node == node)


def place_memory(claims: Sequence[Claim], ram: Sequence[Range], kernel: Kernel) -> NodeMemory:
    """Put RAM on nodes.

    Args:
        claims: the enabled memory entries, in table order.
        ram: the RAM that firmware reports, in ascending order.
        kernel: the kernel.
    """
    said: list[str] = []
    if kernel.keeps_blocks:
        low = 0 if kernel.is_old else ram[0].start
        claims, rejected = _clean(claims, ram, low, said)
        if rejected:
            return NodeMemory((), rejected, tuple(said))
    parts = [Claim(NO_NODE, found.start, found.end) for found in ram]
    for claim in claims:
        parts = _painted(parts, claim)
    whole = _whole_pages(parts)
    rejected = _uncovered(whole if kernel.keeps_blocks else parts, kernel, said)
    return NodeMemory(tuple(whole), rejected, tuple(said), frozenset(part.node for part in parts))


def span(start: int, end: int) -> str:
    """Return a range as the kernel writes it."""
    return f"[mem {start:#010x}-{end - 1:#010x}]"


def _clean(claims: Sequence[Claim], ram: Sequence[Range], low: int, said: list[str]) -> tuple[list[Claim], str]:
    """Drop what is no RAM, trim, refuse overlaps of two nodes, and join blocks of one node.

    Blocks are joined across a hole, too, unless another node has memory in it: RAM that no entry mentions comes onto
    the node around it.
    """
    high = ram[-1].end
    blocks = [
        Claim(claim.node, max(claim.start, low), min(claim.end, high))
        for claim in claims
        if any(claim.start < found.end and found.start < claim.end for found in ram)
    ]
    first = 0
    while first < len(blocks):
        second = first + 1
        while second < len(blocks):
            one, other = blocks[first], blocks[second]
            if one.end > other.start and one.start < other.end:
                texts = span(one.start, one.end), span(other.start, other.end)
                if one.node != other.node:
                    said.append(f"node {one.node} {texts[0]} overlaps with node {other.node} {texts[1]}")
                    return [], f"memory of node {one.node} overlaps with that of node {other.node}"
                said.append(f"Warning: node {one.node} {texts[0]} overlaps with itself {texts[1]}")
            joined = Claim(one.node, min(one.start, other.start), max(one.end, other.end))
            if one.node == other.node and not any(
                block.node != one.node and joined.start < block.end and block.start < joined.end for block in blocks
            ):
                said.append(
                    f"NUMA: Node {one.node} {span(one.start, one.end)} + {span(other.start, other.end)}"
                    f" -> {span(joined.start, joined.end)}"
                )
                blocks[first] = joined
                del blocks[second]
            else:
                second += 1
        first += 1
    return blocks, ""


def _painted(parts: Sequence[Claim], claim: Claim) -> list[Claim]:
    """Give the RAM in a claim to its node."""
    painted: list[Claim] = []
    for part in parts:
        start, end = max(part.start, claim.start), min(part.end, claim.end)
        if start >= end:
            painted.append(part)
            continue
        pieces = (
            Claim(part.node, part.start, start),
            Claim(claim.node, start, end),
            Claim(part.node, end, part.end),
        )
        painted += [piece for piece in pieces if piece.start < piece.end]
    return painted


def _whole_pages(parts: Sequence[Claim]) -> list[Claim]:
    """Join parts that lie together, and leave out what is no whole page: a page on two nodes is lost."""
    joined: list[Claim] = []
    for part in parts:
        if joined and joined[-1].node == part.node and joined[-1].end == part.start:
            joined[-1] = Claim(part.node, joined[-1].start, part.end)
        else:
            joined.append(part)
    whole = (Claim(part.node, -(-part.start // PAGE) * PAGE, part.end // PAGE * PAGE) for part in joined)
    return [part for part in whole if part.start < part.end]


def _uncovered(parts: Sequence[Claim], kernel: Kernel, said: list[str]) -> str:
    """Return why the kernel finds that too much RAM is on no node; "" if it does not."""
    total = sum(part.end - part.start for part in parts)
    bare = [part for part in parts if part.node == NO_NODE]
    missing = sum(part.end - part.start for part in bare)
    if missing <= kernel.most_uncovered:
        return ""
    if not kernel.keeps_blocks:
        where = f"[mem {bare[0].start:#018x}-{bare[0].end - 1:#018x}]"
        said.append(f"NUMA: Warning: invalid memblk node {kernel.max_nodes} {where}")
    elif kernel.is_old:
        covered = total - missing
        said.append(f"NUMA: nodes only cover {covered // MIB}MB of your {total // MIB}MB e820 RAM. Not used.")
    else:
        said.append(f"NUMA: no nodes coverage for {missing // MIB}MB of {total // MIB}MB RAM")
    amount = f"{missing // MIB} MiB" if missing >= MIB else f"{missing // 1024} KiB"
    return f"{amount} of RAM from {bare[0].start:#x} on are on no node"
