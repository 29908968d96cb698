"""All rules, and what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.lint.devices import DEVICES
from sandbox.lint.distances import DISTANCES
from sandbox.lint.model import Finding, Rule
from sandbox.lint.nodes import NODES
from sandbox.lint.objects import OBJECTS
from sandbox.lint.order import ORDER
from sandbox.lint.raw_contents import RAW_CONTENTS
from sandbox.lint.raw_tables import RAW_TABLES
from sandbox.lint.size import SIZE
from sandbox.lint.start import START
from sandbox.lint.survey import survey
from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.lint.model import Found
    from sandbox.lint.view import View
    from sandbox.scenario.model import Scenario

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (*START, *OBJECTS, *DEVICES, *NODES, *ORDER, *DISTANCES, *SIZE, *RAW_TABLES, *RAW_CONTENTS),
        key=lambda rule: rule.code,
    )
)
"""Every rule, in the order of the codes."""


def rule_of(code: str) -> Rule:
    """Return the rule of a code or a name.

    Raises:
        InputError: there is none.
    """
    for rule in RULES:
        if code in (rule.code, rule.code.lower(), rule.name):
            return rule
    raise InputError(f"no rule '{code}'; there are {', '.join(rule.code for rule in RULES)}")


def lint_scenario(scenario: Scenario, text: str = "", *, libvirt_ids: bool = False) -> tuple[Finding, ...]:
    """Look for what is wrong with a scenario, or with a command line as one without steps.

    Args:
        scenario: the scenario.
        text: the file that it was read from, so that findings have lines and columns; "" if there is none.
        libvirt_ids: whether libvirt chooses the objects' ids, so that nobody can choose others.

    Returns:
        What was found, in the order of the codes.

    Raises:
        InputError: something is not modelled, or is in another dialect.
    """
    setup = replace(survey(scenario, text), libvirt_ids=libvirt_ids)
    views = [moment.view for moment in setup.moments if moment.view is not None]
    found: list[Finding] = []
    for rule in RULES:
        if rule.of_setup is not None:
            found += _findings(rule, rule.of_setup(setup))
        if rule.of_view is not None:
            for view in views:
                found += _findings(rule, rule.of_view(view))
    return tuple(_once(found))


def lint_tables(view: View) -> tuple[Finding, ...]:
    """Look for what is wrong with tables that were brought.

    Returns:
        What was found, in the order of the codes.
    """
    found: list[Finding] = []
    for rule in RULES:
        for look in (rule.of_view, rule.of_brought):
            if look is not None:
                found += _findings(rule, look(view))
    return tuple(_once(found))


def _findings(rule: Rule, found: Iterable[Found]) -> Iterator[Finding]:
    for it in found:
        remedy = it.remedy or rule.remedy
        yield Finding(rule, it.severity or rule.severity, it.message, it.where, remedy, it.consequence)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what was said before about another moment."""
    seen = set()
    for found in findings:
        key = (found.code, found.message, found.where.place, found.where.offset)
        if key not in seen:
            seen.add(key)
            yield found
