"""The order in which SRAT lists the nodes of Generic Initiators, where it is not theirs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sandbox.acpi.srat import GenericInitiatorAffinity

if TYPE_CHECKING:
    from sandbox.machine.tables import Tables


def scrambled(tables: Tables) -> str:
    """Return the nodes as SRAT lists them, with blanks between; "" where they ascend, or there are none."""
    entries = tables.decoded_srat().entries if tables.srat is not None else ()
    nodes = [entry.pxm for entry in entries if isinstance(entry, GenericInitiatorAffinity)]
    return " ".join(map(str, nodes)) if any(one > other for one, other in pairwise(nodes)) else ""
