"""Giving ``/machine`` the properties that ``-machine`` and its short forms ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError, UnmodelledError
from sandbox.machine.options_schema import load_options_schema
from sandbox.qapi.visit import visit_keyval
from sandbox.qom.properties import Property

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.config import MachineConfig
    from sandbox.machine.families import MachineType
    from sandbox.machine.machine_types import MachineObject
    from sandbox.machine.refusals import Notice

ACCELERATOR_SUGAR: Final = frozenset({"accel", "kernel-irqchip", "kvm-shadow-mem", "igd-passthru"})
"""Names that ``-machine`` takes but that are no properties of the machine."""

FIRST_CXL_VIRT: Final = (11, 1)
"""The first QEMU whose virt can be a CXL machine."""

UNMODELLED: Final[Mapping[str, str]] = {
    "sgx-epc": "SGX memory, which takes a place among the memory entries, is not modelled",
    "memory": "give the sizes with -m instead; this form is not modelled",
}
"""Properties that would move a table, with the reason."""


def set_machine_options(machine: MachineObject, config: MachineConfig, kind: MachineType) -> tuple[Notice, ...]:
    """Set the properties in the order in which they were first given; return QEMU's warnings.

    Raises:
        QemuError: a property is unknown, or a value is not one of its type.
        UnmodelledError: a property would move a table but is not modelled.
    """
    schema = load_options_schema()
    notices: tuple[Notice, ...] = ()
    for name, value in config.machine_options.items():
        if name in ACCELERATOR_SUGAR:
            continue
        if name in UNMODELLED:
            raise UnmodelledError(f"-machine {name}: {UNMODELLED[name]}")
        if name in ("cxl", "cxl-fmw") and kind.family == "virt" and kind.qemu >= FIRST_CXL_VIRT:
            raise UnmodelledError(f"-machine {name}: CXL on virt is not modelled")
        if name == "smp":
            machine.write(name, visit_keyval(schema, "SMPConfiguration", value, name))
        elif name == "cxl-fmw":
            machine.write(name, visit_keyval(schema, "CXLFMWProperties", {name: value})[name])
        elif name == "boot":
            machine.write(name, visit_keyval(schema, "BootConfiguration", value, name))
        else:
            declared = machine.find(name)
            if not isinstance(declared, Property):
                raise QemuError(f"Property '{machine.info.name}.{name}' not found")
            machine.write(name, visit_value(declared, value, name))
            notices += check_value(kind, name, machine.options[name])
    return notices


def check_value(kind: MachineType, name: str, value: Any) -> tuple[Notice, ...]:
    """Check what a setter checks beyond the type; return QEMU's warnings.

    Raises:
        ConfigurationError: the value is impossible.
    """
    if name == "max-ram-below-4g":
        from sandbox.machine.pc_memory import check_max_ram_below_4g

        return check_max_ram_below_4g(value)
    if name == "highmem-mmio-size":
        from sandbox.machine.virt_memory import check_mmio_size

        check_mmio_size(value)
    elif name == "gic-version":
        from sandbox.machine.cpus import check_gic_name

        check_gic_name(kind, value)
    return ()


def visit_value(declared: Property, value: Any, name: str) -> Any:
    """Return a command-line value as the property takes it."""
    return visit_keyval(load_options_schema(), declared.visits, value, name)
