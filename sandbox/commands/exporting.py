"""The command that writes a scenario in the forms of other programs: export."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.commands import Result, as_json
from sandbox.commands.asked import said
from sandbox.commands.convert import add_arguments, given_scenario, libvirt_text, pasted, written
from sandbox.errors import InputError, Place
from sandbox.files import write_folder, write_raw

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

__all__ = ["add_arguments", "export"]

OURS: Final = {form: re.compile(rf"(srat|slit|hmat)\.{form}") for form in ("dsl", "dat")}


def export(arguments: argparse.Namespace, _style: Style) -> Result:
    """Write a scenario or a command line in another form."""
    scenario, about = given_scenario(arguments)
    if arguments.form in ("dsl", "dat"):
        return _tables(arguments, scenario, about)
    if arguments.form == "yaml":
        from sandbox.commands.anchors import notes_on_comments, seen_from

        about = (*about, *notes_on_comments(arguments.scenario))
        scenario = seen_from(scenario, arguments.output)
    if arguments.form == "libvirt":
        text, notes = libvirt_text(scenario, file=arguments.libvirt)
    else:
        text, notes = _FORMS[arguments.form](scenario)
    return written(arguments, text, (*about, *notes))


def _args(scenario: Scenario) -> tuple[str, Sequence[str]]:
    notes = [f"the {len(scenario.steps)} steps are not in it: see --as qmp"] * bool(scenario.steps)
    return pasted(scenario), notes


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
}


def _tables(arguments: argparse.Namespace, scenario: Scenario, notes: Sequence[str]) -> Result:
    """Write the tables that firmware has after the last step, raw or as source."""
    from sandbox.compare.emulated import emulated
    from sandbox.scenario.tables import TABLE_NAMES

    form, output = arguments.form, arguments.output
    tables = emulated(scenario).last_tables()
    present = [(name, getattr(tables, name)) for name in TABLE_NAMES]
    made = {f"{name}.{form}": _form_of(data, arguments) for name, data in present if data is not None}
    if output is None and form == "dat":
        raise InputError("--as dat writes files: give a folder with -o")
    if output is None or output.endswith(f".{form}") or os.path.isfile(output):
        return _single(list(made.values()), output, said(notes))
    write_folder(output, made, OURS[form])
    return Result(errors=said(notes))


def _form_of(data: bytes, arguments: argparse.Namespace) -> bytes:
    if arguments.form == "dat":
        return data
    from sandbox.export.dsl import dsl_source

    return dsl_source(data, arguments.iasl).encode()


def _single(made: Sequence[bytes], output: str | None, errors: str) -> Result:
    """Print or write the one table that there is; ``errors`` goes to stderr.

    Raises:
        InputError: there are more, or none.
    """
    if len(made) != 1:
        place = Place(output) if output else None
        raise InputError(f"there are {len(made)} tables, and each is a file of its own: give a folder with -o", place)
    if output is None:
        return Result(made[0].decode(), errors=errors)
    write_raw(output, made[0])
    return Result(errors=errors)
