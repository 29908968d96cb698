"""What a forecast says, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import field, record
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.guest.access import Access
    from sandbox.guest.facts import PciPlace
    from sandbox.guest.kernels import Kernel

BOOTS: Final = "boots"
PANICS: Final = "panics"


@record
class Part:
    """Something that a node is made of.

    Attributes:
        kind: ``processors``, ``memory``, ``initiator``, ``port``, ``module`` or ``window``.
        text: what it is, for people.
        object_id: the object that put an initiator or a port there; "" if it is not known.
        device: the device that such an entry names, as ``ssss:bb:dd.f``; "" for other kinds.
        device_id: its id on the command line; "" if it is not known.
    """

    kind: str
    text: str
    object_id: str = ""
    device: str = ""
    device_id: str = ""


@record
class GuestNode:
    """A node.

    Attributes:
        node: the guest's number for it.
        pxm: the proximity domain that it stands for; None for the one node that the kernel makes up without SRAT.
        online: whether sysfs has a folder for it.
        cpus: its processors that are there, as sysfs prints them.
        memory_kib: its RAM in KiB, before the kernel takes its own share.
        meminfo_kib: the bounds of its ``MemTotal`` in KiB: what is left depends on where the kernel puts itself.
        distances: to each online node, in the order of their numbers; () for an offline one.
        parts: what it is made of.
    """

    node: int
    pxm: int | None
    online: bool
    cpus: str
    memory_kib: int
    meminfo_kib: tuple[int, int]
    distances: tuple[int, ...]
    parts: tuple[Part, ...] = ()


@record
class Loss:
    """Something in the tables that the guest does not get: what, and why."""

    what: str
    why: str


@record
class Masks:
    """The node masks, as sysfs prints them."""

    possible: str
    online: str
    has_cpu: str
    has_memory: str
    has_generic_initiator: str

    @property
    def has_normal_memory(self) -> str:
        """The nodes with memory that the kernel can use for itself: all nodes with memory."""
        return self.has_memory


@record
class Forecast:
    """What a guest sees.

    Attributes:
        kernel: the kernel.
        outcome: :data:`BOOTS` or :data:`PANICS`.
        masks: the node masks; None where it panics.
        nodes: all nodes that are possible, by number; () where it panics.
        domains: the node of each proximity domain, in the order of first sight.
        devices: each PCI device with its ``numa_node``; -1 is none.
        access: the folders ``nodeN/accessM`` that HMAT makes, by node and M.
        said: the kernel's own lines about all this, without time stamps.
        why: why SRAT is not used, or why the kernel panics; "" if all is well.
        lost: what the guest does not get.
        surprises: what people do not expect of the numbers, as sentences.
        hazards: what may kill the guest all the same, as sentences.
        notes: what was assumed, and what is no part of the nodes.
    """

    kernel: Kernel
    outcome: str
    masks: Masks | None
    nodes: tuple[GuestNode, ...]
    domains: Mapping[int, int]
    devices: tuple[tuple[PciPlace, int], ...] = ()
    access: Mapping[int, Mapping[int, Access]] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    why: str = ""
    lost: tuple[Loss, ...] = ()
    surprises: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def online(self) -> tuple[GuestNode, ...]:
        """The nodes that sysfs shows."""
        return tuple(node for node in self.nodes if node.online)


def masks_of(nodes: tuple[GuestNode, ...], with_memory: set[int], initiators: set[int]) -> Masks:
    """Return the masks of nodes; ``initiators`` may have more, which a rejected SRAT leaves behind on arm64."""
    return Masks(
        list_text(found.node for found in nodes),
        list_text(found.node for found in nodes if found.online),
        list_text(found.node for found in nodes if found.cpus),
        list_text(with_memory),
        list_text(initiators),
    )
