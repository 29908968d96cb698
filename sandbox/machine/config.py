"""The configuration that a command line asks for, before any machine is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import QemuError
from sandbox.qapi.numbers import option_size
from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qom_types.dialects import Dialect
    from qom_types.plugins import TypePlugin
    from sandbox.machine.arguments import CommandLine, Option
    from sandbox.machine.monitors import MonitorOption
    from sandbox.qapi.schema import Schema


@record
class Given:
    """Something that one option asks for.

    Attributes:
        option: the option, for messages.
        values: its members, visited.
    """

    option: Option
    values: Mapping[str, Any]

    @property
    def is_json(self) -> bool:
        """Whether the option's value is JSON."""
        return (self.option.value or "").startswith("{")


@record
class MachineConfig:
    """What a command line asks for.

    Attributes:
        command_line: the options themselves.
        dialect: the shape of the Generic Initiator objects.
        dialect_reason: why it is this one, in one phrase.
        schema: the QAPI types of the dialect's objects.
        machine_type: what ``-machine`` names, or None.
        machine_options: the properties given with ``-machine`` and its short forms, in order, nested where they have
            parts.
        cpu: the value of ``-cpu``, or None.
        memory: ``size``, ``max-size`` and ``slots`` of ``-m``: bytes, as far as given.
        numa: ``-numa`` options in order.
        objects: ``-object`` options in order.
        devices: ``-device`` options in order; ``driver`` and ``id`` among their values.
        switches: names and values of options that change which devices there are without ``-device``, in order.
        monitors: the monitors of ``/objects`` in the order of their making, for dialects that have them there.
        paused: whether ``-S`` keeps the machine from running.
        ends_at_reset: whether a reset ends it, as ``-no-reboot`` wants.
        halts_at_end: whether it only halts where it would end by itself, as ``-no-shutdown`` wants.
        ignored: the text of each option that moves no table.
        plugins: types of the user's own that the objects have, beside the dialect's.
    """

    command_line: CommandLine
    dialect: Dialect
    dialect_reason: str
    schema: Schema = field(repr=False)
    machine_type: str | None = None
    machine_options: Mapping[str, Any] = field(default_factory=dict)
    cpu: str | None = None
    memory: Mapping[str, int] = field(default_factory=dict)
    numa: tuple[Given, ...] = ()
    objects: tuple[Given, ...] = ()
    devices: tuple[Given, ...] = ()
    switches: tuple[tuple[str, str | None], ...] = ()
    monitors: tuple[MonitorOption, ...] = ()
    paused: bool = False
    ends_at_reset: bool = False
    halts_at_end: bool = False
    ignored: tuple[str, ...] = ()
    plugins: tuple[TypePlugin, ...] = ()

    @property
    def program(self) -> str:
        """The name under which QEMU speaks."""
        return self.command_line.program

    @property
    def uses_host_cpu(self) -> bool:
        """Whether the accelerator runs the host's own CPUs, so that their properties are the host's."""
        accelerator = str(self.machine_options.get("accel", "tcg"))
        for option in self.command_line.options:
            if option.name == "enable-kvm":
                accelerator = "kvm"
            elif option.name == "accel":
                accelerator = (option.value or "").split(",")[0].removeprefix("accel=")
        return accelerator.split(":")[0] in ("kvm", "hvf", "whpx", "nvmm", "xen")

    @property
    def pci_window(self) -> int | None:
        """What ``-global`` gives the host bridge's ``pci-hole64-size``, in bytes; None where it gives nothing.

        Raises:
            QemuError: it is no size.
        """
        for name, value in reversed(self.switches):
            head, _, size = (value or "").partition("=")
            if name == "global" and head.endswith(".pci-hole64-size"):
                try:
                    return option_size("pci-hole64-size", size)
                except QemuError as error:
                    raise QemuError(f"can't apply global {value}: {error.desc}", hint=error.hint) from None
        return None
