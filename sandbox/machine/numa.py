"""``-numa``: the options one after the other, with the checks that QEMU makes while it reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.cpu_nodes import assign_cpu, select_cpus
from sandbox.machine.distances import check_distance
from sandbox.machine.families import MAX_NODES
from sandbox.machine.refusals import Notice, NumaOptionError
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sandbox.machine.cpus import CpuSlot
    from sandbox.machine.distances import Distances
    from sandbox.machine.families import MachineType
    from sandbox.machine.hmat_options import HmatReader, HmatSettings

HMAT_IS_OFF: Final = (
    "ACPI Heterogeneous Memory Attribute Table (HMAT) is disabled, enable it with -machine hmat=on before using any of "
    "hmat specific options"
)


@record
class NumaNode:
    """A node as ``-numa node`` declares it.

    Attributes:
        pxm: its number, and its proximity domain in the tables.
        memory: bytes of RAM.
        backend: the memory backend that its RAM is, or None.
        initiator: the node that ``initiator=`` names, or None.
    """

    pxm: int
    memory: int = 0
    backend: str | None = None
    initiator: int | None = None


@record
class NumaOptions:
    """What the ``-numa`` options ask for.

    Attributes:
        nodes: the declared nodes by number, in the order of their declaration.
        cpu_nodes: by CPU index the node that an option put the CPU into, or None.
        distances: by source and destination, as given.
        hmat: the ``hmat-`` options under ``-machine hmat=on``; None with it off.
        uses_backends: whether any node has ``memdev=``; QEMU then makes no RAM object of its own.
        notices: what QEMU writes to stderr while it goes on.
    """

    nodes: Mapping[int, NumaNode] = field(default_factory=dict)
    cpu_nodes: tuple[int | None, ...] = ()
    distances: Mapping[tuple[int, int], int] = field(default_factory=dict)
    hmat: HmatSettings | None = None
    uses_backends: bool = False
    notices: tuple[Notice, ...] = ()


def read_numa_options(
    options: Sequence[Mapping[str, Any]],
    machine: MachineType,
    slots: Sequence[CpuSlot],
    *,
    hmat: bool = False,
    backend_size: Callable[[str], int | None] = lambda _id: None,
    generic_initiators: Collection[int] = (),
) -> NumaOptions:
    """Read the ``-numa`` options in order.

    Args:
        options: each with the members of QAPI's ``NumaOptions``; ``type`` tells which; sizes in bytes.
        machine: the machine.
        slots: its possible CPUs.
        hmat: the value of ``-machine hmat``.
        backend_size: gives the size in bytes of the memory backend that an id or path names; None if it names none.
        generic_initiators: the nodes that ``acpi-generic-initiator`` objects of the command line mark.

    Raises:
        NumaOptionError: an option is wrong.
        UnmodelledError: ``-numa cpu`` names a node for which QEMU reads beyond its table of nodes.

    Source: QEMU 10.0 behaviour.
    """
    reader = _Reader(machine, slots, backend_size, generic_initiators, hmat)
    for index, option in enumerate(options):
        reader.index = index
        try:
            reader.take(option)
        except QemuError as error:
            raise NumaOptionError(index, error, reader.result().notices) from None
    return reader.result()


class _Reader:
    """Takes options one after the other."""

    def __init__(
        self,
        machine: MachineType,
        slots: Sequence[CpuSlot],
        backend_size: Callable[[str], int | None],
        generic_initiators: Collection[int],
        hmat_is_on: bool,
    ) -> None:
        self.index = 0
        self._machine = machine
        self._slots = slots
        self._backend_size = backend_size
        self._generic_initiators = generic_initiators
        self._hmat = _new_hmat_reader() if hmat_is_on else None
        self._nodes: dict[int, NumaNode] = {}
        self._cpu_nodes: list[int | None] = [None] * len(slots)
        self._distances: Distances = {}
        self._has_memory = self._has_backends = False
        self._notices: list[Notice] = []

    def take(self, option: Mapping[str, Any]) -> None:
        """Take one option.

        Raises:
            QemuError: it is wrong.
        """
        kind = option["type"]
        if kind == "node":
            self._take_node(option)
        elif kind == "dist":
            check_distance(option["src"], option["dst"], option["val"], self._nodes)
            self._distances[option["src"], option["dst"]] = option["val"]
        elif kind == "cpu":
            self._take_cpu(option)
        elif self._hmat is None:
            raise QemuError(HMAT_IS_OFF)
        elif kind == "hmat-lb":
            initiators = {pxm for pxm in self._cpu_nodes if pxm is not None}
            self._hmat.add_locality(option, self._nodes, initiators.union(self._generic_initiators))
        else:
            self._hmat.add_cache(option, len(self._nodes))

    def result(self) -> NumaOptions:
        """Return what was taken."""
        return NumaOptions(
            nodes=self._nodes,
            cpu_nodes=tuple(self._cpu_nodes),
            distances=self._distances,
            hmat=self._hmat.settings() if self._hmat else None,
            uses_backends=self._has_backends,
            notices=tuple(self._notices),
        )

    def _take_node(self, option: Mapping[str, Any]) -> None:
        pxm: int = option.get("nodeid", len(self._nodes))
        if pxm >= MAX_NODES:
            raise QemuError(f"Max number of NUMA nodes reached: {pxm}")
        if pxm in self._nodes:
            raise QemuError(f"Duplicate NUMA nodeid: {pxm}")
        initiator: int | None = option.get("initiator")
        if initiator is not None:
            if self._hmat is None:
                raise QemuError(HMAT_IS_OFF)
            if initiator >= MAX_NODES:
                words = f"The initiator id {initiator} expects an integer between 0 and {MAX_NODES - 1}"
                self._notices.append(Notice(words, self.index, is_warning=False))
                return
        for cpu in option.get("cpus", ()):
            if cpu >= len(self._slots):
                raise QemuError(f"CPU index ({cpu}) should be smaller than maxcpus ({len(self._slots)})")
            self._assign([cpu], pxm, initiator)
        memory, backend = self._node_memory(option)
        self._nodes[pxm] = NumaNode(pxm, memory, backend, initiator)

    def _node_memory(self, option: Mapping[str, Any]) -> tuple[int, str | None]:
        """Return a node's RAM in bytes, and the backend that it is."""
        backend: str | None = option.get("memdev")
        self._has_backends = self._has_backends or backend is not None
        self._has_memory = self._has_memory or "mem" in option
        if ("mem" in option or backend is not None) and self._has_memory and self._has_backends:
            raise QemuError("numa configuration should use either mem= or memdev=,mixing both is not allowed")
        if backend is not None:
            size = self._backend_size(backend)
            if size is None:
                raise QemuError(f"memdev={backend} is ambiguous")
            return size, backend
        if "mem" not in option:
            return 0, None
        if not self._machine.takes_node_memory:
            raise QemuError(
                "Parameter -numa node,mem is not supported by this machine type", hint="Use -numa node,memdev instead"
            )
        words = "Parameter -numa node,mem is deprecated, use -numa node,memdev instead"
        self._notices.append(Notice(words, self.index))
        return option["mem"], None

    def _take_cpu(self, option: Mapping[str, Any]) -> None:
        if "node-id" not in option:
            raise QemuError("Missing mandatory node-id property")
        pxm: int = option["node-id"]
        if not 0 <= pxm < MAX_NODES:
            raise UnmodelledError(
                f"-numa cpu,node-id={pxm}: QEMU looks for this node beyond its table of {MAX_NODES}; what follows is "
                "undefined"
            )
        if pxm not in self._nodes:
            raise QemuError(
                f"Invalid node-id={pxm}, NUMA node must be defined with -numa node,nodeid=ID before it's used with "
                "-numa cpu,node-id=ID"
            )
        self._assign(select_cpus(self._slots, option), pxm, self._nodes[pxm].initiator)

    def _assign(self, cpus: Sequence[int], pxm: int, initiator: int | None) -> None:
        for cpu in cpus:
            assign_cpu(self._cpu_nodes, cpu, pxm)
            check_cpu_initiator(pxm, initiator)


def _new_hmat_reader() -> HmatReader:
    from sandbox.machine.hmat_options import HmatReader

    return HmatReader()


def check_cpu_initiator(pxm: int, initiator: int | None) -> None:
    """Check that a node with CPUs names no other node as its initiator.

    Raises:
        QemuError: it does.

    Source: QEMU 10.0 behaviour.
    """
    if initiator not in (None, pxm):
        raise QemuError(f"The initiator of CPU NUMA node {pxm} should be itself (got {initiator})")
