"""The command ``guest``: what a Linux guest will see of a machine's nodes, and whether a real one does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.commands import DONE, FAILED, UNANSWERED, Result, as_json
from sandbox.commands.asked import add_dialect, add_scenario, said, seconds
from sandbox.commands.reading import OF_DOMAINS, scenario_or_domain
from sandbox.errors import DecodeError, InputError, UnmodelledError
from sandbox.machine.arguments import TARGETS_OF_32_BITS, split_program, target_of
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.commands.given_tables import GivenTables
    from sandbox.guest.boot.console import Progress
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.result import Forecast
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

BOOT_ONLY: Final = ("qemu", "binary_prefix", "kernel_image", "timeout")
"""Options that say how a guest is booted."""


def add_arguments(_name: str, command: argparse.ArgumentParser) -> None:
    """Give the command's parser its arguments."""
    from sandbox.guest.kernels import DEFAULT_VERSION

    add_scenario(command)
    tables = "tables to take for the machine's own: a file, or a folder of them; may be given again"
    command.add_argument("--tables", action="append", metavar="FILE", help=tables)
    kernels = f"6.1, 6.12 or 7.3 (default: {DEFAULT_VERSION})"
    command.add_argument("--kernel", metavar="V", help=kernels)
    command.add_argument(
        "--arch", choices=("x86", "arm64"), help="only checked: it is an error if the machine's is another"
    )
    nodes = "how many nodes the kernel is built for (default: as Debian's, 1024 on x86 and 16 on arm64)"
    command.add_argument("--max-nodes", type=int, metavar="N", help=nodes)
    command.add_argument("--edk2", metavar="V", help="on virt, the firmware: 2022.11 or 2025.02")
    command.add_argument("--sysfs", metavar="DIR", help="write the guest's /sys/devices/system there, for lstopo")
    add_dialect(command)
    command.add_argument("-v", "--verbose", action="store_true", help="show the kernel's own lines, too")
    boot = command.add_argument_group("the truth")
    boot.add_argument("--boot", action="store_true", help="boot a real guest, and hold the forecast against it")
    boot.add_argument("--qemu", metavar="BINARY", help="the QEMU, a command as for a shell (default: by the machine)")
    boot.add_argument("--binary-prefix", metavar="COMMAND", help="what goes before BINARY, such as 'chroot DIR'")
    image = "a kernel of one's own; --kernel then says whose rules are forecast (default: the nearest's)"
    boot.add_argument("--kernel-image", metavar="FILE", help=image)
    boot.add_argument("--timeout", type=seconds, metavar="S", help="seconds that a boot may take (default: 180)")


def guest(arguments: argparse.Namespace, style: Style) -> Result:
    """Forecast what the guest sees; with ``--boot`` also boot it and compare."""
    from sandbox.guest.facts import EDK2_VERSIONS
    from sandbox.scenario.emulation import that_runs

    if arguments.edk2 not in (None, *EDK2_VERSIONS):
        raise InputError(f"edk2 {arguments.edk2} is not known; it can be: {', '.join(EDK2_VERSIONS)}")
    if not arguments.boot:
        for name in BOOT_ONLY:
            if getattr(arguments, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} is about a boot: give --boot too")
    scenario, notes = _scenario(arguments)
    if arguments.scenario is None:
        scenario = that_runs(scenario)
    tables = None
    if arguments.tables:
        from sandbox.commands.given_tables import given_tables

        tables = given_tables(arguments.tables)
        notes = (*notes, *tables.notes)
    try:
        return (_boot if arguments.boot else _forecast)(arguments, scenario, tables, notes, style)
    except DecodeError as error:
        raise InputError(str(error), None if tables is None else tables.place) from None


def _forecast(
    arguments: argparse.Namespace, scenario: Scenario, tables: GivenTables | None, notes: Sequence[str], style: Style
) -> Result:
    from sandbox.guest.facts import facts_of
    from sandbox.guest.forecast import forecast
    from sandbox.guest.kernels import DEFAULT_VERSION, find_kernel, sized
    from sandbox.guest.versions import choose_version

    chosen = choose_version(scenario)
    given = chosen.given if tables is None else chosen.given.with_tables(tables.tables)
    machine = facts_of(given.machine, arguments.edk2)
    _check_arch(arguments, machine.arch)
    if chosen.note and given.origins:
        machine = replace(machine, notes=(*machine.notes, chosen.note))
    kernel = sized(find_kernel(machine.arch, arguments.kernel or DEFAULT_VERSION), arguments.max_nodes)
    found = forecast(given.tables, machine, kernel, given.origins, given.declared, given.behind)
    errors = _errors(notes, _write_sysfs(arguments, found, machine))
    is_of_domain = arguments.libvirt is not None and not arguments.dialect
    if arguments.json:
        from sandbox.guest.forecast_json import forecast_json

        about = {"dialect": given.dialect, "dialect_reason": OF_DOMAINS if is_of_domain else chosen.reason}
        return Result(as_json(forecast_json(found) | about), errors=errors)
    from sandbox.report.forecast_text import origin_text, render_forecast

    origin = origin_text(given.dialect, assumed=chosen.is_assumed or is_of_domain, given=tables is not None)
    return Result(render_forecast(found, style, verbose=arguments.verbose, origin=origin), errors=errors)


def _scenario(arguments: argparse.Namespace) -> tuple[Scenario, Sequence[str]]:
    """Return the machine that is asked for, and what is to be said about it."""
    if arguments.tables and (arguments.scenario, arguments.qemu_words, arguments.libvirt) == (None, None, None):
        example = f"qom-sandbox guest --tables {arguments.tables[0]} -- -M q35 -m 4G -smp 4"
        raise InputError(f"tables need a machine beside them, whose RAM and CPUs the kernel finds: {example}")
    scenario, notes = scenario_or_domain(arguments)
    program = split_program(scenario.command_line)[0]
    if target_of(program) in TARGETS_OF_32_BITS:
        raise UnmodelledError(f"{program} runs 32-bit guests, and forecasts are of 64-bit kernels", scenario.place)
    return scenario, notes


def _errors(notes: Sequence[str], *others: str) -> str:
    return "\n".join(filter(None, [said(notes), *others]))


def _boot(
    arguments: argparse.Namespace, scenario: Scenario, tables: GivenTables | None, notes: Sequence[str], style: Style
) -> Result:
    """Boot a guest; the status is 1 if it is not as forecast, 3 if it tells nothing."""
    from pathlib import Path

    from sandbox.commands.asked import binary_of
    from sandbox.commands.ending import ending_on_signals
    from sandbox.guest.boot import BootFailed, guest_architecture, guest_kernel
    from sandbox.guest.boot.runner import MOST_SECONDS, keep_log
    from sandbox.guest.kernels import DEFAULT_VERSION
    from sandbox.guest.trial import try_guest
    from sandbox.live.errors import LiveError
    from sandbox.report.boot_text import render_trial, trial_json

    arch = guest_architecture(scenario.command_line)
    _check_arch(arguments, arch)
    image = Path(arguments.kernel_image) if arguments.kernel_image else None
    kernel = guest_kernel(arch, arguments.kernel or DEFAULT_VERSION, image=image)
    if arguments.edk2 not in (None, kernel.edk2):
        raise InputError(f"a guest is booted with edk2 {kernel.edk2}: leave out --edk2 {arguments.edk2}")
    if arguments.max_nodes is not None and image is None:
        raise InputError("Debian's kernel is booted, as it is built: --max-nodes goes with --kernel-image")
    try:
        with ending_on_signals():
            trial = try_guest(
                scenario,
                kernel,
                binary_of(arguments, scenario),
                version=arguments.kernel if image else None,
                max_nodes=arguments.max_nodes,
                tables=None if tables is None else tables.tables,
                seconds=MOST_SECONDS if arguments.timeout is None else arguments.timeout,
                progress=_progress(arguments),
            )
    except LiveError as error:
        kept = {"console": str(error.log)} if isinstance(error, BootFailed) and error.log else {}
        text = as_json({"error": str(error), **kept}) if arguments.json else ""
        return Result(text, UNANSWERED, _errors(notes, str(error)))
    errors = [_write_sysfs(arguments, trial.forecast, trial.machine)]
    log = None if trial.passed else keep_log(trial.boot.console)
    if not trial.passed:
        errors.append("the guest is not as forecast" + (f"; its console is in {log}" if log else ""))
    text = as_json(trial_json(trial)) if arguments.json else render_trial(trial, style, verbose=arguments.verbose)
    return Result(text, DONE if trial.passed else FAILED, _errors(notes, *errors))


def _progress(arguments: argparse.Namespace) -> Progress | None:
    """Return what tells a user at a terminal how far the boot is."""
    import sys
    import time

    if not sys.stderr.isatty():
        return None
    began = time.monotonic()
    return lambda what: arguments.say(f"{time.monotonic() - began:5.1f} s  {what}")


def _check_arch(arguments: argparse.Namespace, arch: str) -> None:
    if arguments.arch not in (None, arch):
        raise InputError(f"the machine is {arch}, its guest cannot be {arguments.arch}")


def _write_sysfs(arguments: argparse.Namespace, found: Forecast, machine: GuestMachine) -> str:
    """Write the guest's sysfs where that is asked for; return why it is not written."""
    if not arguments.sysfs:
        return ""
    if found.masks is None:
        return f"{arguments.sysfs} is not written: the guest panics before it has a sysfs"
    from sandbox.files import write_tree
    from sandbox.guest.sysfs import system_tree

    write_tree(arguments.sysfs, system_tree(found, machine))
    return ""
