"""What a translation comes to: the translated scenario, and which entries correspond to which objects, when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.records import record

if TYPE_CHECKING:
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Ended


@record
class Counterpart:
    """One Generic Initiator entry of v2, and the merged object that stands for it.

    Attributes:
        pxm: the proximity domain.
        object_id: the v2 object that the entry comes from.
        device_id: the name of its device in the tree: the id, or ``device[0]`` of a device without one.
        bus: the number of the bus on which the device really sits, as firmware has it by then.
        devfn: device << 3 | function.
        merged_id: the object that stands for the entry; "" where none can, and ``excused`` says why.
        excused: why no released QEMU can have such an entry; "" if it can.
    """

    pxm: int
    object_id: str
    device_id: str
    bus: int
    devfn: int
    merged_id: str = ""
    excused: str = ""


@record
class Moment:
    """A time at which firmware reads new tables, on both sides.

    Attributes:
        title: for people: "at the start", "after step 3".
        step: the step of the v2 scenario after which they are read, counted from 0; None at the start.
        merged_step: the step of the translated scenario; None at the start.
        tables: what v2's firmware reads.
        counterparts: for each of v2's Generic Initiator entries, in their order.
        marked: the nodes that merged objects have named by then, also those that are gone; QEMU keeps such marks.
    """

    title: str
    step: int | None
    merged_step: int | None
    tables: Tables
    counterparts: tuple[Counterpart, ...]
    marked: frozenset[int] = frozenset()


@record
class LeftOut:
    """A step of the v2 scenario that a released QEMU is not given.

    Attributes:
        step: which, counted from 0.
        title: for people.
        why: the reason, in one phrase.
    """

    step: int
    title: str
    why: str


@record
class Translation:
    """A v2 scenario in the merged dialect.

    Attributes:
        scenario: the translated scenario; expectations that v2's objects bear on are not carried over.
        moments: whenever firmware reads tables, in order.
        step_origins: for each step of the translated scenario the step of the v2 scenario that it is; None where it
            stands for one that was left out.
        left_out: the steps that are not carried over.
        notes: what could not be carried over and why, and what differs beside the objects; a sentence each.
        end: how v2's machine ends; None if it lives.
    """

    scenario: Scenario
    moments: tuple[Moment, ...]
    step_origins: tuple[int | None, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    end: Ended | None = None
