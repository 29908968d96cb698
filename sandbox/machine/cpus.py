"""The CPUs that a machine can have, in QEMU's order, with the ids that tables and ``-numa cpu`` know them by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import MachineExit, UnmodelledError
from sandbox.machine.refusals import ConfigurationError
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.cpu_models import CpuModel
    from sandbox.machine.families import MachineType
    from sandbox.machine.smp import SmpConfig

ID_PROPERTIES: Final = ("socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id")
"""The ids of a CPU, outermost first: the order in which QEMU writes them."""

FIRST_X2APIC_ID: Final = 255
"""The first APIC id that a processor entry of one byte cannot hold; SRAT then has an x2APIC entry."""

ABORTED: Final = -6

GIC2_CPUS: Final = 8
LOW_REDISTRIBUTORS: Final = 0xF60000
HIGH_REDISTRIBUTORS: Final = 64 << 20
REDISTRIBUTOR_SIZE: Final = {3: 0x20000, 4: 0x40000}


@record
class CpuSlot:
    """A place for a CPU, taken or not.

    Attributes:
        index: QEMU's CPU index; on virt also the ACPI processor UID.
        apic_id: 32 bits; on virt the index again.
        ids: its values of :data:`ID_PROPERTIES`; None for a property that this machine's CPUs lack.
    """

    index: int
    apic_id: int
    ids: tuple[int | None, ...]

    @property
    def socket(self) -> int:
        """The socket."""
        return self.ids[0] or 0

    def describe(self) -> str:
        """Return the CPU as QEMU's warnings name it: ``CPU 1 [socket-id: 0, core-id: 1, thread-id: 0]``."""
        pairs = zip(ID_PROPERTIES, self.ids, strict=True)
        ids = ", ".join(f"{name}: {value}" for name, value in pairs if value is not None)
        return f"CPU {self.index} [{ids}]"


def possible_cpus(machine: MachineType, smp: SmpConfig) -> tuple[CpuSlot, ...]:
    """Return the possible CPUs in the order of their indexes, which is the order of SRAT's processor entries.

    On x86 each level takes as many bits of the APIC id as its largest number needs, so ids have gaps where a level's
    count is no power of two.

    Source: QEMU 10.0 behaviour.
    """
    if not machine.is_x86:
        return tuple(_virt_slot(smp, index) for index in range(smp.max_cpus))
    return tuple(_x86_slot(smp, index) for index in range(smp.max_cpus))


def _x86_slot(smp: SmpConfig, index: int) -> CpuSlot:
    apic_id = shift = 0
    rest = index
    found = []
    for count in (smp.threads, smp.cores, smp.modules, smp.dies):
        rest, own = divmod(rest, count)
        found.append(own)
        apic_id |= own << shift
        shift += (count - 1).bit_length()
    thread, core, module, die = found
    return CpuSlot(
        index=index,
        apic_id=apic_id | rest << shift,
        ids=(rest, die if smp.dies > 1 else None, None, module if smp.modules > 1 else None, core, thread),
    )


def _virt_slot(smp: SmpConfig, index: int) -> CpuSlot:
    rest, thread = divmod(index, smp.threads)
    rest, core = divmod(rest, smp.cores)
    socket, cluster = divmod(rest, smp.clusters)
    return CpuSlot(index=index, apic_id=index, ids=(socket, None, cluster, None, core, thread))


def check_apic_ids(machine: MachineType, slots: Sequence[CpuSlot], smp: SmpConfig, cpu: CpuModel) -> None:
    """Check that the CPUs present at start can have their APIC ids.

    QEMU checks this when it makes the CPUs: after the NUMA configuration, before the memory map.

    Raises:
        MachineExit: a CPU without x2APIC would get an id of 255 or above. QEMU up to 10.0 takes that as a mistake of
            its own and aborts, status -6.
        ConfigurationError: the same in later QEMUs.

    Source: QEMU 10.0 and 11.1 behaviour.
    """
    if cpu.has_x2apic:
        return
    for slot in slots[: smp.cpus]:
        if slot.apic_id >= FIRST_X2APIC_ID:
            words, hint = f"APIC ID {slot.apic_id} requires x2APIC feature in CPU", "Try x2apic=on in -cpu."
            if machine.qemu > (10, 0):
                raise ConfigurationError(words, hint=hint)
            where = "Unexpected error in apic_common_set_id() at hw/intc/apic_common.c:447:"
            raise MachineExit(f"{where}\nqemu-system-x86_64: {words}\n{hint}", ABORTED)


def check_gic_name(machine: MachineType, requested: str) -> None:
    """Check the value of ``gic-version``, as QEMU does when it sets the property.

    Raises:
        ConfigurationError: there is no such version.
        UnmodelledError: QEMU has it, but the sandbox does not.

    Source: QEMU 10.0 and 11.1 behaviour.
    """
    if machine.qemu > (10, 0):
        if requested == "x-5":
            raise UnmodelledError("gic-version=x-5 is not modelled")
        hint = "Valid values are 2, 3, 4, x-5, host, and max."
    else:
        hint = "Valid values are 3, 2, host, max."
    if requested not in ("2", "3", "4", "host", "max"):
        raise ConfigurationError("Invalid gic-version value", hint=hint)


def gic_version(requested: str | None, max_cpus: int, *, virtualization: bool = False) -> int:
    """Return the version of virt's interrupt controller under TCG, as QEMU finds it when it makes the machine.

    Args:
        requested: the value of ``gic-version``; None where it is not given: 2 up to 8 CPUs, else 3.
        max_cpus: possible CPUs.
        virtualization: the value of ``virtualization``.

    Raises:
        ConfigurationError: TCG does not have it.

    Source: QEMU 10.0 behaviour.
    """
    if requested is None:
        return 2 if max_cpus <= GIC2_CPUS else 3
    if requested == "max":
        return 4 if virtualization else 3
    if requested == "host":
        raise ConfigurationError("gic-version=host requires KVM")
    if requested == "4" and not virtualization:
        raise ConfigurationError("tcg does not support GICv4 emulation, is virtualization=on?")
    return int(requested)


def check_gic_cpus(max_cpus: int, gic: int, *, high_redistributors: bool = True) -> None:
    """Check that virt's interrupt controller has room for all possible CPUs.

    Args:
        max_cpus: possible CPUs.
        gic: its version, 2 to 4.
        high_redistributors: whether the redistributor region above RAM exists, as :func:`virt_memory` finds it.

    Raises:
        ConfigurationError: there are too many.

    Source: QEMU 10.0 behaviour.
    """
    hint = ""
    if gic == 2:
        most = GIC2_CPUS
    else:
        most = LOW_REDISTRIBUTORS // REDISTRIBUTOR_SIZE[gic]
        if high_redistributors:
            most += HIGH_REDISTRIBUTORS // REDISTRIBUTOR_SIZE[gic]
        else:
            hint = "Try 'highmem-redists=on' for more CPUs"
    if max_cpus > most:
        raise ConfigurationError(
            f"Number of SMP CPUs requested ({max_cpus}) exceeds max CPUs supported by machine 'mach-virt' ({most})",
            hint=hint,
        )
