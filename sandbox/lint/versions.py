"""Looking over a scenario where nobody tells for which version of QEMU it is: two orders may come of it.

From QEMU 11 on monitors are objects, and take part in the order in which QEMU walks over the initiators; the members of
these objects are the same before and after that. As in forecasts of guests, Debian's QEMU is taken then, and the order
of the other one is held against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.dialects import NEWEST, NOTHING_TELLS
from sandbox.errors import InputError
from sandbox.lint.survey import survey
from sandbox.records import replace

if TYPE_CHECKING:
    from sandbox.lint.setup import Setup
    from sandbox.scenario.model import Scenario

DEBIANS: Final = "10.0"
"""The last dialect in which monitors are no objects."""

REASON: Final = "Debian's QEMU, since no version is told"


def look_over(scenario: Scenario, text: str = "", other: Scenario | None = None) -> Setup:
    """Look over a scenario, and over the same in another version of QEMU where none is told.

    Args:
        scenario: a scenario, or a command line as one without steps.
        text: the file that it was read from, so that options have lines and columns; "" if there is none.
        other: the same for another version, where that is another command line; the scenario's own was taken then.

    Raises:
        InputError: something is not modelled.
    """
    if other is not None:
        return _beside(survey(scenario, text), _quietly(other))
    try:
        setup = survey(scenario, text)
    except InputError:
        taken = None if scenario.dialect else _quietly(replace(scenario, dialect=DEBIANS), text)
        if taken is None or taken.refusal:
            raise
        return _beside(taken, None)
    is_told = scenario.dialect is not None or (setup.dialect != NEWEST and setup.dialect_reason != NOTHING_TELLS)
    taken = None if is_told or setup.config is None else _quietly(replace(scenario, dialect=DEBIANS), text)
    if taken is None or taken.refusal:
        return setup
    return _beside(taken, setup if setup.dialect == NEWEST else None)


def _beside(setup: Setup, other: Setup | None) -> Setup:
    return replace(setup, taken=REASON, other=None if other is None or other.refusal else other)


def _quietly(scenario: Scenario, text: str = "") -> Setup | None:
    """Look over a scenario; None where something in it is not modelled."""
    try:
        return survey(scenario, text)
    except InputError:
        return None
