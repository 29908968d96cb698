"""The two passes over SRAT in which Linux gives node numbers to proximity domains.

Pass 1 meets processors and Generic Initiators in table order, pass 2 memory; each new domain takes the first free
number. Some mistakes make the kernel drop the whole table ("rejected"), some only end pass 1.

Source: Linux 6.1, 6.12 and 7.3, drivers/acpi/numa/srat.c and the parts of arch/x86/mm and arch/arm64 that it calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.guest.affinity import Affinity, Claim, Lost, Source
from sandbox.guest.srat_walk import GICC, INITIATOR, MEMORY, PORT, PROCESSOR, X2APIC, Entry, entries, revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.guest.kernels import Kernel

ENABLED: Final = 1
HOT_PLUGGABLE: Final = 2
NON_VOLATILE: Final = 4
LENGTHS: Final = {PROCESSOR: 16, X2APIC: 24, GICC: 18, MEMORY: 40}
FIRST_X2APIC_ID: Final = 255
FIRST_WIDE_REVISION: Final = 2
LOW_BYTE: Final = 0xFF


def read_affinity(srat: bytes | None, kernel: Kernel, behind: bytes = b"") -> Affinity:
    """Read SRAT as a kernel does; the claims are not yet held against RAM.

    Args:
        srat: the table; None: there is none.
        kernel: the kernel.
        behind: what lies behind the table in memory.

    Raises:
        DecodeError: the table is too short to have a header.
    """
    reader = _Reader(kernel)
    if srat is None:
        reader.result.rejected = "there is no SRAT"
        reader.result.fails_to_read = True
    else:
        reader.read(srat, behind)
    return reader.result


def ends_in_zero(found: Sequence[Entry]) -> bool:
    """Return whether the walk ended at an entry of length 0."""
    return bool(found) and not found[-1].length


class _Reader:
    """The state of a reading."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.result = Affinity()
        self.wide = False

    def read(self, srat: bytes, behind: bytes) -> None:
        found = tuple(entries(srat, behind))
        self.wide = revision(srat) >= FIRST_WIDE_REVISION
        self.first_pass(found)
        self.second_pass(found)
        result = self.result
        gicc = [entry for entry in found if entry.type == GICC and entry.u32(10) & ENABLED]
        initiators = [entry.index for entry in found if entry.type == INITIATOR]
        result.initiator_entries |= {index: number for number, index in enumerate(initiators)}
        result.port_entries += [entry for entry in found if entry.type == PORT]
        result.ports |= {entry.u32(4) for entry in result.port_entries}
        result.gicc |= {entry.u32(6): entry.u32(2) for entry in gicc}
        has_memory = any(source.entry.type == MEMORY for source in result.sources)
        result.fails_to_read = ends_in_zero(found) or not has_memory
        if ends_in_zero(found):
            result.rejected = f"an entry at offset {found[-1].offset} has the length 0"
        elif not result.disabled and not has_memory:
            result.rejected = "no memory entry is enabled"

    def first_pass(self, found: Sequence[Entry]) -> None:
        readers = {INITIATOR: self.initiator}
        if self.kernel.is_x86:
            readers |= {PROCESSOR: self.processor, X2APIC: self.x2apic}
        else:
            readers[GICC] = self.gicc
        stopped = ""
        for entry in found:
            if entry.type not in readers:
                continue
            if stopped:
                self.lose(entry, stopped)
            else:
                stopped = readers[entry.type](entry)
        if (self.kernel.is_old or not stopped) and ends_in_zero(found):
            self.say(f"{self.kernel.parser_prefix}[SRAT:0x00] Invalid zero length")

    def second_pass(self, found: Sequence[Entry]) -> None:
        for entry in found:
            if entry.type == MEMORY:
                self.memory(entry)
        if ends_in_zero(found):
            self.say(f"{self.kernel.parser_prefix}[SRAT:0x01] Invalid zero length")

    def processor(self, entry: Entry) -> str:
        """A processor by its APIC id."""
        if self.is_wrong(entry, exact=True) or not entry.u32(4) & ENABLED:
            return ""
        pxm = entry.byte(2)
        if self.wide:
            pxm |= entry.u32(9) << 8 & 0xFFFFFF00
        self.take_processor(entry, pxm, entry.byte(3), "02x")
        return ""

    def x2apic(self, entry: Entry) -> str:
        """A processor by its x2APIC id; large ids are passed over, since firmware has not switched x2APIC on."""
        if self.is_wrong(entry) or not entry.u32(12) & ENABLED:
            return ""
        pxm, apic_id = entry.u32(4), entry.u32(8)
        if apic_id >= FIRST_X2APIC_ID:
            self.say(f"SRAT: PXM {pxm} -> X2APIC 0x{apic_id:04x} ignored")
            return ""
        self.take_processor(entry, pxm, apic_id, "04x")
        return ""

    def take_processor(self, entry: Entry, pxm: int, apic_id: int, width: str) -> None:
        node = self.map(pxm)
        if node is None:
            self.say(f"SRAT: Too many proximity domains {pxm:x}")
            self.disable(entry, self.too_many(pxm))
            return
        self.result.processors[apic_id] = node
        self.take(entry, pxm, node)
        if self.kernel.names_processors:
            self.say(f"SRAT: PXM {pxm} -> APIC 0x{apic_id:{width}} -> Node {node}")

    def gicc(self, entry: Entry) -> str:
        """An Arm processor by its UID."""
        if self.is_wrong(entry) or not entry.u32(10) & ENABLED:
            return ""
        pxm = entry.u32(2)
        node = self.map(pxm)
        if node is None:
            self.say(f"ACPI: NUMA: SRAT: Too many proximity domains {pxm}")
            self.disable(entry, self.too_many(pxm))
            return ""
        self.take(entry, pxm, node)
        return ""

    def initiator(self, entry: Entry) -> str:
        """A Generic Initiator; return why the pass ends here, or ""."""
        pxm = entry.u32(4)
        if not entry.u32(24) & ENABLED:
            self.lose(entry, "its flags do not say Enabled")
            return f"the Generic Initiator of PXM {pxm} ahead of it is not enabled, which ends the kernel's reading"
        node = self.map(pxm)
        if node is None:
            self.say("ACPI: SRAT: Too many proximity domains.")
            self.lose(entry, self.too_many(pxm))
            return f"the Generic Initiator of PXM {pxm} ahead of it finds no node, which ends the kernel's reading"
        self.result.initiators.add(node)
        self.take(entry, pxm, node)
        return ""

    def memory(self, entry: Entry) -> None:
        """A range of memory."""
        if self.result.disabled:
            return
        if entry.length < LENGTHS[MEMORY]:
            self.say(f"ACPI: SRAT: Unexpected header length: {entry.length}")
            self.disable(entry, f"a memory entry has the length {entry.length}")
            return
        flags = entry.u32(28)
        if not flags & ENABLED:
            return
        start = entry.u64(8)
        end = start + entry.u64(16) & (1 << 64) - 1
        pxm = entry.u32(2) if self.wide else entry.u32(2) & LOW_BYTE
        node = self.map(pxm)
        if node is None:
            self.say("ACPI: SRAT: Too many proximity domains.")
            self.disable(entry, self.too_many(pxm))
            return
        span = f"[mem {start:#010x}-{end - 1 & (1 << 64) - 1:#010x}]"
        if self.kernel.keeps_blocks and len(self.result.claims) >= self.kernel.max_blocks and start < end:
            self.say("too many memblk ranges")
            self.say(f"ACPI: SRAT: Failed to add memblk to node {node} {span}")
            self.disable(entry, f"there are more than {self.kernel.max_blocks} memory entries")
            return
        if start < end:
            self.result.claims.append(Claim(node, start, end))
        elif start > end:
            self.overflow(node, start, span)
        self.take(entry, pxm, node)
        kinds = (" hotplug" if flags & HOT_PLUGGABLE else "") + (" non-volatile" if flags & NON_VOLATILE else "")
        self.say(f"ACPI: SRAT: Node {node} PXM {pxm} {span}{kinds}")

    def overflow(self, node: int, start: int, span: str) -> None:
        """A range beyond 64 bits."""
        if self.kernel.keeps_blocks:
            self.say(f"Warning: {self.kernel.overflow_words} {node} {span}")
        else:
            self.result.claims.append(Claim(node, start, 1 << 64))

    def is_wrong(self, entry: Entry, *, exact: bool = False) -> bool:
        """Return whether a processor entry is not to be read; a wrong length switches SRAT off."""
        if self.result.disabled:
            return True
        wanted = LENGTHS[entry.type]
        if entry.length == wanted or (entry.length > wanted and not exact):
            return False
        if entry.type == GICC:
            self.say(f"ACPI: NUMA: SRAT: Invalid SRAT header length: {entry.length}")
        self.disable(entry, f"a {entry.name} entry has the length {entry.length}, not {wanted}")
        return True

    def map(self, pxm: int) -> int | None:
        """Return the node of a domain, the first free one if it is new; None if there is none."""
        nodes = self.result.nodes
        if pxm >= self.kernel.max_pxms:
            return None
        if pxm not in nodes:
            if len(nodes) >= self.kernel.max_nodes:
                return None
            nodes[pxm] = len(nodes)
        return nodes[pxm]

    def too_many(self, pxm: int) -> str:
        if pxm >= self.kernel.max_pxms:
            return f"PXM {pxm} is beyond the kernel's last, {self.kernel.max_pxms - 1}"
        return f"the kernel has room for {self.kernel.max_nodes} nodes only"

    def take(self, entry: Entry, pxm: int, node: int) -> None:
        self.result.parsed.add(node)
        self.result.sources.append(Source(entry, pxm, node))

    def lose(self, entry: Entry, why: str) -> None:
        pxm = f" of PXM {entry.u32(4)}" if entry.type == INITIATOR else ""
        self.result.lost.append(Lost(f"{entry.name} entry {entry.index}{pxm}", why, entry))

    def disable(self, entry: Entry, why: str) -> None:
        self.say("ACPI: SRAT: SRAT not used.")
        self.result.disabled = True
        self.result.rejected = why
        self.lose(entry, why)

    def say(self, line: str) -> None:
        self.result.said.append(line)
