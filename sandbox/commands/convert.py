"""The commands that say the same in another way: translate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.commands import DONE, FAILED, Result, as_json
from sandbox.commands.asked import add_dialect, add_scenario, said
from sandbox.commands.reading import WORDS, scenario_or_domain
from sandbox.errors import InputError, MachineExit
from sandbox.files import read_text, write_text
from sandbox.machine.arguments import program_of, refuse_other_targets, split_program

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

LIBVIRT: Final = "libvirt"
SCENARIO_ENDINGS: Final = (".yaml", ".yml")


def add_arguments(name: str, command: argparse.ArgumentParser) -> None:
    """Give the parsers of translate and export their arguments."""
    add_dialect(command)
    add_scenario(command)
    where = (
        ": a scenario where its name ends in .yaml"
        if name == "translate"
        else "; of dsl and dat a folder, or one table"
    )
    command.add_argument("-o", "--output", metavar="FILE", help=f"write there instead of printing{where}")
    command.add_argument("--distances-from", metavar="FILE", help="the output of 'numactl -H' on the host")
    command.add_argument("--map", nargs="+", metavar="HOST=GUEST", help="nodes of the host and the guest: 2-9=2-9")
    if name == "translate":
        command.add_argument("--to", required=True, metavar="D", help="v2, 9.0, 9.2, 10.0, 11.1 or libvirt")
        command.add_argument("--keep-ids", action="store_true", help="leave ids alone, also where nodes come scrambled")
        command.add_argument("--on-x86", action="store_true", help="from v2, on pc and q35: objects as virt would have")
        return
    forms = ("args", "qmp", "yaml", "libvirt", "dsl", "dat", "json")
    command.add_argument("--as", dest="form", choices=forms, required=True, help="the form; dsl: source for iasl")
    command.add_argument("--iasl", choices=("2020", "2025"), default="2025", help="for dsl: 2020 is Debian 12's iasl")


def translate(arguments: argparse.Namespace, _style: Style) -> Result:
    """Translate a scenario or a command line to another dialect; the status is 1 if QEMU does not start with it."""
    from sandbox.commands.anchors import notes_on_comments, seen_from
    from sandbox.scenario.dump import dump_scenario
    from sandbox.translate.convert import convert

    given, about = given_scenario(arguments)
    if arguments.to == LIBVIRT:
        text, notes = libvirt_text(given, on_x86=arguments.on_x86, file=arguments.libvirt)
        return written(arguments, text, (*about, *notes))
    made = convert(given, arguments.to, keep_ids=arguments.keep_ids, on_x86=arguments.on_x86)
    is_words = arguments.qemu_words is not None and not (arguments.output or "").endswith(SCENARIO_ENDINGS)
    translated = seen_from(made.scenario, arguments.output)
    text = pasted(translated) if is_words else dump_scenario(translated)
    status = DONE if made.starts else FAILED
    if arguments.json:
        words = list(made.scenario.command_line)
        shown = {"dialect": made.scenario.dialect, "command_line": words, "text": text, "notes": list(made.notes)}
        return written(arguments, as_json(shown), about, status)
    return written(arguments, text, (*about, *made.notes, *notes_on_comments(arguments.scenario)), status)


def pasted(scenario: Scenario) -> str:
    """Return a scenario's command line as one command for a shell, with the QEMU that it is for."""
    from sandbox.export.words import shell_text

    return shell_text(scenario, program_of(scenario.command_line, scenario.place))


def written(arguments: argparse.Namespace, text: str, notes: Sequence[str], status: int = DONE) -> Result:
    """Return a text as the result, or write it where that is asked for; notes go to stderr."""
    if arguments.output:
        write_text(arguments.output, text)
        return Result(status=status, errors=said(notes))
    return Result(text, status, said(notes))


def libvirt_text(scenario: Scenario, *, on_x86: bool = False, file: str | None = None) -> tuple[str, Sequence[str]]:
    """Return a scenario's machine as domain XML, and what that does not say.

    Args:
        scenario: the scenario.
        on_x86: from v2, on pc and q35 make the objects that virt would have.
        file: the domain XML that the scenario was made of, if it was.
    """
    from qom_types.dialects import V2
    from sandbox.files import read_raw
    from sandbox.libvirt.carry import NOT_CARRIED
    from sandbox.libvirt.from_machine import domain_of
    from sandbox.libvirt.read import read_domain
    from sandbox.libvirt.write import write_domain
    from sandbox.translate.convert import dialect_of
    from sandbox.translate.to_merged import to_merged

    notes: list[str] = []
    if dialect_of(scenario) == V2:
        made = to_merged(scenario, on_x86=on_x86)
        scenario = made.scenario
        notes += made.notes
    if scenario.steps:
        notes.append("the steps are left out: domain XML is about the start")
    stem = scenario.file.rpartition("/")[2].partition(".")[0] if scenario.file != WORDS else ""
    source = None
    if file is not None:
        source = read_domain(read_raw(file), file)
        notes.append(NOT_CARRIED)
    domain = domain_of(scenario.command_line, scenario.dialect, stem.replace(" ", "-") or "guest", source)
    return write_domain(domain.domain), (*notes, *domain.notes)


def given_scenario(arguments: argparse.Namespace) -> tuple[Scenario, tuple[str, ...]]:
    """Return what is given, with distances of a host if those are asked for, and what is to be said about it."""
    _take_scenario_from_map(arguments)
    scenario, notes = scenario_or_domain(arguments)
    refuse_other_targets(split_program(scenario.command_line)[0], scenario.place)
    scenario, about_distances = _with_distances(scenario, arguments)
    return scenario, (*notes, *about_distances)


def _take_scenario_from_map(arguments: argparse.Namespace) -> None:
    """Take the last word of ``--map``, which takes all that follow it, for the scenario where that is missing."""
    is_missing = arguments.scenario is None and arguments.qemu_words is None and arguments.libvirt is None
    if arguments.map and is_missing and "=" not in arguments.map[-1]:
        arguments.scenario = arguments.map.pop()


def _with_distances(scenario: Scenario, arguments: argparse.Namespace) -> tuple[Scenario, tuple[str, ...]]:
    if arguments.distances_from is None:
        if arguments.map:
            raise InputError("--map goes with --distances-from")
        return scenario, ()
    from sandbox.translate import host_distances

    host = host_distances.read_distances(read_text(arguments.distances_from), arguments.distances_from)
    if not arguments.map:
        raise InputError("--distances-from goes with --map HOST=GUEST, such as --map 0-1=0-1 2-9=2-9")
    nodes = host_distances.read_map(arguments.map)
    distances = host_distances.guest_distances(host, nodes)
    host_distances.check_distances(distances)
    try:
        return host_distances.with_distances(scenario, distances), tuple(host_distances.shared_nodes(nodes))
    except MachineExit as end:
        raise InputError(f"QEMU does not start with this command line: {end.stderr}", scenario.place) from None
