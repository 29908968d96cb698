"""What a type that contributes to SRAT gives the machine, and what the machine gives such a type.

To add an object type, write its QAPI members and a :class:`SratContributor`; the machine asks every object of the tree,
in the order in which QEMU walks it, and knows no type by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from sandbox.qom.objects import QomObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.acpi.srat import SratEntry

MAX_NODES = 128
"""The number of NUMA nodes for which QEMU has room."""


class NumaHost(Protocol):
    """The machine as a type sees it."""

    @property
    def node_count(self) -> int:
        """The number of declared NUMA nodes."""

    def mark_initiator(self, pxm: int) -> None:
        """Note that a Generic Initiator object has named the node; HMAT then accepts it as an initiator."""


class BackendHost(Protocol):
    """What the command line gives objects to refer to."""

    def has_chardev(self, name: str) -> bool:
        """Whether there is a character device of that id."""

    def shares_chardev(self, name: str) -> bool:
        """Whether it serves several at the same time."""

    def has_network(self, name: str) -> bool:
        """Whether there is a network of that id."""


def backends_of(obj: QomObject) -> BackendHost:
    """Return what an object's machine has of character devices and networks."""
    return cast("BackendHost", obj.tree.resolve("/machine"))


def host_of(obj: QomObject) -> NumaHost:
    """Return the machine to whose tree an object belongs."""
    return cast("NumaHost", obj.tree.resolve("/machine"))


class SratContributor(QomObject, ABC):
    """An object that adds structures to SRAT.

    Attributes:
        srat_pass: QEMU walks the tree once for each kind of contributor; lower passes come first.
    """

    __slots__ = ()

    srat_pass: ClassVar[int] = 0

    @abstractmethod
    def srat_entries(self, host: NumaHost) -> Iterator[SratEntry]:
        """Give the structures in table order.

        Args:
            host: the machine that builds the table.

        Raises:
            MachineExit: a value with which QEMU ends when it builds the table.
        """
