"""Reading what commands are given to work on: a scenario's file, QEMU arguments behind ``--``, a libvirt domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError, Place
from sandbox.files import read_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sandbox.scenario.model import Scenario

WORDS: Final = "command line"
"""How messages and recordings call QEMU arguments that were given behind ``--``."""

OF_DOMAINS: Final = "taken for a libvirt domain"
"""Why a libvirt domain is read in the dialect that it is, where none is asked for."""


def read_scenario(name: str, dialect: str | None, text: str | None = None) -> Scenario:
    """Return the scenario of a file, with another dialect if one is asked for; ``text`` saves reading it again.

    Raises:
        InputError, InputErrors: the file cannot be read, or is none.
    """
    from sandbox.records import replace
    from sandbox.scenario.load import load_scenario

    scenario = load_scenario(read_text(name) if text is None else text, name)
    return replace(scenario, dialect=dialect) if dialect else scenario


def scenario_of_words(arguments: argparse.Namespace) -> Scenario:
    """Return the QEMU arguments behind ``--`` as a scenario without steps."""
    from sandbox.scenario.model import Scenario

    return Scenario(WORDS, tuple(arguments.qemu_words), dialect=arguments.dialect, place=Place(WORDS))


def libvirt_scenarios(file: str, dialects: Sequence[str]) -> tuple[tuple[Scenario, ...], Sequence[str]]:
    """Return the QEMU arguments that libvirt makes of a domain as scenarios, and what libvirt alone knows.

    Args:
        file: the domain's XML.
        dialects: those of the QEMUs that libvirt makes them for; there is a scenario for each.

    Raises:
        InputError: the file cannot be read, is no domain, or a dialect is unknown.
        UnmodelledError: the domain has what moves a table and is not modelled.
    """
    from sandbox.files import read_raw
    from sandbox.libvirt.arguments import qemu_arguments
    from sandbox.libvirt.read import read_domain
    from sandbox.scenario.model import Scenario

    domain = read_domain(read_raw(file), file)
    made = [qemu_arguments(domain, dialect) for dialect in dialects]
    scenarios = (
        Scenario(domain.name, it.words, dialect=dialect, place=Place(file))
        for it, dialect in zip(made, dialects, strict=True)
    )
    return tuple(scenarios), made[0].notes


def scenario_or_domain(arguments: argparse.Namespace) -> tuple[Scenario, Sequence[str]]:
    """Return the one scenario that is given, of whichever form, and what is to be said about it.

    Raises:
        InputError, InputErrors: there is none, or more than one, or the file is none.
    """
    given = (arguments.scenario is not None, arguments.qemu_words is not None, arguments.libvirt is not None)
    if sum(given) != 1:
        raise InputError("give either a scenario, or QEMU arguments after '--', or --libvirt")
    if arguments.scenario is not None:
        return read_scenario(arguments.scenario, arguments.dialect), ()
    if arguments.qemu_words is not None:
        return scenario_of_words(arguments), ()
    from qom_types.meant import DEBIANS

    (scenario,), notes = libvirt_scenarios(arguments.libvirt, (arguments.dialect or DEBIANS,))
    return scenario, notes
