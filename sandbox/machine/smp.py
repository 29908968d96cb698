"""``-smp``: how many CPUs there are and can be, and how they are grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import MachineExit
from sandbox.machine.refusals import ConfigurationError, Notice
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.machine.families import MachineType

UINT32: Final = 0xFFFFFFFF

LEVELS: Final = ("drawers", "books", "sockets", "dies", "clusters", "modules", "cores", "threads")
"""The levels of a topology, outermost first."""

OPTIONAL_LEVELS: Final = ("modules", "clusters", "dies", "books", "drawers")
"""The levels that a machine may lack, in the order in which QEMU checks them."""

ARITHMETIC_CRASH: Final = -8
"""Status of a QEMU that divided by zero."""


@record
class SmpConfig:
    """A machine's CPU topology.

    Attributes:
        cpus: CPUs present at start.
        max_cpus: possible CPUs: the product of all levels.
        sockets, dies, clusters, modules, cores, threads: how many there are in one of the next outer level.
        notices: warnings of QEMUs before 9.1.
    """

    cpus: int = 1
    max_cpus: int = 1
    sockets: int = 1
    dies: int = 1
    clusters: int = 1
    modules: int = 1
    cores: int = 1
    threads: int = 1
    notices: tuple[Notice, ...] = ()


def smp_config(machine: MachineType, options: Mapping[str, int]) -> SmpConfig:
    """Complete and check a CPU topology.

    Args:
        machine: the machine.
        options: the members of QAPI's ``SMPConfiguration`` that were given, as 64-bit integers. QEMU keeps 32 bits.

    Raises:
        ConfigurationError: the topology is impossible or too large.
        MachineExit: QEMU itself dies of an integer division by zero, which levels whose product has 32 zero bits cause.

    Source: QEMU 10.0 behaviour; before 9.1 parameters that a machine lacks are refused in other words.
    """
    notices: list[Notice] = []
    if any(value == 0 for value in options.values()):
        words = "CPU topology parameters must be greater than zero"
        if machine.qemu >= (9, 0):
            raise ConfigurationError(f"Invalid CPU topology: {words}")
        notices.append(Notice(f"Deprecated CPU topology (considered invalid): {words}"))
    _check_levels(machine, options, notices)
    counts = {level: options.get(level, 0) & UINT32 for level in LEVELS}
    for level in OPTIONAL_LEVELS:
        counts[level] = counts[level] or 1
    cpus = options.get("cpus", 0) & UINT32
    max_cpus = (options.get("maxcpus", 0) & UINT32) or cpus
    _fill_in(counts, max_cpus, ("sockets", "cores") if machine.prefers_sockets else ("cores", "sockets"))
    total = _product(counts.values())
    max_cpus = max_cpus or total
    cpus = cpus or max_cpus
    _check_counts(machine, counts, cpus, max_cpus, total)
    return SmpConfig(
        cpus=cpus,
        max_cpus=max_cpus,
        sockets=counts["sockets"],
        dies=counts["dies"],
        clusters=counts["clusters"],
        modules=counts["modules"],
        cores=counts["cores"],
        threads=counts["threads"],
        notices=tuple(notices),
    )


def _check_levels(machine: MachineType, options: Mapping[str, int], notices: list[Notice]) -> None:
    """Refuse levels that the machine lacks."""
    for level in OPTIONAL_LEVELS:
        if level in _levels_of(machine) or level not in options:
            continue
        if options[level] > 1:
            given = f"{level} > 1" if machine.qemu >= (9, 1) else level
            raise ConfigurationError(f"{given} not supported by this machine's CPU topology")
        if machine.qemu == (9, 0) and options[level] == 1:
            words = f"Unsupported {level} parameter mustn't be specified as 1"
            notices.append(Notice(f"Deprecated CPU topology (considered invalid): {words}"))


def _levels_of(machine: MachineType) -> tuple[str, ...]:
    present = {"dies": machine.has_dies, "clusters": machine.has_clusters, "modules": machine.has_modules}
    return tuple(level for level in LEVELS if present.get(level, level not in ("drawers", "books")))


def _fill_in(counts: dict[str, int], max_cpus: int, preferred: tuple[str, str]) -> None:
    """Compute what is missing of sockets, cores and threads.

    The first of ``preferred`` takes the CPUs that are left over; the second if the first is given, threads if both are.
    """
    if max_cpus:
        first, second = preferred
        missing = first if not counts[first] else second if not counts[second] else "threads"
        if not counts[missing]:
            for level in ("sockets", "cores", "threads"):
                if level != missing:
                    counts[level] = counts[level] or 1
            counts[missing] = 1
            divisor = _product(counts.values())
            if divisor == 0:
                raise MachineExit("", ARITHMETIC_CRASH)
            counts[missing] = max_cpus // divisor
        return
    for level in ("sockets", "cores", "threads"):
        counts[level] = counts[level] or 1


def _check_counts(machine: MachineType, counts: Mapping[str, int], cpus: int, max_cpus: int, total: int) -> None:
    topology = " * ".join(f"{level} ({counts[level]})" for level in _levels_of(machine))
    if total != max_cpus:
        raise ConfigurationError(
            f"Invalid CPU topology: product of the hierarchy must match maxcpus: {topology} != maxcpus ({max_cpus})"
        )
    if max_cpus < cpus:
        raise ConfigurationError(
            "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
            f"{topology} == maxcpus ({max_cpus}) < smp_cpus ({cpus})"
        )
    if max_cpus > machine.max_cpus:
        raise ConfigurationError(
            f"Invalid SMP CPUs {_signed(max_cpus)}. "
            f"The max CPUs supported by machine '{machine.name}' is {machine.max_cpus}"
        )


def _product(values: Iterable[int]) -> int:
    product = 1
    for value in values:
        product = product * value & UINT32
    return product


def _signed(value: int) -> int:
    """Return an unsigned 32-bit value as QEMU prints it: signed."""
    return value - (1 << 32) if value >> 31 else value
