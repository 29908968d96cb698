"""What a guest sees, as it told it itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class Access:
    """The folder ``nodeN/accessM``: how memory is best reached, as Linux has it from HMAT.

    Attributes:
        number: M: 0 is by any initiator, 1 by processors only.
        initiators: the nodes that reach this node's memory best.
        targets: the nodes whose memory this node reaches best.
        values: ``read_latency`` and ``write_latency`` in ns, ``read_bandwidth`` and ``write_bandwidth`` in MB/s.
    """

    number: int
    initiators: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)


@record
class GuestNode:
    """One node of the guest.

    Attributes:
        node: its number in the guest.
        cpus: its processors, as sysfs prints them: ``0-1,4``; "" if there are none.
        memory_kib: MemTotal of the node: its memory without what Linux took for itself before it could count.
        distances: to the online nodes, in ascending order of their numbers.
        access: how its memory is reached; empty without HMAT.
    """

    node: int
    cpus: str = ""
    memory_kib: int = 0
    distances: tuple[int, ...] = ()
    access: tuple[Access, ...] = ()


@record
class PciDevice:
    """A PCI function: its address ``ssss:bb:dd.f``, vendor and device ``0xvvvv:0xdddd``, class, and node or -1."""

    address: str
    identity: str
    device_class: str
    numa_node: int


@record
class GuestView:
    """Everything that a guest tells.

    Attributes:
        release: of its kernel: ``6.12.117+deb13-cloud-amd64``.
        machine: ``x86_64`` or ``aarch64``.
        masks: ``possible``, ``online``, ``has_cpu``, ``has_memory``, ``has_normal_memory`` and
            ``has_generic_initiator``, as sysfs prints them: ``0-1,4``.
        cpus: ``possible``, ``present`` and ``online``, likewise.
        nodes: the nodes that are online.
        pci: its PCI functions.
        tables: SRAT, SLIT and HMAT, where it has them, as Linux has kept them.
        said: lines of the kernel's log that are about nodes and tables, with their time stamps.
    """

    release: str
    machine: str
    masks: Mapping[str, str]
    cpus: Mapping[str, str]
    nodes: tuple[GuestNode, ...]
    pci: tuple[PciDevice, ...] = ()
    tables: Mapping[str, bytes] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the view as JSON values, in the shape that forecasts have; tables are base64."""
        from base64 import b64encode

        return {
            "outcome": "boots",
            "kernel": self.release,
            "machine": self.machine,
            **self.masks,
            "cpus": dict(self.cpus),
            "nodes": [
                {
                    "node": node.node,
                    "cpus": node.cpus,
                    "memory_kib": node.memory_kib,
                    "distances": list(node.distances),
                }
                for node in self.nodes
            ],
            "access": {
                f"node{node.node}": {f"access{access.number}": _access_json(access) for access in node.access}
                for node in self.nodes
                if node.access
            },
            "pci": {
                device.address: {
                    "identity": device.identity,
                    "class": device.device_class,
                    "numa_node": device.numa_node,
                }
                for device in self.pci
            },
            "tables": {name.lower(): b64encode(table).decode() for name, table in self.tables.items()},
        }


def _access_json(access: Access) -> dict[str, Any]:
    return {"initiators": list(access.initiators), "targets": list(access.targets), **access.values}
