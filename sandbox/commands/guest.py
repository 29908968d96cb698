"""The command ``guest``: what a Linux guest will see of a machine's nodes, and whether a real one does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from qom_types.dialects import MISSION, NOTHING_TELLS
from sandbox.commands import DONE, FAILED, UNANSWERED, Result, as_json
from sandbox.commands.asked import OF_DOMAINS, add_dialect, add_libvirt, scenario_or_domain, seconds
from sandbox.errors import DecodeError, InputError, Place, UnmodelledError
from sandbox.machine.arguments import TARGETS_OF_32_BITS, split_program, target_of
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.commands.given_tables import GivenTables
    from sandbox.guest.boot.console import Progress
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.result import Forecast
    from sandbox.guest.sysfs import FileTree
    from sandbox.machine.config import MachineConfig
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

BOOT_ONLY: Final = ("qemu", "binary_prefix", "kernel_image", "timeout")
"""Options that say how a guest is booted."""


def add_arguments(_name: str, command: argparse.ArgumentParser) -> None:
    """Give the command's parser its arguments."""
    from sandbox.guest.kernels import DEFAULT_VERSION

    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a YAML file; or QEMU's after '--'")
    add_libvirt(command)
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
    from sandbox.guest.kernels import DEFAULT_VERSION, find_kernel, sized
    from sandbox.scenario.emulation import that_runs

    if arguments.edk2 not in (None, *EDK2_VERSIONS):
        raise InputError(f"edk2 {arguments.edk2} is not known; it can be: {', '.join(EDK2_VERSIONS)}")
    scenario, said = _scenario(arguments)
    if arguments.scenario is None:
        scenario = that_runs(scenario)
    tables = None
    if arguments.tables:
        from sandbox.commands.given_tables import given_tables

        tables = given_tables(arguments.tables)
        said = (*said, *tables.notes)
    try:
        if arguments.boot:
            return _boot(arguments, scenario, tables, said, style)
        for name in BOOT_ONLY:
            if getattr(arguments, name) is not None:
                raise InputError(f"--{name.replace('_', '-')} is about a boot: give --boot too")
        from sandbox.guest.facts import facts_of
        from sandbox.guest.forecast import forecast
        from sandbox.guest.versions import choose_version

        chosen = choose_version(scenario)
        given = chosen.given
        machine = facts_of(given.machine, arguments.edk2)
        _check_arch(arguments, machine.arch)
        if tables is not None:
            given = given.with_tables(tables.tables)
        if chosen.note and given.origins:
            machine = replace(machine, notes=(*machine.notes, chosen.note))
        kernel = sized(find_kernel(machine.arch, arguments.kernel or DEFAULT_VERSION), arguments.max_nodes)
        found = forecast(given.tables, machine, kernel, given.origins, given.declared, given.behind)
    except DecodeError as error:
        raise InputError(str(error), None if tables is None else tables.place) from None
    errors = _errors(said, _write_sysfs(arguments, found, machine))
    config = given.machine.config
    if arguments.json:
        from sandbox.guest.forecast_json import forecast_json

        reason = OF_DOMAINS if arguments.libvirt and not arguments.dialect else chosen.reason
        about = {"dialect": config.dialect.name, "dialect_reason": reason}
        return Result(as_json(forecast_json(found) | about), errors=errors)
    from sandbox.report.forecast_text import origin_text, render_forecast

    is_assumed = not arguments.dialect and (arguments.libvirt or not scenario.dialect) and may_be_another(config)
    origin = origin_text(config.dialect.name, assumed=is_assumed, given=tables is not None)
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


def _errors(said: Sequence[str], *others: str) -> str:
    return "\n".join([*(f"note: {note}" for note in said), *filter(None, others)])


def may_be_another(config: MachineConfig) -> bool:
    """Whether a machine may as well be meant in another dialect than that which follows from its words."""
    return config.dialect.name != MISSION or config.dialect_reason == NOTHING_TELLS


def _boot(
    arguments: argparse.Namespace, scenario: Scenario, given: GivenTables | None, said: Sequence[str], style: Style
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
                tables=None if given is None else given.tables,
                seconds=MOST_SECONDS if arguments.timeout is None else arguments.timeout,
                progress=_progress(arguments),
            )
    except LiveError as error:
        kept = {"console": str(error.log)} if isinstance(error, BootFailed) and error.log else {}
        text = as_json({"error": str(error), **kept}) if arguments.json else ""
        return Result(text, UNANSWERED, _errors(said, str(error)))
    errors = [_write_sysfs(arguments, trial.forecast, trial.machine)]
    log = None if trial.passed else keep_log(trial.boot.console)
    if not trial.passed:
        errors.append("the guest is not as forecast" + (f"; its console is in {log}" if log else ""))
    text = as_json(trial_json(trial)) if arguments.json else render_trial(trial, style, verbose=arguments.verbose)
    return Result(text, DONE if trial.passed else FAILED, _errors(said, *errors))


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
    from sandbox.guest.sysfs import system_tree

    write_tree(arguments.sysfs, system_tree(found, machine))
    return ""


def write_tree(folder: str, tree: FileTree) -> None:
    """Write a tree of files into a folder that is new or empty.

    Raises:
        InputError: there is something in the folder, or it cannot be written.
    """
    try:
        os.makedirs(folder, exist_ok=True)
        if os.listdir(folder):
            raise InputError("the folder is not empty; the tree needs one of its own", Place(folder))
        for path, text in tree.files.items():
            _make_room(folder, path)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)
        for path, target in tree.links.items():
            _make_room(folder, path)
            os.symlink(target, os.path.join(folder, path))
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(folder)) from None


def _make_room(folder: str, path: str) -> None:
    os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
