"""What the sandbox makes of the same, held against a run, a recording of one, or tables that a person brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.compare.result import ComparedStep, Comparison
from sandbox.compare.tables import compare_tables
from sandbox.compare.transcripts import compare_transcripts, replay_bare
from sandbox.errors import InputError
from sandbox.machine.tables import Tables as MadeTables
from sandbox.scenario.emulation import emulate, that_runs
from sandbox.scenario.tables import TABLE_NAMES
from sandbox.scenario.transcript import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.compare.run import Run
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.tables import Tables
    from sandbox.scenario.transcript import Transcript


def emulated(scenario: Scenario) -> Transcript:
    """Return what the sandbox makes of a scenario, expectations aside.

    Raises:
        InputError: something that would move a table is not modelled.
    """
    return replay_bare(scenario, emulate)


def compare_run(run: Run, *, theirs: str = "") -> Comparison:
    """Let the sandbox do what a QEMU did, and compare.

    Args:
        run: what the QEMU did.
        theirs: what the other side is, for people; "": the QEMU.

    Raises:
        InputError: something that would move a table is not modelled.
    """
    ours = emulated(run.scenario)
    return Comparison(
        scenario=run.scenario,
        ours=sandbox_label(ours, run.scenario.dialect),
        theirs=theirs or run.label,
        firmware=run.scenario.firmware,
        steps=compare_transcripts(ours, run.transcript, run.words),
        origins=ours.origins,
        changes=run.changes,
        notes=run.notes,
    )


def compare_runs(run: Run, other: Run, *, theirs: str = "") -> Comparison:
    """Compare two runs of one scenario on two QEMUs, or on one at two times.

    Args:
        run: our side.
        other: the other side.
        theirs: what the other side is, for people; "": the QEMU.

    Raises:
        InputError: they are not runs of the same steps.
    """
    steps = [tuple(step.command for step in one.scenario.steps) for one in (run, other)]
    if steps[0] != steps[1]:
        raise InputError("the two runs are not of the same steps", run.scenario.place)
    return Comparison(
        scenario=run.scenario,
        ours=run.label,
        theirs=theirs or other.label,
        firmware=run.scenario.firmware,
        steps=compare_transcripts(run.transcript, other.transcript, other.words),
        changes=run.changes,
        notes=run.notes,
    )


def compare_last_tables(
    scenario: Scenario,
    tables: Tables,
    theirs: str,
    *,
    names: Collection[str] = TABLE_NAMES,
    notes: Sequence[str] = (),
) -> Comparison:
    """Compare the tables that the sandbox has after a scenario's last step with tables from elsewhere.

    Those were read by the firmware of a machine that ran: so ours runs too, whatever ``-S`` once held it for.

    Args:
        scenario: what leads to our tables.
        tables: the others.
        theirs: where they come from, for people.
        names: which of ``srat``, ``slit`` and ``hmat`` to compare.
        notes: what a reader should know, a sentence each.

    Raises:
        MachineExit: QEMU would end on the way.
        InputError: something that would move a table is not modelled.
    """
    ours = emulated(that_runs(scenario))
    made = ours.last_tables()
    mine, other = (Record("the tables", after=only(side, names)) for side in (made, tables))
    step = ComparedStep("the tables", None, None, mine, other, compare_tables(made, tables, names))
    return Comparison(
        scenario=scenario,
        ours=sandbox_label(ours, scenario.dialect),
        theirs=theirs,
        firmware=scenario.firmware,
        steps=(step,),
        origins=ours.origins,
        notes=tuple(notes),
    )


def only(tables: Tables, names: Collection[str]) -> MadeTables:
    """Return some tables of a set, and the others as if they were not there."""
    return MadeTables(**{name: getattr(tables, name) if name in names else None for name in TABLE_NAMES})


def sandbox_label(transcript: Transcript, dialect: str | None) -> str:
    """Return what our side is, for people."""
    name = transcript.dialect or dialect
    return f"the sandbox, dialect {name}" if name else "the sandbox"
