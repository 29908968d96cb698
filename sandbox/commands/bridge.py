"""The commands that hold the sandbox against something else: compare, record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sandbox.commands import DONE, FAILED, WRONG_INPUT, Result, as_json
from sandbox.commands.offline import read_scenario
from sandbox.errors import DecodeError, InputError, InputErrors, MachineExit, Place, SandboxError
from sandbox.files import read_bytes, read_raw_tables, write_folder, write_text
from sandbox.records import record as record_class
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from sandbox.compare.result import Comparison
    from sandbox.compare.run import Run
    from sandbox.live.bridge import Target
    from sandbox.live.endpoints import SocketRoot
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

WORDS: Final = "command line"
"""How messages and recordings call QEMU arguments that were given behind ``--``."""


@record_class
class Failure:
    """Something that could not be compared: what, why, and whether the input is to blame."""

    name: str
    message: str
    wrong_input: bool


def compare(arguments: argparse.Namespace, style: Style) -> Result:
    """Compare the sandbox with a live QEMU, a running VM, dumped tables or recordings."""
    sources = [name for name in ("attach", "dump", "recorded") if getattr(arguments, name)]
    if len(sources) > 1:
        raise InputError(f"--{sources[0]} and --{sources[1]} exclude each other")
    compared: list[Comparison] = []
    failures: list[Failure] = []
    for name, job in _jobs(arguments, sources[0] if sources else "qemu"):
        try:
            compared.append(job())
        except (InputError, InputErrors) as error:
            failures.append(Failure(name, str(error), wrong_input=True))
        except MachineExit as ended:
            message = f"{name}: QEMU would end with status {ended.status}: {ended.stderr}"
            failures.append(Failure(name, message, wrong_input=False))
        except SandboxError as error:
            failures.append(Failure(name, f"{name}: {error}", isinstance(error, DecodeError) and "dump" in sources))
    if arguments.junit:
        from sandbox.report.comparison_junit import comparisons_xml

        write_text(arguments.junit, comparisons_xml(compared, [(found.name, found.message) for found in failures]))
    status = DONE if all(found.passed for found in compared) and not failures else FAILED
    if any(failure.wrong_input for failure in failures):
        status = WRONG_INPUT
    errors = "\n".join(failure.message for failure in failures)
    if arguments.json:
        from sandbox.report.comparison_json import comparison_json

        broken = [{"file": failure.name, "error": failure.message} for failure in failures]
        return Result(as_json([*(comparison_json(found) for found in compared), *broken]), status, errors)
    from sandbox.report.comparison_text import render_comparison

    shown = [render_comparison(found, style, verbose=arguments.verbose) for found in compared]
    return Result("\n".join(shown), status, errors)


def record(arguments: argparse.Namespace, _style: Style) -> Result:
    """Keep what a live QEMU gives for scenarios."""
    from sandbox.compare.recording import TABLE_FILE, recording_files
    from sandbox.report.fields_text import render_table
    from sandbox.report.style import Style as PlainStyle

    plain = PlainStyle.plain()

    def describe(data: bytes) -> str:
        return render_table(data, plain)

    names: dict[str, str] = {}
    lines, failures = [], []
    for source, read in _scenarios(arguments):
        name = arguments.name or _stem(source)
        if name in names:
            raise InputError(f"'{names[name]}' and '{source}' would be recorded under one name, '{name}'")
        names[name] = source
        try:
            run = _run(arguments, read())
        except (InputError, InputErrors) as error:
            failures.append(Failure(source, str(error), wrong_input=True))
            continue
        except SandboxError as error:
            failures.append(Failure(source, f"{source}: {error}", wrong_input=False))
            continue
        files = recording_files(run, describe)
        write_folder(os.path.join(arguments.output, name), files, TABLE_FILE)
        lines.append(f"{os.path.join(arguments.output, name)}: {run.label}, {len(files)} files\n")
    status = DONE if not failures else FAILED
    if any(failure.wrong_input for failure in failures):
        status = WRONG_INPUT
    return Result("".join(lines), status, "\n".join(failure.message for failure in failures))


def _jobs(arguments: argparse.Namespace, source: str) -> Iterator[tuple[str, Callable[[], Comparison]]]:
    """Give what is to be compared: a name and what compares it."""
    if source == "recorded":
        for folder in _recordings(arguments):
            yield folder, lambda folder=folder: _compare_recorded(arguments, folder)  # type: ignore[misc]
        return
    if source == "attach" and not arguments.scenarios and arguments.qemu_words is None:
        yield arguments.attach, lambda: _compare_attached(arguments, None)
        return
    one = {"attach": _compare_attached, "dump": _compare_dump, "qemu": _compare_started}[source]
    for name, read in _scenarios(arguments):
        yield name, lambda read=read: one(arguments, read())  # type: ignore[misc]


def _scenarios(arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[], Scenario]]]:
    """Give the scenarios that are asked for, each with what reads it."""
    if bool(arguments.scenarios) == (arguments.qemu_words is not None):
        raise InputError("give either scenarios or QEMU arguments after '--'")
    for name in arguments.scenarios:
        yield name, lambda name=name: read_scenario(name, arguments.dialect)  # type: ignore[misc]
    if arguments.qemu_words is not None:
        from sandbox.scenario.model import Scenario

        words = tuple(arguments.qemu_words)
        yield WORDS, lambda: Scenario(WORDS, words, dialect=arguments.dialect, place=Place(WORDS))


def _compare_started(arguments: argparse.Namespace, scenario: Scenario) -> Comparison:
    from sandbox.live.bridge import compare_live

    return compare_live(scenario, _target(arguments, scenario))


def _run(arguments: argparse.Namespace, scenario: Scenario) -> Run:
    from sandbox.live.bridge import run_live

    return run_live(scenario, _target(arguments, scenario))


def _compare_recorded(arguments: argparse.Namespace, folder: str) -> Comparison:
    from sandbox.compare.emulated import compare_run, compare_runs
    from sandbox.compare.recording import read_recording

    run = read_recording(lambda name: read_bytes(os.path.join(folder, name)), folder)
    if arguments.qemu is None and arguments.binary_prefix is None:
        return compare_run(run, theirs=f"recording of {run.label}")
    from sandbox.live.bridge import run_live

    target = replace(_target(arguments, run.scenario), firmware=run.scenario.firmware)
    return compare_runs(run_live(run.scenario, target), run, theirs=f"recording of {run.label}")


def _compare_dump(arguments: argparse.Namespace, scenario: Scenario) -> Comparison:
    from sandbox.compare.dump import brought_tables
    from sandbox.compare.emulated import compare_last_tables

    found = [(name, read_raw_tables(name)) for name in _table_files(arguments.dump)]
    brought = brought_tables(found)
    if arguments.firmware:
        scenario = replace(scenario, firmware=arguments.firmware)
    return compare_last_tables(
        scenario, brought, f"tables of {', '.join(arguments.dump)}", names=brought.names, notes=brought.notes
    )


def _compare_attached(arguments: argparse.Namespace, scenario: Scenario | None) -> Comparison:
    from sandbox.live.attached import compare_attached

    return compare_attached(
        arguments.attach,
        scenario,
        exchange=_socket_root(arguments.socket_root),
        seconds=arguments.timeout,
        firmware=arguments.firmware,
    )


def _target(arguments: argparse.Namespace, scenario: Scenario) -> Target:
    """Return the QEMU to run a scenario on."""
    from sandbox.live.bridge import Target
    from sandbox.live.session import DEFAULT_LIMITS, Limits

    binary = binary_of(arguments, scenario)
    limits = DEFAULT_LIMITS
    if arguments.timeout is not None:
        limits = Limits(arguments.timeout, arguments.timeout, DEFAULT_LIMITS.end, arguments.timeout)
    return Target(binary, arguments.firmware or "none", _socket_root(arguments.socket_root), limits)


def binary_of(arguments: argparse.Namespace, scenario: Scenario) -> tuple[str, ...]:
    """Return the program that is to run a scenario, and what goes before its arguments.

    Raises:
        InputError: there is none.
    """
    import shlex
    import shutil

    from sandbox.live.bridge import program_of

    try:
        binary = tuple(shlex.split(arguments.qemu or ""))
        prefix = tuple(shlex.split(arguments.binary_prefix or ""))
    except ValueError as error:
        raise InputError(f"--qemu and --binary-prefix are words as for a shell: {str(error).lower()}") from None
    binary = (*prefix, *(binary or (program_of(scenario),)))
    if shutil.which(binary[0]) is None:
        raise InputError(f"no {binary[0]} on PATH: name a QEMU with --qemu, or install one (make qemu)")
    return binary


def _socket_root(text: str | None) -> SocketRoot | None:
    if text is None:
        return None
    from pathlib import Path

    from sandbox.live.endpoints import SocketRoot

    host, colon, inside = text.partition(":")
    if not colon or not host or not inside.startswith("/"):
        raise InputError(f"--socket-root {text}: write it as DIR-HERE:DIR-AS-QEMU-SEES-IT")
    return SocketRoot(Path(host), inside)


def _recordings(arguments: argparse.Namespace) -> Sequence[str]:
    """Return the folders of the recordings that a folder holds, or is."""
    from sandbox.compare.recording import RECORDING_FILE

    if arguments.scenarios or arguments.qemu_words is not None:
        raise InputError("--recorded compares what was recorded: give no scenario and no QEMU arguments")
    root = arguments.recorded
    if os.path.exists(os.path.join(root, RECORDING_FILE)):
        return (root,)
    try:
        inner = [os.path.join(root, name) for name in sorted(os.listdir(root))]
    except OSError as error:
        raise InputError(os.strerror(error.errno or 0), Place(root)) from None
    found = [folder for folder in inner if os.path.exists(os.path.join(folder, RECORDING_FILE))]
    if not found:
        raise InputError("no recording in here; make one with 'qom-sandbox record'", Place(root))
    return found


def _table_files(names: Sequence[str]) -> list[str]:
    """Return the files that are named, and for a folder those in it that may hold tables."""
    files: list[str] = []
    for name in names:
        if os.path.isdir(name):
            inner = [os.path.join(name, file) for file in sorted(os.listdir(name))]
            files += [file for file in inner if os.path.isfile(file)]
        else:
            files.append(name)
    return files


def _stem(name: str) -> str:
    stem = os.path.splitext(os.path.basename(name))[0]
    return stem.replace(" ", "-") or "recording"
