"""The ACPI event device of virt: memory modules need it, and so do the error records of ``ras=on``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import MachineExit
from sandbox.machine.builtin_options import has_firmware

if TYPE_CHECKING:
    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig

FIRST_UNCHECKED: Final = (11, 1, 0)
"""The first QEMU of those known that does not look whether there is an event device, and crashes."""

ABORTED: Final = -6
CRASHED: Final = -11


def has_event_device(board: Board, config: MachineConfig) -> bool:
    """Whether a virt machine has one: with firmware, ACPI and a 64-bit CPU, since virt-4.2."""
    options = board.machine.options
    is_booted = has_firmware(config, options) and options.get("acpi") != "off"
    return is_booted and board.type.has_memory_hotplug and board.cpu.is_64bit


def check_error_records(board: Board, config: MachineConfig) -> None:
    """Check that a machine with ``ras=on`` can have its error records; QEMU notices when its tables are made.

    Raises:
        MachineExit: it cannot, and QEMU aborts; from 11.1 on it crashes, without a message.

    Source: QEMU 10.0 and 11.1 behaviour.
    """
    options = board.machine.options
    wants = board.type.family == "virt" and options.get("ras") and options.get("acpi") != "off"
    if wants and not has_event_device(board, config):
        if config.dialect.qemu_version >= FIRST_UNCHECKED:
            raise MachineExit("", CRASHED)
        where = "hw/arm/virt-acpi-build.c:1115: virt_acpi_setup"
        raise MachineExit(f"{config.program}: {where}: Assertion `vms->acpi_dev' failed.", ABORTED)
