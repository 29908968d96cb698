"""How Generic Initiator entries of the v2 series correspond to those of merged objects that stand for them."""

from __future__ import annotations

from sandbox.records import record


@record
class MappedEntry:
    """One v2 entry and the merged entry that stands for it.

    Attributes:
        pxm: the proximity domain of both.
        object_id: the v2 object that the entry comes from.
        device_id: the name of the device in the tree.
        v2_index: its place among the v2 Generic Initiators.
        v2_handle: its device handle, 16 bytes as v2 writes it.
        merged_id: the object that stands for it; "" where none can, and ``problem`` says why.
        merged_index: the place of the merged entry among the Generic Initiators; None where there is none.
        merged_handle: the handle that the merged entry must have, 16 bytes.
        found_handle: the one that the closest merged entry has; empty where there is none.
        problem: how the two do not correspond; "" if they do.
        excused: why there can be no merged entry on a released QEMU; "" if there must be one.
    """

    pxm: int
    object_id: str
    device_id: str
    v2_index: int
    v2_handle: bytes
    merged_id: str = ""
    merged_index: int | None = None
    merged_handle: bytes = b""
    found_handle: bytes = b""
    problem: str = ""
    excused: str = ""


@record
class Mapping:
    """The entries of one set of tables, and everything else in which v2's may not differ from the merged ones.

    Attributes:
        entries: in v2's table order.
        differences: what differs beside the order and the handles' encoding, a sentence each; a failure.
        notes: what differs because it must, a sentence each.
        title: which set of tables: "at the start", "after step 3"; "" where there is but one.
    """

    entries: tuple[MappedEntry, ...] = ()
    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = ""

    @property
    def passed(self) -> bool:
        """Whether every entry has its counterpart and nothing else differs."""
        return not self.differences and not any(entry.problem for entry in self.entries)
