"""The composition root: a machine with its monitor in one object, the small Python interface of the sandbox.

The simplest use::

    from sandbox.app import Sandbox

    vm = Sandbox("-M virt -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0 -numa node "
                 "-device pci-testdev,id=dev0", dialect="10.0")
    vm.execute("object-add", {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1})
    vm.reset()
    print(vm.tables().decoded_srat().entries[-1])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.machine.config import MachineConfig
    from sandbox.machine.tables import Tables


class Sandbox:
    """A machine that takes QMP commands and makes tables, as the QEMU of its dialect does.

    Args:
        arguments: a QEMU command line, as one text (quoted as for a shell) or as words.
        dialect: ``v2``, ``9.0``, ``9.2``, ``10.0`` or ``11.1``; None: it follows from the objects' own members.
        firmware: ``enumerated``: PCI buses have the numbers that firmware gives them; ``none``: buses behind bridges
            are 0.

    Raises:
        MachineExit: QEMU would not start with these arguments; status and message are QEMU's.
        InputError: the dialect is unknown, or something that would move a table is not modelled.
    """

    def __init__(
        self, arguments: str | Sequence[str], *, dialect: str | None = None, firmware: str = "enumerated"
    ) -> None:
        if isinstance(arguments, str):
            import shlex

            arguments = shlex.split(arguments)
        self.machine = Machine(parse_arguments(arguments, dialect), firmware)
        self.monitor = Monitor(self.machine)

    @property
    def config(self) -> MachineConfig:
        """What the command line asks for, the dialect among it."""
        return self.machine.config

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """Execute a QMP command and return what QEMU puts under ``return``.

        Raises:
            QemuError: QEMU answers with an error; ``error_class`` and ``desc`` are QEMU's.
            MachineExit: the command ends QEMU.
            UnmodelledError: QEMU has the command, or the object's type, and the sandbox does not.
        """
        return self.monitor.execute(command, dict(arguments) if arguments is not None else None)

    def reset(self) -> None:
        """Reset the machine: the tables are made anew when they are read next."""
        self.machine.reset()

    def tables(self) -> Tables:
        """Return the tables as firmware reads them: made once after each reset, kept until the next.

        Raises:
            MachineExit: an object holds a value with which QEMU ends when it makes the tables.
        """
        return self.machine.tables()
