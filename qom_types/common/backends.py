"""Memory backends: the guest memory that NUMA nodes are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property, attribute
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.tree import ObjectTree


class MemoryBackend(QomObject):
    """Guest memory that ``-numa node,memdev=`` or ``-machine memory-backend=`` refers to.

    Attributes:
        size: bytes.
        in_use: set by the machine that takes the memory; the backend can then not be deleted.
    """

    __slots__ = (
        "dump", "host_nodes", "in_use", "merge", "policy", "prealloc", "prealloc_context", "prealloc_threads",
        "reserve", "share", "size", "x_use_canonical_path_for_ramblock_id",
    )  # fmt: skip

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.size = 0
        self.in_use = False
        machine = tree.root.component("machine")
        self.dump, self.merge = (
            True if machine is None or machine.find(name) is None else bool(machine.read(name))
            for name in ("dump-guest-core", "mem-merge")
        )
        self.reserve = True
        self.prealloc = False
        self.share = info.name in ("memory-backend-memfd", "memory-backend-shm")
        self.policy = "default"
        self.host_nodes: list[int] = []
        self.prealloc_threads = 1
        self.prealloc_context = ""
        self.x_use_canonical_path_for_ramblock_id = False

    def before_delete(self) -> bool:
        """Whether no machine has taken the memory."""
        return not self.in_use

    def reason_to_stay(self) -> str:
        """Say what has taken the memory."""
        return f"Cannot delete host memory backend '{self.name}' which is mapped"

    def complete(self) -> None:
        """Check that the properties fit together; the memory itself is a child."""
        if self.info.name == "memory-backend-shm" and not self.share:
            raise QemuError("can't create shm backend with `share=off`")
        if self.host_nodes and self.policy == "default":
            raise QemuError(
                "host-nodes must be empty for policy default, or you should explicitly specify a policy other than "
                "default"
            )
        if not self.host_nodes and self.policy != "default":
            raise QemuError(f"host-nodes must be set for policy {self.policy}")
        self.add_child(f"{self.name}[0]", self.tree.new("memory-region"))


class FileMemoryBackend(MemoryBackend):
    """Guest memory in a file; the sandbox opens none."""

    __slots__ = ("align", "discard_data", "mem_path", "offset", "pmem", "readonly", "rom")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.align = self.offset = 0
        self.discard_data = self.pmem = self.readonly = False
        self.mem_path = ""
        self.rom = "auto"


class MemfdMemoryBackend(MemoryBackend):
    """Guest memory in an anonymous file."""

    __slots__ = ("hugetlb", "hugetlbsize", "seal")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.hugetlb = False
        self.hugetlbsize = 0
        self.seal = True


def _non_zero(name: str, type_: str, visits: str, description: str) -> Property:
    """Return a property that refuses 0."""
    base = attribute(name, type_, visits, description=description)
    store = base.set

    def set_(obj: QomObject, value: int) -> None:
        if obj.parent is not None and name == "size":
            raise QemuError(f"cannot change property {name} of {obj.info.name} ")
        if value == 0:
            raise QemuError(f"property '{name}' of {obj.info.name} doesn't take value '0'")
        if store is not None:
            store(obj, value)

    return Property(name, type_, visits, base.get, set_, description)


def _settled(name: str, description: str) -> Property:
    """Return a switch that cannot be changed once there is memory."""
    base = attribute(name, "bool", description=description)
    store = base.set

    def set_(obj: QomObject, value: bool) -> None:
        if obj.parent is not None:
            raise QemuError("cannot change property value")
        if store is not None:
            store(obj, value)

    return Property(name, "bool", "bool", base.get, set_, description)


MEMORY_REGION = TypeInfo("memory-region")

MEMORY_BACKEND = TypeInfo(
    "memory-backend",
    abstract=True,
    interfaces=(USER_CREATABLE,),
    instance_class=MemoryBackend,
    properties=(
        attribute("merge", "bool", description="Mark memory as mergeable"),
        attribute("dump", "bool", description="Set to 'off' to exclude from core dump"),
        attribute("prealloc", "bool", description="Preallocate memory"),
        _non_zero("prealloc-threads", "int", "uint32", "Number of CPU threads to use for prealloc"),
        attribute(
            "prealloc-context",
            "link<thread-context>",
            "str",
            description="Context to use for creating CPU threads for preallocation",
        ),
        _non_zero("size", "int", "size", "Size of the memory region (ex: 500M)"),
        attribute("host-nodes", "int", "any", description="Binds memory to the list of NUMA host nodes"),
        attribute("policy", "HostMemPolicy", "HostMemPolicy", description="Set the NUMA policy"),
        _settled("share", "Mark the memory as private to QEMU or shared"),
        attribute("reserve", "bool", description="Reserve swap space (or huge pages) if applicable"),
        attribute("x-use-canonical-path-for-ramblock-id", "bool"),
    ),
)

BACKENDS = (
    MEMORY_REGION,
    MEMORY_BACKEND,
    TypeInfo("memory-backend-ram", "memory-backend"),
    TypeInfo(
        "memory-backend-file",
        "memory-backend",
        instance_class=FileMemoryBackend,
        properties=(
            attribute("discard-data", "bool"),
            attribute("mem-path", "string", "str"),
            attribute("align", "int", "size"),
            attribute("offset", "int", "size", description="Offset into the target file (ex: 1G)"),
            attribute("pmem", "bool"),
            attribute("readonly", "bool"),
            attribute("rom", "OnOffAuto", "str", description="Whether to create Read Only Memory (ROM)"),
        ),
    ),
    TypeInfo(
        "memory-backend-memfd",
        "memory-backend",
        instance_class=MemfdMemoryBackend,
        properties=(
            attribute("hugetlb", "bool", description="Use huge pages"),
            attribute("hugetlbsize", "int", "size", description="Huge pages size (ex: 2M, 1G)"),
            attribute("seal", "bool", description="Seal growing & shrinking"),
        ),
    ),
    TypeInfo("memory-backend-shm", "memory-backend"),
)
