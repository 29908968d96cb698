"""A run kept as files, so that it can be held against the sandbox or another QEMU later, and reviewed as a diff.

A folder holds ``scenario.yaml``: what ran, as the sandbox is to be asked for it; ``recording.json``: the QEMU, how its
command line differs, and each step with its reply; and for each table, at each step at which it changed,
``NN-srat.dat`` (the bytes) beside ``NN-srat.txt`` (the fields, for people). Step 0 is the start.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.compare.run import Run
from sandbox.errors import InputError, Place
from sandbox.machine.tables import Tables as MadeTables
from sandbox.records import replace
from sandbox.scenario.command_line import fold_command_line, split_command_line
from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import Look
from sandbox.scenario.tables import TABLE_NAMES, changed_tables
from sandbox.scenario.transcript import Ended, Record, Refused, Returned, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.scenario.model import Scenario, Step
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Reply

SCENARIO_FILE: Final = "scenario.yaml"
RECORDING_FILE: Final = "recording.json"
TABLE_FILE: Final = re.compile(r"\d+-(?:srat|slit|hmat)\.(?:dat|txt)")
"""The names of the other files of a recording."""

FORMAT: Final = 1


def recording_files(run: Run, describe: Callable[[bytes], str]) -> dict[str, bytes]:
    """Return the files of a recording, by name.

    Args:
        run: what to keep.
        describe: writes a table for people.
    """
    done = zip(run.scenario.steps, run.transcript.steps, strict=True)
    kept = [(step, happened) for step, happened in done if not isinstance(step.action, Look)]
    scenario = replace(run.scenario, steps=tuple(step for step, _ in kept))
    files = {SCENARIO_FILE: dump_scenario(scenario).encode()}
    steps = []
    for number, happened in enumerate((run.transcript.start, *(happened for _, happened in kept))):
        step = _step_json(happened)
        if happened.after is not None and happened.after is not happened.before:
            names = changed_tables(happened.before, happened.after)
            step["tables"] = {name: _keep(files, number, name, happened.after, describe) for name in names}
        steps.append(step)
    recorded = {
        "format": FORMAT,
        "qemu": {"version": ".".join(map(str, run.version)), "package": run.package},
        "command-line": _folded(run.words),
        "changes": list(run.changes),
        "notes": list(run.notes),
        "steps": steps,
    }
    files[RECORDING_FILE] = (json.dumps(recorded, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def _keep(
    files: dict[str, bytes], number: int, name: str, tables: Tables, describe: Callable[[bytes], str]
) -> str | None:
    data: bytes | None = getattr(tables, name)
    if data is None:
        return None
    stem = f"{number:02}-{name}"
    files[f"{stem}.dat"] = data
    files[f"{stem}.txt"] = describe(data).encode()
    return f"{stem}.dat"


def _step_json(happened: Record) -> dict[str, Any]:
    step: dict[str, Any] = {"title": happened.title}
    if not happened.has_run:
        step["ran"] = False
    if isinstance(happened.reply, Returned):
        step["return"] = happened.reply.value
    elif happened.reply is not None:
        step["error"] = {"class": happened.reply.error_class, "desc": happened.reply.desc}
    if happened.ended is not None:
        step["ended"] = {"status": happened.ended.status, "stderr": happened.ended.stderr.splitlines()}
    return step


def _folded(words: tuple[str, ...]) -> list[str] | list[list[str]]:
    """Return a command line as lines with an option each, or, where that would not read back, as one list of words."""
    folded = fold_command_line(words)
    return folded.splitlines() if split_command_line(folded) == words else [list(words)]


def read_recording(read: Callable[[str], bytes], name: str) -> Run:
    """Return the run that a recording keeps.

    Args:
        read: gives the bytes of a file of its folder; may raise OSError.
        name: how messages call the folder.

    Raises:
        InputError, InputErrors: a file is missing, or is none of a recording.
    """
    scenario = load_scenario(_text(read, SCENARIO_FILE, name), f"{name}/{SCENARIO_FILE}")
    place = Place(f"{name}/{RECORDING_FILE}")
    text = _text(read, RECORDING_FILE, name)
    try:
        recorded = json.loads(text)
    except ValueError as error:
        raise InputError(f"not JSON: {error}", place) from None
    if not isinstance(recorded, dict) or recorded.get("format") != FORMAT:
        raise InputError(f"not a recording of format {FORMAT}; record it anew", place)
    try:
        return _run(recorded, scenario, read)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"not a whole recording: {error!r}; record it anew", place) from None
    except OSError as error:
        raise InputError(f"a table of the recording cannot be read: {error}", place) from None


def _text(read: Callable[[str], bytes], file: str, name: str) -> str:
    try:
        return read(file).decode()
    except OSError as error:
        raise InputError(f"no recording: {error.strerror}", Place(f"{name}/{file}")) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 at byte {error.start}", Place(f"{name}/{file}")) from None


def _run(recorded: dict[str, Any], scenario: Scenario, read: Callable[[str], bytes]) -> Run:
    entries = recorded["steps"]
    if len(entries) != len(scenario.steps) + 1:
        raise ValueError(f"{len(entries)} steps for a scenario of {len(scenario.steps)}")
    records: list[Record] = []
    tables: MadeTables | None = None
    for entry, step in zip(entries, (None, *scenario.steps), strict=True):
        after = tables
        if "tables" in entry:
            old = {name: getattr(tables, name, None) for name in TABLE_NAMES}
            new = {name: None if file is None else read(_own_file(file)) for name, file in entry["tables"].items()}
            after = MadeTables(**{**old, **new})
        records.append(_record(entry, step, tables, after))
        tables = after
    major, minor, micro = map(int, recorded["qemu"]["version"].split("."))
    lines = recorded["command-line"]
    words = lines[0] if lines and isinstance(lines[0], list) else split_command_line("\n".join(lines))
    return Run(
        scenario,
        Transcript(
            scenario,
            scenario.dialect or "",
            "",
            (),
            records[0],
            tuple(records[1:]),
            Record("at the end", before=tables, after=tables),
        ),
        tuple(words),
        (major, minor, micro),
        recorded["qemu"]["package"],
        tuple(recorded["changes"]),
        tuple(recorded["notes"]),
    )


def _own_file(name: str) -> str:
    """Return the name of a table's file, which lies in the recording's own folder."""
    if not TABLE_FILE.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a recorded table")
    return name


def _record(entry: dict[str, Any], step: Step | None, before: Tables | None, after: Tables | None) -> Record:
    reply: Reply | None = None
    if "return" in entry:
        reply = Returned(entry["return"])
    elif "error" in entry:
        reply = Refused(entry["error"]["class"], entry["error"]["desc"])
    ended = None
    if "ended" in entry:
        ended = Ended(entry["ended"]["status"], "\n".join(entry["ended"]["stderr"]))
    return Record(
        entry["title"],
        step.place if step else None,
        step.command if step else None,
        reply,
        ended,
        before,
        after,
        has_run=entry.get("ran", True),
    )
