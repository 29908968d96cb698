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

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.errors import InputError, MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
            arguments = _words(arguments)
        self.machine = Machine(parse_arguments(arguments, dialect), firmware)
        self.monitor = Monitor(self.machine)
        self._ended: MachineExit | None = None
        self._run_firmware()

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
        with self._alive():
            value = self.monitor.execute(command, dict(arguments) if arguments is not None else None)
            self._run_firmware()
            return value

    def reset(self) -> None:
        """Reset the machine: firmware reads the tables anew, unless ``-S`` or ``stop`` holds it.

        Raises:
            MachineExit: an object holds a value with which QEMU ends when it makes the tables.
        """
        with self._alive():
            self.machine.reset()
            self._run_firmware()

    def tables(self) -> Tables:
        """Return the tables as firmware has them: made after a reset, kept until the next.

        Raises:
            MachineExit: an object holds a value with which QEMU ends when it makes the tables.
        """
        with self._alive():
            return self.machine.tables()

    def _run_firmware(self) -> None:
        if self.machine.status == "running":
            self.machine.tables()

    @contextmanager
    def _alive(self) -> Iterator[None]:
        """Remember the end of the machine, and meet every later wish with it."""
        if self._ended is not None:
            raise MachineExit(self._ended.stderr, self._ended.status)
        try:
            yield
        except MachineExit as ended:
            self._ended = ended
            raise


def _words(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(f"the command line cannot be split into words: {str(error).lower()}") from None
