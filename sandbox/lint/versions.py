"""Looking over a scenario where nobody tells for which version of QEMU it is: two orders may come of it.

As in forecasts of guests, Debian's QEMU is taken then, and the order of the newest one is held against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.dialects import NEWEST
from qom_types.meant import DEBIANS, DEBIANS_REASON, tells_version
from sandbox.errors import InputError
from sandbox.lint.survey import survey
from sandbox.records import replace

if TYPE_CHECKING:
    from sandbox.lint.setup import Setup
    from sandbox.scenario.model import Scenario


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
    is_told = scenario.dialect is not None or tells_version(setup.dialect, setup.dialect_reason)
    taken = None if is_told or setup.config is None else _quietly(replace(scenario, dialect=DEBIANS), text)
    if taken is None or taken.refusal:
        return setup
    return _beside(taken, setup if setup.dialect == NEWEST else None)


def _beside(setup: Setup, other: Setup | None) -> Setup:
    return replace(setup, taken=DEBIANS_REASON, other=None if other is None or other.refusal else other)


def _quietly(scenario: Scenario, text: str = "") -> Setup | None:
    """Look over a scenario; None where something in it is not modelled."""
    try:
        return survey(scenario, text)
    except InputError:
        return None
