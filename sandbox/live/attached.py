"""The tables of a running VM, held against what the sandbox makes of its command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.dialects import V2
from qom_types.meant import FIRST_MERGED, dialect_of_version
from sandbox.compare.emulated import compare_last_tables
from sandbox.compare.run import qemu_label
from sandbox.errors import InputError
from sandbox.live.attach import CONNECT_SECONDS, REPLY_SECONDS, attach
from sandbox.live.wanted import has_machine, is_v2
from sandbox.machine.arguments import split_program
from sandbox.records import replace
from sandbox.scenario.model import Scenario

if TYPE_CHECKING:
    from sandbox.compare.result import Comparison
    from sandbox.live.attach import AttachedVm
    from sandbox.live.endpoints import SocketRoot

WRONG_ARGUMENTS = "the VM may have been started with other arguments than those given here, or changed since"
CHANGED = (
    "the VM's objects or devices are not those of its command line: they may have been changed since it was started"
)


def compare_attached(
    where: str,
    scenario: Scenario | None = None,
    *,
    exchange: SocketRoot | None = None,
    seconds: float | None = None,
    firmware: str | None = None,
) -> Comparison:
    """Compare the tables in a running VM's memory with those that the sandbox makes.

    Args:
        where: its monitor: ``unix:PATH`` or ``tcp:HOST:PORT``.
        scenario: the VM's command line and what was done to it; None: the command line of its process, as it stands.
        exchange: where QEMU may write guest memory for us to read; None: a usual place.
        seconds: how long to wait for the connection and for each reply; None: some seconds.
        firmware: ``none`` or ``enumerated``; None: ``enumerated``, as the VM's firmware has run.

    Raises:
        InputError: it is no address of a monitor, the command line cannot be found, or something in it is not modelled.
        MachineExit: the sandbox's machine would end where the VM runs.
        LiveError: there is no such monitor, it is in use, or no tables are installed in the VM's memory yet.
    """
    given = None if scenario is None else split_program(scenario.command_line)[1]
    with attach(
        where,
        arguments=given,
        exchange=exchange,
        connect_seconds=seconds or CONNECT_SECONDS,
        reply_seconds=seconds or REPLY_SECONDS,
    ) as vm:
        if scenario is not None and not has_machine(vm.arch, scenario):
            raise InputError(f"the VM is a {vm.arch} machine, and the arguments given ask for another", scenario.place)
        tables = vm.tables()
        asked = _scenario(vm, scenario, firmware or "enumerated")
    compared = compare_last_tables(asked, tables, f"{qemu_label(vm.version, vm.package)}, running, at {where}")
    note = CHANGED if scenario is None else WRONG_ARGUMENTS
    return compared if compared.passed else replace(compared, notes=(*compared.notes, note))


def _scenario(vm: AttachedVm, scenario: Scenario | None, firmware: str) -> Scenario:
    """Return what the sandbox is to be asked for."""
    if scenario is None:
        scenario = Scenario(f"the VM at {vm.where}", (f"qemu-system-{vm.arch}", *vm.arguments))
    is_merged = vm.version >= FIRST_MERGED or not is_v2(scenario)
    return replace(scenario, dialect=dialect_of_version(vm.version)[0] if is_merged else V2, firmware=firmware)
