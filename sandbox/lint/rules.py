"""All rules, and what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.errors import InputError
from sandbox.lint.devices import DEVICES
from sandbox.lint.distances import DISTANCES
from sandbox.lint.libvirt_remedies import LIBVIRT_REMEDIES
from sandbox.lint.memory_devices import MEMORY_DEVICES
from sandbox.lint.model import Finding, Looked, Rule
from sandbox.lint.nodes import NODES
from sandbox.lint.objects import OBJECTS
from sandbox.lint.order import ORDER
from sandbox.lint.raw_contents import RAW_CONTENTS
from sandbox.lint.raw_tables import RAW_TABLES, wrong_length
from sandbox.lint.size import SIZE
from sandbox.lint.start import START
from sandbox.lint.versions import look_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.lint.model import Found
    from sandbox.lint.setup import Setup
    from sandbox.lint.view import View
    from sandbox.scenario.model import Scenario

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (*START, *OBJECTS, *DEVICES, *NODES, *MEMORY_DEVICES, *ORDER, *DISTANCES, *SIZE, *RAW_TABLES, *RAW_CONTENTS),
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


def lint_scenario(scenario: Scenario, text: str = "") -> tuple[Finding, ...]:
    """Look for what is wrong with a scenario, or with a command line as one without steps.

    Args:
        scenario: the scenario.
        text: the file that it was read from, so that findings have lines and columns; "" if there is none.

    Returns:
        What was found, in the order of the codes.

    Raises:
        InputError: something is not modelled.
    """
    return lint_setup(look_over(scenario, text)).findings


def lint_setup(setup: Setup) -> Looked:
    """Look for what is wrong with a scenario that was looked over."""
    views = [moment.view for moment in setup.moments if moment.view is not None]
    found: list[Finding] = []
    for rule in RULES:
        if rule.of_setup is not None:
            found += _findings(rule, rule.of_setup(setup), setup)
        if rule.of_view is not None:
            for view in views:
                found += _findings(rule, rule.of_view(view), setup)
    return Looked(tuple(_once(found)), setup.scenario.file, setup.dialect, setup.dialect_reason)


def lint_tables(view: View) -> tuple[Finding, ...]:
    """Look for what is wrong with tables that were brought.

    Returns:
        What was found, in the order of the codes.
    """
    whole = view.without_cut_off()
    found: list[Finding] = []
    for rule in RULES:
        for look in (rule.of_view, rule.of_brought):
            if look is not None:
                found += _findings(rule, look(view if look is wrong_length else whole))
    return tuple(_once(found))


def _findings(rule: Rule, found: Iterable[Found], setup: Setup | None = None) -> Iterator[Finding]:
    of_libvirt = LIBVIRT_REMEDIES.get(rule.code) if setup is not None and setup.is_libvirt else None
    dialect, reason = (setup.dialect, setup.dialect_reason) if setup is not None else ("", "")
    for it in found:
        remedy = of_libvirt or it.remedy or rule.remedy
        severity = it.severity or rule.severity
        yield Finding(rule, severity, it.message, it.where, remedy, it.consequence, dialect, reason)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what was said before about another moment."""
    seen = set()
    for found in findings:
        key = (found.code, found.message, found.where.place, found.where.offset)
        if key not in seen:
            seen.add(key)
            yield found
