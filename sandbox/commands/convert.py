"""The commands that say the same in another way: translate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.commands import Result, as_json
from sandbox.errors import InputError, MachineExit, Place
from sandbox.files import read_text, write_text

if TYPE_CHECKING:
    import argparse

    from sandbox.report.style import Style
    from sandbox.scenario.model import Scenario

WORDS: Final = "command line"


def translate(arguments: argparse.Namespace, _style: Style) -> Result:
    """Translate a scenario or a command line to another dialect."""
    from sandbox.scenario.command_line import fold_command_line
    from sandbox.scenario.dump import dump_scenario
    from sandbox.translate.convert import convert

    given = given_scenario(arguments)
    made = convert(given, arguments.to, keep_ids=arguments.keep_ids)
    is_words = arguments.qemu_words is not None
    text = fold_command_line(made.scenario.command_line) if is_words else dump_scenario(made.scenario)
    notes = "\n".join(f"note: {note}" for note in made.notes)
    if arguments.output:
        write_text(arguments.output, text)
    if arguments.json:
        words = list(made.scenario.command_line)
        return Result(
            as_json({"dialect": made.scenario.dialect, "command_line": words, "text": text, "notes": list(made.notes)})
        )
    return Result("" if arguments.output else text, errors=notes)


def given_scenario(arguments: argparse.Namespace) -> Scenario:
    """Return what is given: a scenario's file or QEMU's words, with distances of a host if those are asked for."""
    if (arguments.scenario is None) == (arguments.qemu_words is None):
        raise InputError("give either a scenario or QEMU arguments after '--'")
    if arguments.scenario is not None:
        from sandbox.commands.offline import read_scenario

        scenario = read_scenario(arguments.scenario, arguments.dialect)
    else:
        from sandbox.scenario.model import Scenario

        scenario = Scenario(WORDS, tuple(arguments.qemu_words), dialect=arguments.dialect, place=Place(WORDS))
    if arguments.distances_from is None:
        if arguments.map:
            raise InputError("--map goes with --distances-from")
        return scenario
    from sandbox.translate import host_distances

    host = host_distances.read_distances(read_text(arguments.distances_from), arguments.distances_from)
    if not arguments.map:
        raise InputError("--distances-from goes with --map HOST=GUEST, such as --map 0-1=0-1 2-9=2-9")
    distances = host_distances.guest_distances(host, host_distances.read_map(arguments.map))
    host_distances.check_distances(distances)
    try:
        return host_distances.with_distances(scenario, distances)
    except MachineExit as end:
        raise InputError(f"QEMU does not start with this command line: {end.stderr}", scenario.place) from None
