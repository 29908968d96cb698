"""A scenario on a live QEMU, and what the sandbox makes of the same.

The simplest use::

    comparison = compare_live(scenario, LiveQemu(("qemu-system-x86_64",)))
    comparison.passed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.meant import FIRST_MERGED, dialect_of_version
from sandbox.compare.emulated import compare_run
from sandbox.live.running import run_live, unwatched
from sandbox.live.wanted import is_v2
from sandbox.records import replace
from sandbox.scenario.emulation import that_runs

if TYPE_CHECKING:
    from sandbox.compare.mapping import Mapping
    from sandbox.compare.result import Comparison
    from sandbox.compare.run import Run
    from sandbox.live.running import LiveQemu, Watch
    from sandbox.scenario.model import Scenario
    from sandbox.translate.correspondence import Translation


def run_any(scenario: Scenario, qemu: LiveQemu, watch: Watch = unwatched) -> tuple[Run, Translation | None]:
    """Run a scenario on a live QEMU; one of the v2 series, whose objects no released QEMU has, is translated first.

    Args:
        scenario: what to run.
        qemu: the QEMU.
        watch: told of the session once its QEMU is launched.

    Returns:
        What happened, and the translation if there was one; the run's notes say then what became of it.

    Raises:
        InputError, LiveTimeout, LiveError, DecodeError: as :func:`sandbox.live.running.run_live`.
    """
    if not is_v2(scenario) or (version := qemu.version()) < FIRST_MERGED:
        return run_live(scenario, qemu, watch), None
    from sandbox.translate.to_merged import to_merged

    dialect = dialect_of_version(version)[0]
    translation = to_merged(replace(that_runs(scenario), firmware=qemu.firmware), dialect=dialect)
    run = run_live(translation.scenario, qemu, watch)
    left_out = [f"step {left.step + 1} ({left.title}) is not sent: {left.why}" for left in translation.left_out]
    what = f"v2 is translated to the objects of dialect {dialect}, one for each entry"
    return replace(run, notes=(what, *left_out, *translation.notes, *run.notes)), translation


def compare_live(scenario: Scenario, qemu: LiveQemu, watch: Watch = unwatched) -> Comparison:
    """Run a scenario on a live QEMU and in the sandbox, and compare.

    Of a scenario of the v2 series both comparisons are made: of its translation, byte for byte, and of v2's entries
    with those of QEMU by a mapping.

    Args:
        scenario: what to run.
        qemu: the QEMU.
        watch: told of the session once its QEMU is launched.

    Raises:
        InputError, LiveTimeout, LiveError, DecodeError: as :func:`sandbox.live.running.run_live`; InputError also where
            the sandbox does not model something that would move a table.
    """
    run, translation = run_any(scenario, qemu, watch)
    compared = compare_run(run)
    return compared if translation is None else replace(compared, mappings=_mappings(translation, run))


def _mappings(translation: Translation, run: Run) -> tuple[Mapping, ...]:
    """Hold v2's tables against those that firmware read on the other side, each time that it read any."""
    from qom_types.dialects import dialect_named
    from sandbox.compare.mapping import Mapping
    from sandbox.compare.v2_mapping import map_moment

    dialect = dialect_named(run.scenario.dialect or "")
    mappings = []
    for moment in translation.moments:
        then = run.transcript.start if moment.merged_step is None else run.transcript.steps[moment.merged_step]
        if then.after is None or not then.has_run:
            mappings.append(Mapping(differences=("the merged machine has no tables by then",), title=moment.title))
        else:
            mappings.append(map_moment(moment, then.after, dialect))
    return tuple(mappings)
