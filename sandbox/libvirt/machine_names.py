"""Machine types of distributions and of other QEMUs, which domains name, and what stands for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from qom_types.dialects import dialect_named
from sandbox.errors import UnmodelledError
from sandbox.machine.families import machine_type
from sandbox.machine.refusals import ConfigurationError
from sandbox.records import replace

if TYPE_CHECKING:
    from sandbox.libvirt.domain import Domain

FAMILIES: Final = (("pc-q35-", "q35"), ("pc-", "pc"), ("virt-", "virt"))
"""What versioned names of a family start with, and the name of its newest machine."""


def with_known_machine(domain: Domain, dialect: str) -> tuple[Domain, tuple[str, ...]]:
    """Return the domain with a machine that QEMU has, and a note where that is not the one that it names.

    Distributions have types of their own, as ``pc-q35-noble`` and ``virt-rhel9.6.0``. A name of no family is left.
    """
    version = dialect_named(dialect).qemu_version[:2]
    try:
        machine_type(domain.machine, domain.arch, version)
    except (ConfigurationError, UnmodelledError):
        for start, family in FAMILIES:
            if re.match(rf"{start}\w", domain.machine):
                note = f"QEMU itself has no machine {domain.machine} in dialect {dialect}: taken as its newest {family}"
                return replace(domain, machine=family), (note,)
    return domain, ()
