"""The distances between nodes: SLIT, which knows domains, turned into what the guest has.

Source: Linux 6.1, 6.12 and 7.3, drivers/acpi/numa/srat.c.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL: Final = 10
REMOTE: Final = 20
MATRIX: Final = 44
_COUNT: Final = Struct("<Q")
COUNT_OFFSET: Final = 36


@record
class Distances:
    """Distances that SLIT gives.

    Attributes:
        given: by (from node, to node); where there is none, it is 10 to itself and 20 to others.
        invalid: why SLIT is not used; "" if it is, or there is none.
        localities: how many rows it has; 0 if there is none.
    """

    given: Mapping[tuple[int, int], int] = field(default_factory=dict)
    invalid: str = ""
    localities: int = 0

    def between(self, start: int, end: int) -> int:
        """Return the distance from a node to a node."""
        return self.given.get((start, end), LOCAL if start == end else REMOTE)


def read_distances(slit: bytes | None, nodes: Mapping[int, int]) -> Distances:
    """Read SLIT as a kernel does.

    One bad cell makes the kernel drop all of it: each diagonal cell must be 10 and each other one above 10. It takes
    asymmetry. What lies behind the table's end counts as zeros.

    Args:
        slit: the table; None: there is none.
        nodes: the node of each domain.
    """
    if slit is None:
        return Distances()
    count: int = _COUNT.unpack_from(slit.ljust(MATRIX, b"\0"), COUNT_OFFSET)[0]
    cells = slit[MATRIX:]
    if count * count > len(cells):
        return Distances(invalid=f"it ends before its {count} rows do", localities=count)
    for row in range(count):
        for column in range(count):
            value = cells[row * count + column]
            if (value != LOCAL) if row == column else (value <= LOCAL):
                wanted = LOCAL if row == column else f"more than {LOCAL}"
                wrong = f"the distance from PXM {row} to PXM {column} is {value}, not {wanted}"
                return Distances(invalid=wrong, localities=count)
    known = [(pxm, node) for pxm, node in nodes.items() if pxm < count]
    given = {(node, other): cells[pxm * count + to] for pxm, node in known for to, other in known}
    return Distances(given, localities=count)
