"""The command ``guest``: what a Linux guest will see of a machine's nodes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sandbox.commands import Result, as_json
from sandbox.errors import DecodeError, InputError, MachineExit, Place, UnmodelledError
from sandbox.files import TABLE_NAMES, read_bytes
from sandbox.records import record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.guest.sysfs import FileTree
    from sandbox.machine.machine import Machine
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables


@record
class _Given:
    """A machine with the tables that its guest gets."""

    machine: Machine
    tables: Tables
    origins: Sequence[Origin] = ()


def add_guest_arguments(command: argparse.ArgumentParser) -> None:
    """Give the command's parser its arguments."""
    from sandbox.guest.kernels import DEFAULT_VERSION

    command.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a YAML file; or QEMU's after '--'")
    command.add_argument(
        "--tables",
        metavar="DIR",
        help="take srat.dat, slit.dat and hmat.dat of this folder for the machine's own tables",
    )
    kernels = "6.1, 6.12 or 7.3 (default: %(default)s)"
    command.add_argument("--kernel", default=DEFAULT_VERSION, metavar="V", help=kernels)
    command.add_argument("--arch", choices=("x86", "arm64"), help="the guest's architecture (default: the machine's)")
    command.add_argument("--edk2", metavar="V", help="on virt, the firmware: 2022.11 or 2025.02")
    command.add_argument("--sysfs", metavar="DIR", help="write the guest's /sys/devices/system there, for lstopo")
    command.add_argument("--dialect", metavar="D", help="v2, 9.0, 9.2, 10.0 or 11.1 (default: as the objects tell)")
    command.add_argument("-v", "--verbose", action="store_true", help="show the kernel's own lines, too")


def guest(arguments: argparse.Namespace, style: Style) -> Result:
    """Forecast what the guest sees."""
    from sandbox.guest.facts import EDK2_VERSIONS, facts_of
    from sandbox.guest.forecast import forecast
    from sandbox.guest.kernels import find_kernel

    if (arguments.scenario is None) == (arguments.qemu_words is None):
        raise InputError("give either a scenario or QEMU arguments after '--'")
    if arguments.edk2 not in (None, *EDK2_VERSIONS):
        raise InputError(f"edk2 {arguments.edk2} is not known; it can be: {', '.join(EDK2_VERSIONS)}")
    given = _of_arguments(arguments) if arguments.qemu_words is not None else _of_scenario(arguments)
    machine = facts_of(given.machine, arguments.edk2)
    if arguments.arch not in (None, machine.arch):
        raise InputError(f"the machine is {machine.arch}, its guest cannot be {arguments.arch}")
    tables, origins, declared = given.tables, given.origins, len(given.machine.board.numa.nodes)
    if arguments.tables:
        tables, origins, declared = read_tables(arguments.tables), (), 0
    kernel = find_kernel(machine.arch, arguments.kernel)
    try:
        found = forecast(tables, machine, kernel, origins, declared)
    except DecodeError as error:
        raise InputError(str(error), Place(os.path.join(arguments.tables or "", "srat.dat"))) from None
    errors = ""
    if arguments.sysfs and found.masks is None:
        errors = f"{arguments.sysfs} is not written: the guest panics before it has a sysfs"
    elif arguments.sysfs:
        from sandbox.guest.sysfs import system_tree

        write_tree(arguments.sysfs, system_tree(found, machine))
    if arguments.json:
        from sandbox.report.forecast_json import forecast_json

        return Result(as_json(forecast_json(found)), errors=errors)
    from sandbox.report.forecast_text import render_forecast

    return Result(render_forecast(found, style, verbose=arguments.verbose), errors=errors)


def read_tables(folder: str) -> Tables:
    """Return the raw tables of a folder; a table without a file is not there.

    Raises:
        InputError: there is none at all, or one cannot be read or is another table.
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
        if found[name][:4] != name.upper().encode():
            raise InputError(f"this is no {name.upper()}: it does not start with that signature", Place(path))
    if not found:
        raise InputError("there is no srat.dat, slit.dat or hmat.dat", Place(folder))
    return MadeTables(**found)


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


def _of_arguments(arguments: argparse.Namespace) -> _Given:
    from sandbox.machine.command_line import parse_arguments
    from sandbox.machine.machine import Machine
    from sandbox.scenario.origins import origins_of

    place = Place("command line")
    config = parse_arguments(arguments.qemu_words, arguments.dialect, place)
    try:
        machine = Machine(config)
    except UnmodelledError as error:
        raise UnmodelledError(error.what, error.place or place) from None
    return _Given(machine, machine.tables(), origins_of(machine.tree))


def _of_scenario(arguments: argparse.Namespace) -> _Given:
    from sandbox.commands.offline import read_scenario
    from sandbox.records import replace
    from sandbox.scenario.emulation import EmulatedMachine, emulate
    from sandbox.scenario.replay import replay

    scenario = replace(read_scenario(arguments.scenario, arguments.dialect), firmware="enumerated")
    made: list[EmulatedMachine] = []

    def make(asked: Scenario) -> EmulatedMachine:
        made.append(emulate(asked))
        return made[-1]

    folder = os.path.dirname(arguments.scenario)
    transcript = replay(scenario, make, lambda path: read_bytes(os.path.join(folder, path)))
    for step in transcript.records:
        if step.ended is not None:
            raise MachineExit(step.ended.stderr, step.ended.status)
    if transcript.tables is None:
        raise InputError("firmware reads no tables: -S holds the machine, and no step lets it run", scenario.place)
    return _Given(made[-1].machine, transcript.tables, transcript.origins)
