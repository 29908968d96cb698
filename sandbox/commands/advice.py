"""The command that looks for what is wrong: lint."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sandbox.commands import DONE, FAILED, Result, as_json
from sandbox.commands.asked import add_dialect, said
from sandbox.commands.reading import OF_DOMAINS, WORDS, libvirt_scenarios, read_scenario, scenario_of_words
from sandbox.errors import InputError, Place
from sandbox.files import read_text
from sandbox.records import replace

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.lint.model import Finding, Looked
    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario


def add_arguments(_name: str, command: argparse.ArgumentParser) -> None:
    """Give the parser of lint its arguments."""
    add_dialect(command)
    command.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="YAML files; or QEMU's arguments after '--'")
    command.add_argument("--tables", nargs="+", metavar="FILE", help="tables from elsewhere: files, or folders of them")
    command.add_argument("--libvirt", metavar="FILE", help="the XML of a libvirt domain")
    command.add_argument("--ram", metavar="FILE", help="with --tables: /proc/iomem of that machine, read as root")
    levels = ("note", "warning", "error", "never")
    command.add_argument("--fail-on", choices=levels, default="error", help="status 1 from here on (default: error)")
    command.add_argument("--sarif", metavar="FILE", help="also write SARIF 2.1.0; '-': print it and nothing else")
    command.add_argument("--explain", metavar="CODE", help="tell what a rule is about; 'all': every rule")
    command.add_argument("-v", "--verbose", action="store_true", help="tell also what comes of it, and the source")


def lint(arguments: argparse.Namespace, style: Style) -> Result:
    """Look for what is wrong with scenarios, a command line, tables or a libvirt domain."""
    if arguments.explain:
        return _explained(arguments, style)
    looked, notes = _looked(arguments)
    findings = [found for one in looked for found in one.findings]
    errors = said(notes)
    from sandbox.lint.model import reaches

    status = FAILED if arguments.fail_on != "never" and reaches(findings, arguments.fail_on) else DONE
    if arguments.sarif:
        from sandbox.lint.rules import RULES
        from sandbox.report.lint_sarif import sarif

        text = as_json(sarif(findings, RULES, {WORDS}))
        if arguments.sarif != "-":
            from sandbox.files import write_text

            write_text(arguments.sarif, text)
        else:
            return Result(text, status, errors)
    if arguments.json:
        from sandbox.report.lint_json import finding_json

        return Result(as_json([finding_json(found) for found in findings]), status, errors)
    from sandbox.report.lint_text import render_looked

    return Result(render_looked(looked, style, verbose=arguments.verbose), status, errors)


def _explained(arguments: argparse.Namespace, style: Style) -> Result:
    from sandbox.lint.rules import RULES, rule_of

    rules = RULES if arguments.explain == "all" else (rule_of(arguments.explain),)
    if arguments.json:
        from sandbox.report.lint_json import rule_json

        return Result(as_json([rule_json(rule) for rule in rules]))
    from sandbox.report.lint_text import render_rule

    return Result("\n".join(render_rule(rule, style) for rule in rules))


def _looked(arguments: argparse.Namespace) -> tuple[tuple[Looked, ...], Sequence[str]]:
    """Look at everything that is given; return what was found, and what is to be said about the input."""
    given = (arguments.scenarios, arguments.qemu_words is not None, arguments.tables, arguments.libvirt)
    if sum(map(bool, given)) != 1:
        raise InputError("give either scenarios, or QEMU arguments after '--', or --tables, or --libvirt")
    from sandbox.lint.model import Looked

    if arguments.tables:
        return (Looked(_of_tables(arguments.tables, arguments.ram)),), ()
    if arguments.ram:
        raise InputError("--ram goes with --tables")
    if arguments.libvirt:
        return _of_libvirt(arguments.libvirt, arguments.dialect)
    if arguments.qemu_words is not None:
        return (_of_scenario(scenario_of_words(arguments)),), ()
    texts = [(name, read_text(name)) for name in arguments.scenarios]
    return tuple(_of_scenario(read_scenario(name, arguments.dialect, text), text) for name, text in texts), ()


def _of_scenario(scenario: Scenario, text: str = "") -> Looked:
    from sandbox.lint.rules import lint_setup
    from sandbox.lint.versions import look_over

    return lint_setup(look_over(scenario, text))


def _of_libvirt(file: str, dialect: str | None) -> tuple[tuple[Looked], Sequence[str]]:
    """Look at a libvirt domain; where no version of QEMU is told, at what libvirt makes of it for two of them."""
    from qom_types.dialects import NEWEST
    from qom_types.meant import DEBIANS
    from sandbox.lint.rules import lint_setup
    from sandbox.lint.versions import look_over

    versions = (dialect,) if dialect else (DEBIANS, NEWEST)
    (scenario, *others), notes = libvirt_scenarios(file, versions)
    setup = look_over(scenario, other=others[0] if others else None)
    setup = replace(setup, is_libvirt=True, own_ids=_own_ids(file), taken="" if dialect else OF_DOMAINS)
    return (lint_setup(setup),), notes


def _own_ids(file: str) -> frozenset[str]:
    """Return the ids of the objects that a domain's user gives QEMU without libvirt."""
    from sandbox.files import read_raw
    from sandbox.libvirt.read import read_domain
    from sandbox.translate.options import object_members

    words = read_domain(read_raw(file), file).arguments
    values = (value for name, value in pairwise(words) if name.lstrip("-") == "object")
    return frozenset(str(object_members(value).get("id")) for value in values)


def _of_tables(names: Sequence[str], ram_file: str | None) -> tuple[Finding, ...]:
    """Look at tables that were brought."""
    from sandbox.commands.brought import ours_among
    from sandbox.lint.rules import lint_tables
    from sandbox.lint.view import View, ram_of

    tables = ours_among(names)
    view = View(
        tables.srat,
        tables.slit,
        tables.hmat,
        files=tuple((name, Place(file)) for name, (file, _) in tables.found.items()),
        starts=tuple((name, table.start) for name, (_, table) in tables.found.items() if table.start is not None),
        ram=ram_of(read_text(ram_file), ram_file) if ram_file else (),
    )
    return lint_tables(view)
