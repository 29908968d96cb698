"""Which QEMU a guest runs on where no version is told.

Forecasts are of Debian's kernels, so that Debian's QEMU is taken, and it is said where the newest has another order.
It is taken for machines without such objects, too, which the QEMU of v2 may be too old for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.dialects import NEWEST
from qom_types.meant import DEBIANS, DEBIANS_REASON, tells_version
from sandbox.errors import InputError, MachineExit, SandboxError
from sandbox.guest.given import given_by
from sandbox.records import record, replace

if TYPE_CHECKING:
    from sandbox.guest.given import Given
    from sandbox.scenario.model import Scenario


@record
class Chosen:
    """What a guest is given, by the QEMU that it most likely runs on.

    Attributes:
        given: what it is given.
        reason: why this dialect was taken, in a few words.
        is_assumed: whether no version is told, so that a user may mean another QEMU.
        note: what the newest QEMU would make of it, as a sentence; "" where it is the same.
    """

    given: Given
    reason: str
    is_assumed: bool = False
    note: str = ""


def choose_version(scenario: Scenario) -> Chosen:
    """Return what the guest of a scenario is given.

    Raises:
        MachineExit, InputError: as :func:`sandbox.guest.given.given_by`.
    """
    if scenario.dialect is not None:
        return _as_is(given_by(scenario))
    try:
        deduced = given_by(scenario)
    except (MachineExit, InputError):
        debians = _debians(scenario)
        if debians is None:
            raise
        return Chosen(debians, DEBIANS_REASON, is_assumed=True)
    if tells_version(deduced.dialect, deduced.dialect_reason):
        return _as_is(deduced)
    debians = _debians(scenario)
    if debians is None:
        return Chosen(deduced, deduced.dialect_reason, is_assumed=True)
    ours, theirs = (" ".join(origin.object_id for origin in found.origins) for found in (debians, deduced))
    note = (
        f"QEMU {DEBIANS} is taken, which has the initiators in the order {ours}; in QEMU {NEWEST} monitors are objects,"
        f" too, and the order is {theirs}: --dialect {NEWEST} forecasts that"
    )
    return Chosen(debians, DEBIANS_REASON, is_assumed=True, note="" if ours == theirs else note)


def _as_is(given: Given) -> Chosen:
    return Chosen(given, given.dialect_reason)


def _debians(scenario: Scenario) -> Given | None:
    try:
        return given_by(replace(scenario, dialect=DEBIANS))
    except SandboxError:
        return None
