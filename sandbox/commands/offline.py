"""The commands that need no QEMU: replay, tables, show, diff, schema."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sandbox.commands import DONE, FAILED, WRONG_INPUT, Result, SchemaMismatch, as_json
from sandbox.commands.asked import add_dialect, add_scenario, said
from sandbox.commands.reading import OF_DOMAINS, WORDS, read_scenario, scenario_or_domain
from sandbox.errors import InputError, InputErrors, Place, UnmodelledError
from sandbox.files import read_bytes, read_included, read_raw_tables, read_text, write_tables, write_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from sandbox.acpi.dump import RawTable
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.origins import Origin
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Transcript


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parser of a command of this module its arguments."""
    if name == "show":
        command.add_argument("files", nargs="+", metavar="FILE", help="a raw table or acpidump's text")
    elif name == "diff":
        command.add_argument("left", metavar="A", help="a file with one table, raw or as acpidump's text")
        command.add_argument("right", metavar="B", help="the file to compare it with")
    elif name == "replay":
        command.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="a YAML file")
        command.add_argument("--junit", metavar="FILE", help="also write the results as JUnit XML")
    elif name == "tables":
        add_scenario(command)
        command.add_argument("--firmware", choices=("none", "enumerated"), help="PCI bus numbers (default: enumerated)")
        command.add_argument("-o", "--output", metavar="DIR", help="write srat.dat, slit.dat and hmat.dat there")
    if name in ("replay", "tables"):
        add_dialect(command)
        command.add_argument("--schema", metavar="FILE", help="a QEMU's qapi/qom.json that our members must agree with")
        command.add_argument("-v", "--verbose", action="store_true", help="also list options that move no table")


def replay(arguments: argparse.Namespace, style: Style) -> Result:
    """Replay scenarios; the status is 1 if anything is not as expected."""
    transcripts: list[Transcript] = []
    unreadable: list[tuple[str, str]] = []
    for name in arguments.scenarios:
        try:
            scenario = read_scenario(name, arguments.dialect)
            check_schema(arguments.schema, scenario.command_line, scenario.dialect)
            transcripts.append(replayed(scenario, name))
        except (InputError, InputErrors) as error:
            unreadable.append((name, str(error)))
    if arguments.junit:
        from sandbox.report.junit import junit_xml

        write_text(arguments.junit, junit_xml(transcripts, unreadable))
    if arguments.json:
        from sandbox.report.jsonout import transcript_json

        broken = [{"file": name, "error": message} for name, message in unreadable]
        text = as_json([*(transcript_json(transcript) for transcript in transcripts), *broken])
    else:
        from sandbox.report.transcript_text import render_transcript

        shown = [render_transcript(transcript, style, verbose=arguments.verbose) for transcript in transcripts]
        text = "\n".join(shown)
    status = WRONG_INPUT if unreadable else DONE if all(transcript.passed for transcript in transcripts) else FAILED
    return Result(text, status, "\n".join(message for _, message in unreadable))


def tables(arguments: argparse.Namespace, style: Style) -> Result:
    """Make the tables of a scenario, of QEMU arguments or of a libvirt domain."""
    scenario, notes = scenario_or_domain(arguments)
    made, origins, config = (tables_of_scenario if arguments.scenario else tables_of_words)(arguments, scenario)
    if arguments.output:
        write_tables(arguments.output, made)
    if arguments.json:
        from sandbox.report.jsonout import tables_json

        described = {"dialect": config["dialect"], "dialect_reason": config["reason"], **tables_json(made, origins)}
        return Result(as_json(described), errors=said(notes))
    from sandbox.report.tables_text import render_tables

    lines = [f"dialect {config['dialect']} ({config['reason']})\n"]
    if arguments.verbose:
        lines += [f"moves no table: {text}\n" for text in config["ignored"]]
        lines += [f"QEMU writes: {text}\n" for text in config["stderr"]]
    return Result("".join(lines) + render_tables(made, style, origins), errors=said(notes))


def tables_of_words(
    arguments: argparse.Namespace, scenario: Scenario
) -> tuple[Tables, Sequence[Origin], Mapping[str, Any]]:
    """Return the tables of a command line, ``-S`` or not, where entries come from, and what the report says on top."""
    from sandbox.machine.command_line import parse_arguments
    from sandbox.machine.machine import Machine
    from sandbox.scenario.origins import origins_of

    place = scenario.place or Place(WORDS)
    check_schema(arguments.schema, scenario.command_line, scenario.dialect)
    config = parse_arguments(scenario.command_line, scenario.dialect, place)
    try:
        machine = Machine(config, arguments.firmware or "enumerated")
    except UnmodelledError as error:
        raise UnmodelledError(error.what, error.place or place) from None
    made = machine.tables()
    about = {
        "dialect": config.dialect.name,
        "reason": config.dialect_reason if arguments.dialect or not arguments.libvirt else OF_DOMAINS,
        "ignored": config.ignored,
        "stderr": machine.stderr,
    }
    return made, origins_of(machine.tree) if made.srat is not None else (), about


def tables_of_scenario(
    arguments: argparse.Namespace, scenario: Scenario
) -> tuple[Tables, Sequence[Origin], Mapping[str, Any]]:
    """Return the tables that firmware has after the last step of a scenario."""
    from sandbox.records import replace

    if arguments.firmware:
        scenario = replace(scenario, firmware=arguments.firmware)
    check_schema(arguments.schema, scenario.command_line, scenario.dialect)
    transcript = replayed(scenario, arguments.scenario)
    made = transcript.last_tables()
    about = {
        "dialect": transcript.dialect,
        "reason": transcript.dialect_reason,
        "ignored": transcript.ignored,
        "stderr": (),
    }
    return made, transcript.origins, about


def show(arguments: argparse.Namespace, style: Style) -> Result:
    """Show tables field by field; the status is 1 if one does not decode, 2 if a file holds none."""
    from sandbox.acpi.fields import describe

    found: list[tuple[str, RawTable]] = []
    unreadable: list[tuple[str, str]] = []
    for name in arguments.files:
        try:
            found += [(name, table) for table in read_raw_tables(name)]
        except InputError as error:
            unreadable.append((name, str(error)))
    is_broken = any(describe(table.data).problems for _, table in found)
    status = WRONG_INPUT if unreadable else FAILED if is_broken else DONE
    errors = "\n".join(message for _, message in unreadable)
    if arguments.json:
        from sandbox.report.jsonout import table_json

        shown = [{"file": name, **table_json(table.data)} for name, table in found]
        return Result(
            as_json([*shown, *({"file": name, "error": error} for name, error in unreadable)]), status, errors
        )
    from sandbox.report.fields_text import render_table

    parts = [style.strong(name) + "\n" + render_table(table.data, style) for name, table in found]
    return Result("\n".join(parts), status, errors)


def diff(arguments: argparse.Namespace, style: Style) -> Result:
    """Name the fields in which two tables differ; the status is 1 if there are any."""
    left, right = (_only_table(name) for name in (arguments.left, arguments.right))
    status = DONE if left == right else FAILED
    if arguments.json:
        from sandbox.report.jsonout import diff_json

        return Result(as_json(diff_json(left, right)), status)
    from sandbox.report.fields_text import render_diff

    return Result(render_diff(left, right, style), status)


def schema(_arguments: argparse.Namespace, _style: Style) -> Result:
    """Print the JSON Schema of scenarios."""
    from sandbox.scenario.schema import schema_text

    return Result(schema_text())


def replayed(scenario: Scenario, name: str) -> Transcript:
    """Replay a scenario on the sandbox's machine; files that it names lie beside it."""
    from sandbox.scenario.emulation import emulate
    from sandbox.scenario.replay import replay as replay_scenario

    folder = os.path.dirname(name)
    return replay_scenario(scenario, emulate, lambda path: read_bytes(os.path.join(folder, path)))


def check_schema(file: str | None, words: Sequence[str], dialect: str | None) -> None:
    """Hold our members of the dialect's objects against a QEMU's own schema; what ours merely lacks is no fault.

    Raises:
        SchemaMismatch: they do not agree; the message has a line for each difference.
        InputError: the file, or one that it includes, is no schema.
    """
    if file is None:
        return
    from sandbox.machine.command_line import parse_arguments
    from sandbox.qapi.agreement import disagreements
    from sandbox.qapi.schema import parse_schema

    ours = parse_arguments(words, dialect).schema
    theirs = parse_schema(read_text(file), file, read_include=read_included, any_names=True)
    differences = disagreements(ours, theirs, ("ObjectOptions",))
    found = [str(difference) for difference in differences if not difference.informational]
    if found:
        raise SchemaMismatch("\n".join(found))


def _only_table(name: str) -> bytes:
    found = read_raw_tables(name)
    if len(found) != 1:
        raise InputError(f"{len(found)} tables in the file; diff takes files with one", Place(name))
    return found[0].data
