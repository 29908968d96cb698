"""What of a case QEMU did: the counts of a campaign are made from this, and not from what was drawn."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from sandbox.records import field, record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.campaign.case import Case
    from sandbox.campaign.sides import Did

OWN_SIGNALS: Final = (signal.SIGABRT, signal.SIGFPE)
"""What ends a QEMU that finds itself wrong; that is an answer like another."""

REFUSED: Final = "refused-starts"
ENDS: Final = "ends"
"""These two are counted where they happened, whether they were meant to or not."""

ERRORS: Final = frozenset({"error-replies", "failed-completions", "duplicates"})
"""What was done only if QEMU answered with an error; all else in a history only if it did not."""


@record
class Ran:
    """What QEMU did of a case.

    Attributes:
        rounds: how often firmware read the tables.
        commands: how many QMP commands QEMU answered, or ended at.
        refused: whether QEMU ended as it started, by itself.
        features: what was covered by that.
    """

    rounds: int = 0
    commands: int = 0
    refused: bool = False
    features: frozenset[str] = field(default_factory=frozenset)


def what_ran(case: Case, theirs: Sequence[Did]) -> Ran:
    """Return what a QEMU did of a case.

    Args:
        case: the case.
        theirs: the start and each command as far as QEMU came, without an end that is not its own; empty if nothing is
            known.
    """
    if not theirs:
        return Ran()
    if theirs[0].ended is not None:
        return Ran(refused=True, features=frozenset({case.family, REFUSED}))
    features = {name for step, name in case.covers if step < len(theirs) and _shows(theirs[step], name)}
    features -= {REFUSED, ENDS}
    if theirs[-1].ended is not None:
        features.add(ENDS)
    return Ran(
        rounds=sum(did.tables is not None for did in theirs),
        commands=len(theirs) - 1,
        features=frozenset(features),
    )


def _shows(did: Did, feature: str) -> bool:
    """Whether a step went as the feature says; a step without a reply of its own has no error to show."""
    is_error = did.reply is not None and "error" in did.reply
    return did.ended is None and is_error == (feature in ERRORS)


def killed_by(did: Did) -> str:
    """Return the name of the signal that ended QEMU from outside or by a crash; "" where it ended by itself.

    An abort or a division by zero is an answer of QEMU's like another.
    """
    if did.ended is None or did.ended.status >= 0 or -did.ended.status in OWN_SIGNALS:
        return ""
    return signal.Signals(-did.ended.status).name
