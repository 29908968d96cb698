"""The machines ``pc``, ``q35`` and ``virt``: what moves a table per family and version, as data."""

from __future__ import annotations

from typing import Final

from sandbox.errors import UnmodelledError
from sandbox.machine.refusals import ConfigurationError
from sandbox.machine.versions import UNMODELLED, Version, deprecation, known_versions, machine_name, vendors_remedy
from sandbox.records import record

KIB: Final = 1 << 10
MIB: Final = 1 << 20
GIB: Final = 1 << 30

MAX_NODES: Final = 128
"""How many NUMA nodes a QEMU machine can have."""

MAX_MEMORY_SLOTS: Final = 256

ARCHITECTURES: Final = {"pc": "x86_64", "q35": "x86_64", "virt": "aarch64"}


@record
class MachineType:
    """A versioned machine of one QEMU.

    Attributes:
        name: the full name, as QEMU writes it in messages: ``pc-q35-10.0``.
        family: ``pc``, ``q35`` or ``virt``.
        version: the machine's version.
        qemu: the version of the QEMU that has it.
        deprecated: QEMU's reason to warn about the machine, or ``""``.
        max_cpus: the most CPUs that ``-smp`` may ask for.
        prefers_sockets: whether CPUs whose place is not given become sockets rather than cores.
        has_dies, has_clusters, has_modules: which levels above 1 the topology may have.
        takes_node_memory: whether ``-numa node,mem=`` is accepted.
        slots_enable_numa: whether memory slots make a node when ``-numa`` makes none.
        maxmem_enables_numa: whether room for memory devices makes a node when ``-numa`` makes none.
        has_device_memory: whether there can be room for memory devices.
        hole_spares_device_memory: whether the PCI window above 4 GiB starts behind that room.
        slots_widen_device_memory: whether each slot adds 1 GiB to that room.
        avoids_amd_hole: whether RAM of AMD CPUs keeps clear of the HyperTransport range below 1 TiB.
        trusts_32bit_cpus: whether 32-bit CPUs are never found to have too few address bits.
        has_memory_hotplug: whether a machine with firmware and ACPI takes pc-dimm and nvdimm.
        compact_highmem: whether disabled regions above RAM take no addresses; virt's default.
        high_ecam: whether there is a PCI configuration region above RAM; virt's default.
        default_cpu: the CPU model without ``-cpu``.
    """

    name: str
    family: str
    version: Version
    qemu: Version
    deprecated: str
    max_cpus: int
    prefers_sockets: bool
    has_dies: bool
    has_clusters: bool
    has_modules: bool
    takes_node_memory: bool
    slots_enable_numa: bool
    maxmem_enables_numa: bool
    has_device_memory: bool
    hole_spares_device_memory: bool
    slots_widen_device_memory: bool
    avoids_amd_hole: bool
    trusts_32bit_cpus: bool
    has_memory_hotplug: bool
    compact_highmem: bool
    high_ecam: bool
    default_cpu: str

    @property
    def is_x86(self) -> bool:
        """Whether it is a PC, of either chipset."""
        return self.family != "virt"

    @property
    def architecture(self) -> str:
        """The architecture, as in the name of the program: ``qemu-system-`` and this."""
        return ARCHITECTURES[self.family]

    @property
    def default_ram_size(self) -> int:
        """RAM without ``-m``, in bytes."""
        return 128 * MIB

    @property
    def default_ram_id(self) -> str:
        """The id in ``/objects`` of the RAM that QEMU makes itself."""
        return "pc.ram" if self.is_x86 else "mach-virt.ram"

    @property
    def deprecation_warning(self) -> str:
        """The warning that QEMU prints when it starts this machine; ``""`` if none."""
        return f"Machine type '{self.name}' is deprecated: {self.deprecated}" if self.deprecated else ""


def machine_type(name: str | None, architecture: str | None = None, qemu: Version = (10, 0)) -> MachineType:
    """Find the machine that ``-machine`` names.

    Args:
        name: a full name or one of the aliases ``pc``, ``q35`` and ``virt``, which mean the newest; None: the
            architecture's default.
        architecture: ``x86_64`` or ``aarch64``; None: whichever knows the name, x86 without a name.
        qemu: the version of the QEMU.

    Raises:
        ConfigurationError: that QEMU does not know the name, or has no default.
        UnmodelledError: QEMU has the machine, but the sandbox does not.

    Source: QEMU 10.0 behaviour.
    """
    hint = "Use -machine help to list supported machines"
    if name is None:
        if architecture == "aarch64":
            raise ConfigurationError("No machine specified, and there is no default", hint=hint)
        name = "pc"
    for family in ARCHITECTURES:
        if architecture not in (None, ARCHITECTURES[family]):
            continue
        versions = known_versions(family, qemu)
        if name == family:
            return _make(family, versions[-1], qemu)
        for version in versions:
            if name == machine_name(family, version):
                return _make(family, version, qemu)
    for known, machines in UNMODELLED.items():
        if architecture in (None, known) and name in machines.split():
            raise UnmodelledError(f"machine {name!r} is not modelled: the sandbox has pc, q35 and virt")
    remedy = vendors_remedy(name)
    if remedy:
        raise UnmodelledError(f"machine {name!r} is a vendor's and not modelled; name {remedy}")
    raise ConfigurationError(f'unsupported machine type: "{name}"', hint=hint)


def _make(family: str, version: Version, qemu: Version) -> MachineType:
    is_virt = family == "virt"
    return MachineType(
        name=machine_name(family, version),
        family=family,
        version=version,
        qemu=qemu[:2],
        deprecated=deprecation(version, qemu),
        max_cpus=_max_cpus(family, version),
        prefers_sockets=version < (6, 2),
        has_dies=not is_virt,
        has_clusters=is_virt,
        has_modules=not is_virt and qemu[:2] >= (9, 1),
        takes_node_memory=version < (5, 1),
        slots_enable_numa=version >= ((4, 2) if is_virt else (2, 11)),
        maxmem_enables_numa=version >= (5, 1),
        has_device_memory=version >= (2, 1),
        hole_spares_device_memory=version >= (2, 5),
        slots_widen_device_memory=version >= (2, 2),
        avoids_amd_hole=not is_virt and version >= (7, 1),
        trusts_32bit_cpus=not is_virt and version < (8, 2),
        has_memory_hotplug=version >= (4, 2) or not is_virt,
        compact_highmem=is_virt and version >= (7, 2),
        high_ecam=is_virt and version >= (3, 0),
        default_cpu="cortex-a15" if is_virt else "qemu64",
    )


def _max_cpus(family: str, version: Version) -> int:
    if family == "virt":
        return 512 if version >= (3, 0) else 255
    if family == "pc" or version < (2, 8):
        return 255
    if version < (8, 1):
        return 288
    return 1024 if version < (9, 0) else 4096
