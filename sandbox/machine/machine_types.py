"""The QOM types of the machines: ``machine``, the families and the versioned types, with what ``-machine`` sets.

Source: QEMU 10.0 behaviour (``-machine TYPE,help`` and ``qom-list /machine``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property
from sandbox.qom.types import TypeInfo

if TYPE_CHECKING:
    from sandbox.qom.tree import ObjectTree


class MachineObject(QomObject):
    """The object ``/machine``.

    Attributes:
        options: the values of its properties, as far as set.
        node_count: the number of declared NUMA nodes.
        initiators: the nodes that Generic Initiator objects have named, also those whose object is gone.
        chardevs: the ids of its character devices.
        shared_chardevs: the ids of those that serve several at the same time.
        networks: the ids of its networks.
    """

    __slots__ = ("chardevs", "initiators", "networks", "node_count", "options", "shared_chardevs")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.options: dict[str, Any] = {}
        self.node_count = 0
        self.initiators: set[int] = set()
        self.chardevs = self.shared_chardevs = self.networks = frozenset[str]()
        family = INSTANCE_PROPERTIES["virt" if info.name.startswith("virt") else "pc"]
        for declared in family:
            self.instance.insert(declared.name, declared)

    def mark_initiator(self, pxm: int) -> None:
        """Note that a Generic Initiator object has named a node."""
        self.initiators.add(pxm)

    def has_chardev(self, name: str) -> bool:
        """Whether there is a character device of that id."""
        return name in self.chardevs

    def shares_chardev(self, name: str) -> bool:
        """Whether a character device serves several at the same time."""
        return name in self.shared_chardevs

    def has_network(self, name: str) -> bool:
        """Whether there is a network of that id."""
        return name in self.networks


def _option(name: str, type_: str, visits: str, default: object = None) -> Property:
    """Return a property whose value :class:`MachineObject` keeps in ``options``."""

    def get(obj: MachineObject) -> object:
        return obj.options.get(name, default)

    def set_(obj: MachineObject, value: object) -> None:
        obj.options[name] = value

    return Property(name, type_, visits, get, set_)


def _guest_support() -> Property:
    """Return the link to the object of a confidential guest."""
    typename = "confidential-guest-support"

    def set_(obj: MachineObject, path: str) -> None:
        if path and obj.tree.resolve_quietly(path, typename) is None:
            if obj.tree.resolve_quietly(path, "object") is None:
                raise QemuError(f"Device '{path}' not found", "DeviceNotFound")
            raise QemuError(f"Invalid parameter type for '{typename}', expected: {typename}")
        obj.options[typename] = path

    return Property(typename, f"link<{typename}>", "str", _option(typename, "", "", "").get, set_)


def _oem_text(name: str, length: int, default: str, called: str) -> Property:
    """Return an OEM field of the table header: text of up to ``length`` bytes; messages call it ``called``."""
    base = _option(name, "string", "str", default)

    def set_(obj: MachineObject, value: str) -> None:
        if len(value.encode()) > length:
            raise QemuError(f"User specified {called} value is bigger than {length} bytes in size")
        obj.options[name] = value

    return Property(name, "string", "str", base.get, set_)


def _many(described: str) -> tuple[Property, ...]:
    """Return options from ``name type visits default`` lines; a default of ``-`` is None."""
    values: dict[str, object] = {"-": None, "off": False, "on": True, "''": ""}
    options = []
    for line in described.strip().splitlines():
        name, type_, visits, default = line.split()
        options.append(_option(name, type_, visits, values.get(default, default)))
    return tuple(options)


PC_OEM: Final = (
    _oem_text("x-oem-id", 6, "BOCHS ", "x-oem-id"),
    _oem_text("x-oem-table-id", 8, "BXPC    ", "x-oem-table-id"),
)
VIRT_OEM: Final = (
    _oem_text("x-oem-id", 6, "BOCHS ", "oem-id"),
    _oem_text("x-oem-table-id", 8, "BXPC    ", "oem-table-id"),
)

INSTANCE_PROPERTIES: Final = {
    "pc": _many(
        """
        pflash0 str str ''
        pflash1 str str ''
        pcspk-audiodev str str ''
        nvdimm bool bool off
        nvdimm-persistence string str ''
        hmat bool bool off
        cxl bool bool off
        cxl-fmw CXLFixedMemoryWindow any -
        """
    ),
    "virt": _many(
        """
        pflash0 str str ''
        pflash1 str str ''
        nvdimm bool bool off
        nvdimm-persistence string str ''
        hmat bool bool off
        """
    ),
}

MACHINE: Final = TypeInfo(
    "machine",
    abstract=True,
    instance_class=MachineObject,
    properties=(
        *_many(
            """
        kernel string str ''
        initrd string str ''
        append string str ''
        shim string str ''
        dtb string str ''
        dumpdtb string str ''
        boot BootConfiguration any -
        smp SMPConfiguration any -
        smp-cache SmpCachePropertiesWrapper any -
        phandle-start int uint32 -
        dt-compatible string str ''
        dump-guest-core bool bool on
        mem-merge bool bool on
        usb bool bool off
        graphics bool bool on
        firmware string str ''
        suppress-vmdesc bool bool off
        """
        ),
        _guest_support(),
        *_many(
            """
        memory-encryption string str ''
        aux-ram-share bool bool off
        memory-backend link<memory-backend> str ''
        memory MemorySizeConfiguration any -
        """
        ),
    ),
)

X86: Final = TypeInfo(
    "x86-machine",
    "machine",
    abstract=True,
    properties=(
        *_many(
            """
            smm OnOffAuto OnOffAuto auto
            acpi OnOffAuto OnOffAuto auto
            pit OnOffAuto OnOffAuto auto
            pic OnOffAuto OnOffAuto auto
            bus-lock-ratelimit uint64_t uint64 -
            sgx-epc SgxEPC any -
            """
        ),
        *PC_OEM,
    ),
)

PC: Final = TypeInfo(
    "generic-pc-machine",
    "x86-machine",
    abstract=True,
    properties=_many(
        """
        vmport OnOffAuto OnOffAuto auto
        max-ram-below-4g size size -
        max-fw-size size size -
        smbus bool bool on
        sata bool bool on
        i8042 bool bool on
        hpet bool bool on
        default-bus-bypass-iommu bool bool off
        smbios-entry-point-type str str auto
        fd-bootchk bool bool on
        """
    ),
)

VIRT: Final = TypeInfo(
    "virt-machine",
    "machine",
    abstract=True,
    properties=(
        *_many(
            """
            acpi OnOffAuto OnOffAuto auto
            secure bool bool off
            virtualization bool bool off
            highmem bool bool on
            compact-highmem bool bool on
            highmem-redists bool bool on
            highmem-ecam bool bool on
            highmem-mmio bool bool on
            highmem-mmio-size size size -
            gic-version string str 2
            iommu string str none
            default-bus-bypass-iommu bool bool off
            ras bool bool off
            mte bool bool off
            its bool bool on
            dtb-randomness bool bool on
            dtb-kaslr-seed bool bool on
            msi string str auto
            virtio-mmio-transports uint8 uint8 -
            """
        ),
        *VIRT_OEM,
    ),
)

_PC_ONLY: Final = _many("x-south-bridge PCSouthBridgeOption str piix3\nigd-passthru bool bool off")


def machine_types(typename: str, family: str) -> tuple[TypeInfo, ...]:
    """Return the types of one machine, parents first.

    Args:
        typename: the versioned type with the suffix ``-machine``.
        family: ``virt``, ``q35`` or ``pc``.
    """
    if family == "virt":
        return (MACHINE, VIRT, TypeInfo(typename, "virt-machine"))
    own = _PC_ONLY if family == "pc" else ()
    return (MACHINE, X86, PC, TypeInfo(typename, "generic-pc-machine", properties=own))
