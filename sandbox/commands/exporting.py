"""The command that writes a scenario in the forms of other programs: export."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.commands import Result, as_json
from sandbox.commands.convert import add_arguments, given_scenario, libvirt_text, written
from sandbox.errors import InputError
from sandbox.files import write_folder, write_tables

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

__all__ = ["add_arguments", "export"]

OURS: Final = re.compile(r"(srat|slit|hmat)\.dsl")


def export(arguments: argparse.Namespace, _style: Style) -> Result:
    """Write a scenario or a command line in another form."""
    scenario, said = given_scenario(arguments)
    if arguments.form in ("dsl", "dat"):
        return _tables(arguments, scenario)
    if arguments.form == "yaml":
        from sandbox.commands.anchors import notes_on_comments, seen_from

        said = (*said, *notes_on_comments(arguments.scenario))
        scenario = seen_from(scenario, arguments.output)
    text, notes = _FORMS[arguments.form](scenario)
    return written(arguments, text, (*said, *notes))


def _args(scenario: Scenario) -> tuple[str, Sequence[str]]:
    from sandbox.export.words import shell_text
    from sandbox.scenario.emulation import config_of

    notes = [f"the {len(scenario.steps)} steps are not in it: see --as qmp"] * bool(scenario.steps)
    has_program = bool(scenario.command_line) and not scenario.command_line[0].startswith("-")
    return shell_text(scenario, "" if has_program else config_of(scenario).program), notes


def _qmp(scenario: Scenario) -> tuple[str, Sequence[str]]:
    from shlex import join

    from sandbox.export.qmp import qmp_lines, qmp_of_objects
    from sandbox.scenario.emulation import config_of

    if any(step.command for step in scenario.steps):
        return qmp_lines(scenario), ["these are the steps; --as args has the command line that they are for"]
    text, words = qmp_of_objects(config_of(scenario))
    return text, [f"for a QEMU that was started without the objects: {join(words)}"]


def _yaml(scenario: Scenario) -> tuple[str, Sequence[str]]:
    from sandbox.scenario.dump import dump_scenario

    return dump_scenario(scenario), []


def _json(scenario: Scenario) -> tuple[str, Sequence[str]]:
    from sandbox.compare.emulated import emulated
    from sandbox.report.jsonout import tables_json

    transcript = emulated(scenario)
    transcript.raise_end()
    tables = transcript.tables
    shown: dict[str, Any] = {
        "name": scenario.name,
        "dialect": transcript.dialect,
        "firmware": scenario.firmware,
        "command_line": list(scenario.command_line),
        "commands": [{"execute": it.name, "arguments": it.arguments} for it in scenario.commands],
        "tables": None if tables is None else tables_json(tables, transcript.origins),
    }
    return as_json(shown), []


_FORMS: Final[dict[str, Callable[[Scenario], tuple[str, Sequence[str]]]]] = {
    "args": _args,
    "qmp": _qmp,
    "yaml": _yaml,
    "json": _json,
    "libvirt": libvirt_text,
}


def _tables(arguments: argparse.Namespace, scenario: Scenario) -> Result:
    """Write the tables that firmware has after the last step, raw or as source."""
    from sandbox.compare.emulated import emulated

    tables = emulated(scenario).last_tables()
    if arguments.form == "dat":
        if not arguments.output:
            raise InputError("--as dat writes files: give a folder with -o")
        write_tables(arguments.output, tables)
        return Result()
    from sandbox.export.dsl import dsl_source

    present = [(name, getattr(tables, name)) for name in ("srat", "slit", "hmat")]
    sources = {f"{name}.dsl": dsl_source(data, arguments.iasl) for name, data in present if data is not None}
    if arguments.output:
        write_folder(arguments.output, {name: text.encode() for name, text in sources.items()}, OURS)
        return Result()
    if len(sources) != 1:
        raise InputError(f"there are {len(sources)} tables, and iasl takes one a file: give a folder with -o")
    return Result(next(iter(sources.values())))
