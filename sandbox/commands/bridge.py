"""The commands that hold the sandbox against something else: compare, record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sandbox.commands import Result, as_json
from sandbox.commands.asked import add_dialect, seconds
from sandbox.commands.ending import ending_on_signals
from sandbox.commands.sides import (
    Failure,
    failure,
    qemu_of,
    recording_name,
    recordings,
    scenarios,
    socket_root,
    source_of,
    status_of,
)
from sandbox.errors import InputError, SandboxError
from sandbox.files import read_bytes, write_folder, write_text
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from sandbox.compare.result import Comparison
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parsers of compare and record the arguments that are about the other side."""
    add_dialect(command)
    scenarios = "YAML files; or QEMU's arguments after '--'"
    command.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=scenarios)
    command.add_argument(
        "--qemu", metavar="BINARY", help="the QEMU, a command as for a shell (default: by the machine)"
    )
    command.add_argument("--binary-prefix", metavar="COMMAND", help="what goes before BINARY, such as 'chroot DIR'")
    command.add_argument("--socket-root", metavar="DIR:INSIDE", help="where a QEMU that sees other paths finds sockets")
    command.add_argument(
        "--timeout", type=seconds, metavar="S", help="seconds to wait for a start or a reply (default: 30)"
    )
    if name == "record":
        command.add_argument("-o", "--output", metavar="DIR", required=True, help="a folder in it for each scenario")
        command.add_argument("--name", metavar="NAME", help="the folder's name (default: the scenario file's)")
        command.add_argument("--firmware", choices=("none", "enumerated"), help="let firmware run (default: none)")
        return
    command.add_argument(
        "--attach", metavar="ADDRESS", help="a running VM: unix:PATH or tcp:HOST:PORT of its QMP monitor"
    )
    command.add_argument("--dump", nargs="+", metavar="FILE", help="tables from elsewhere: files, or folders of them")
    command.add_argument("--recorded", metavar="DIR", help="what 'record' kept")
    firmware = "let firmware run on a QEMU that is started (default: none; of a running VM and of dumps: enumerated)"
    command.add_argument("--firmware", choices=("none", "enumerated"), help=firmware)
    command.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    command.add_argument("-v", "--verbose", action="store_true", help="also show steps that are the same")


def compare(arguments: argparse.Namespace, style: Style) -> Result:
    """Compare the sandbox with a live QEMU, a running VM, dumped tables or recordings."""
    compared: list[Comparison] = []
    failures: list[Failure] = []
    with ending_on_signals():
        for name, job in _jobs(arguments, source_of(arguments)):
            try:
                compared.append(job())
            except SandboxError as error:
                failures.append(failure(name, error))
    if arguments.junit is not None:
        from sandbox.report.comparison_junit import comparisons_xml

        try:
            write_text(arguments.junit, comparisons_xml(compared, [(found.name, found.message) for found in failures]))
        except InputError as error:
            failures.append(failure(arguments.junit, error))
    status = status_of(failures, passed=all(found.passed for found in compared))
    errors = "\n".join(found.message for found in failures)
    if arguments.json:
        from sandbox.report.comparison_json import comparison_json

        broken = [{"file": found.name, "error": found.message} for found in failures]
        return Result(as_json([*(comparison_json(found) for found in compared), *broken]), status, errors)
    from sandbox.report.comparison_text import render_comparison

    shown = [render_comparison(found, style, verbose=arguments.verbose) for found in compared]
    return Result("\n".join(shown), status, errors)


def record(arguments: argparse.Namespace, _style: Style) -> Result:
    """Keep what a live QEMU gives for scenarios."""
    from sandbox.compare.recording import TABLE_FILE, recording_files
    from sandbox.live.bridge import run_any
    from sandbox.report.fields_text import render_table
    from sandbox.report.style import Style as PlainStyle

    plain = PlainStyle.plain()

    def describe(data: bytes) -> str:
        return render_table(data, plain)

    names: dict[str, str] = {}
    made: list[dict[str, object]] = []
    failures: list[Failure] = []
    with ending_on_signals():
        for source, read in scenarios(arguments):
            name = recording_name(arguments, source)
            if name in names:
                raise InputError(f"'{names[name]}' and '{source}' would be recorded under one name, '{name}'")
            names[name] = source
            try:
                scenario = read()
                run, _ = run_any(scenario, qemu_of(arguments, scenario))
            except SandboxError as error:
                failures.append(failure(source, error))
                continue
            files = recording_files(run, describe)
            folder = os.path.join(arguments.output, name)
            write_folder(folder, files, TABLE_FILE)
            made.append({"folder": folder, "qemu": run.label, "files": sorted(files), "notes": list(run.notes)})
    status = status_of(failures, passed=True)
    errors = "\n".join(found.message for found in failures)
    if arguments.json:
        broken = [{"file": found.name, "error": found.message} for found in failures]
        return Result(as_json([*made, *broken]), status, errors)
    lines = [f"{each['folder']}: {each['qemu']}\n" for each in made]
    return Result("".join(lines), status, errors)


def _jobs(arguments: argparse.Namespace, source: str) -> Iterator[tuple[str, Callable[[], Comparison]]]:
    """Give what is to be compared: a name and what compares it."""
    if source == "recorded":
        for folder in recordings(arguments):
            yield folder, lambda folder=folder: _compare_recorded(arguments, folder)  # type: ignore[misc]
        return
    if source == "attach" and not arguments.scenarios and arguments.qemu_words is None:
        yield arguments.attach, lambda: _compare_attached(arguments, None)
        return
    one = {"attach": _compare_attached, "dump": _compare_dump, "qemu": _compare_started}[source]
    for name, read in scenarios(arguments):
        yield name, lambda read=read: one(arguments, read())  # type: ignore[misc]


def _compare_started(arguments: argparse.Namespace, scenario: Scenario) -> Comparison:
    from sandbox.live.bridge import compare_live

    return compare_live(scenario, qemu_of(arguments, scenario))


def _compare_recorded(arguments: argparse.Namespace, folder: str) -> Comparison:
    from sandbox.compare.emulated import compare_run, compare_runs
    from sandbox.compare.recording import read_recording

    run = read_recording(lambda name: read_bytes(os.path.join(folder, name)), folder)
    theirs = f"recording of {run.label}"
    if arguments.qemu is None and arguments.binary_prefix is None:
        return compare_run(run, theirs=theirs)
    from sandbox.live.running import run_live

    qemu = replace(qemu_of(arguments, run.scenario), firmware=run.scenario.firmware)
    return compare_runs(run_live(run.scenario, qemu), run, theirs=theirs)


def _compare_dump(arguments: argparse.Namespace, scenario: Scenario) -> Comparison:
    from sandbox.commands.brought import brought
    from sandbox.compare.dump import brought_tables
    from sandbox.compare.emulated import compare_last_tables

    found, passed_over = brought(arguments.dump)
    tables = brought_tables(found)
    if arguments.firmware:
        scenario = replace(scenario, firmware=arguments.firmware)
    theirs = f"tables of {', '.join(arguments.dump)}"
    return compare_last_tables(scenario, tables, theirs, names=tables.names, notes=(*passed_over, *tables.notes))


def _compare_attached(arguments: argparse.Namespace, scenario: Scenario | None) -> Comparison:
    from sandbox.live.attached import compare_attached

    return compare_attached(
        arguments.attach,
        scenario,
        exchange=socket_root(arguments.socket_root),
        seconds=arguments.timeout,
        firmware=arguments.firmware,
    )
