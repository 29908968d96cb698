"""The command ``guest``: what a Linux guest will see of a machine's nodes, and whether a real one does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sandbox.acpi.header import HEADER_LENGTH
from sandbox.commands import DONE, FAILED, UNANSWERED, Result, as_json
from sandbox.commands.asked import add_dialect, one_scenario, seconds
from sandbox.errors import DecodeError, InputError, Place
from sandbox.files import TABLE_NAMES, read_bytes
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse

    from sandbox.guest.boot.console import Progress
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.result import Forecast
    from sandbox.guest.sysfs import FileTree
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables


BOOT_ONLY: Final = ("qemu", "binary_prefix", "kernel_image", "timeout")
"""Options that say how a guest is booted."""


def add_arguments(_name: str, command: argparse.ArgumentParser) -> None:
    """Give the command's parser its arguments."""
    from sandbox.guest.kernels import DEFAULT_VERSION

    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a YAML file; or QEMU's after '--'")
    command.add_argument(
        "--tables",
        metavar="DIR",
        help="take srat.dat, slit.dat, hmat.dat of this folder, as far as they are there, for the machine's own",
    )
    kernels = f"6.1, 6.12 or 7.3 (default: {DEFAULT_VERSION})"
    command.add_argument("--kernel", metavar="V", help=kernels)
    command.add_argument("--arch", choices=("x86", "arm64"), help="the guest's architecture (default: the machine's)")
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
    from sandbox.guest.kernels import DEFAULT_VERSION, find_kernel
    from sandbox.scenario.emulation import that_runs

    if arguments.edk2 not in (None, *EDK2_VERSIONS):
        raise InputError(f"edk2 {arguments.edk2} is not known; it can be: {', '.join(EDK2_VERSIONS)}")
    scenario = one_scenario(arguments)
    if arguments.qemu_words is not None:
        scenario = that_runs(scenario)
    try:
        if arguments.boot:
            return _boot(arguments, scenario, style)
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
        if arguments.tables:
            given = given.with_tables(read_tables(arguments.tables))
        if chosen.note and given.origins:
            machine = replace(machine, notes=(*machine.notes, chosen.note))
        kernel = find_kernel(machine.arch, arguments.kernel or DEFAULT_VERSION)
        found = forecast(given.tables, machine, kernel, given.origins, given.declared, given.behind)
    except DecodeError as error:
        raise InputError(str(error), Place(os.path.join(arguments.tables or "", "srat.dat"))) from None
    errors = _write_sysfs(arguments, found, machine)
    if arguments.json:
        from sandbox.guest.forecast_json import forecast_json

        described = {"dialect": given.dialect, "dialect_reason": chosen.reason, **forecast_json(found)}
        return Result(as_json(described), errors=errors)
    from sandbox.report.forecast_text import render_forecast

    tables_of = f"dialect {given.dialect} ({chosen.reason})"
    return Result(render_forecast(found, style, tables_of, verbose=arguments.verbose), errors=errors)


def _boot(arguments: argparse.Namespace, scenario: Scenario, style: Style) -> Result:
    """Boot a guest; the status is 1 if it is not as forecast, 3 if it tells nothing."""
    from pathlib import Path

    from sandbox.commands.asked import binary_of
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
    try:
        trial = try_guest(
            scenario,
            kernel,
            binary_of(arguments, scenario),
            version=arguments.kernel if image else None,
            tables=read_tables(arguments.tables) if arguments.tables else None,
            seconds=MOST_SECONDS if arguments.timeout is None else arguments.timeout,
            progress=_progress(arguments),
        )
    except LiveError as error:
        kept = {"console": str(error.log)} if isinstance(error, BootFailed) and error.log else {}
        text = as_json({"error": str(error), **kept}) if arguments.json else ""
        return Result(text, UNANSWERED, str(error))
    errors = [_write_sysfs(arguments, trial.forecast, trial.machine)]
    log = None if trial.passed else keep_log(trial.boot.console)
    if not trial.passed:
        errors.append("the guest is not as forecast" + (f"; its console is in {log}" if log else ""))
    text = as_json(trial_json(trial)) if arguments.json else render_trial(trial, style, verbose=arguments.verbose)
    return Result(text, DONE if trial.passed else FAILED, "\n".join(filter(None, errors)))


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


def read_tables(folder: str) -> Tables:
    """Return the raw tables of a folder; None for a table without a file.

    Raises:
        InputError: there is none at all, or one cannot be read, is another table, or has no whole header.
    """
    from sandbox.machine.tables import Tables as MadeTables

    found: dict[str, bytes] = {}
    for name in TABLE_NAMES:
        path = os.path.join(folder, f"{name}.dat")
        try:
            found[name] = read_bytes(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(os.strerror(error.errno or 0), Place(path)) from None
        _check_table(name, found[name], path)
    if not found and not os.path.isdir(folder):
        raise InputError("there is no such folder", Place(folder))
    if not found:
        raise InputError("there is no srat.dat, slit.dat or hmat.dat", Place(folder))
    return MadeTables(**found)


def _check_table(name: str, data: bytes, path: str) -> None:
    """Raise InputError if a file cannot be the table of its name, however malformed a one."""
    if not data:
        raise InputError("the file is empty", Place(path))
    if data[: len(name)] != name.upper().encode():
        raise InputError(f"this is no {name.upper()}: it does not start with that signature", Place(path))
    if len(data) < HEADER_LENGTH:
        raise InputError(f"it ends after {len(data)} bytes, a table's header alone has {HEADER_LENGTH}", Place(path))


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
