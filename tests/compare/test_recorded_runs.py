"""What live QEMUs gave for random machines and histories, as recorded, is what the sandbox gives."""

from collections import Counter
from pathlib import Path

import pytest

from sandbox.compare.emulated import compare_run
from sandbox.compare.recording import RECORDING_FILE, read_recording
from sandbox.report.comparison_text import render_comparison
from sandbox.report.style import Style

RUNS = Path(__file__).parents[1] / "data" / "runs"
FOLDERS = sorted(path.parent for path in RUNS.glob(f"*/*/{RECORDING_FILE}"))


def read(folder):
    return read_recording(lambda name: (folder / name).read_bytes(), str(folder))


def test_forty_machines_and_more_of_each_version_are_recorded():
    counts = Counter(folder.parent.name for folder in FOLDERS)
    assert {version: count >= 40 for version, count in counts.items()} == {"10.0.2": True, "11.1.3": True}


def test_the_recordings_hold_tables_replies_errors_and_ends():
    runs = [read(folder) for folder in FOLDERS]
    steps = [step for run in runs for step in run.transcript.steps]
    assert sum(run.transcript.tables is not None and run.transcript.tables.srat is not None for run in runs) > 70
    assert sum(step.changed != () for step in steps) > 60
    assert sum(step.reply is not None for step in steps) > 500
    assert sum(step.ended is not None for step in steps) >= 3


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_the_sandbox_gives_what_a_live_qemu_gave(folder):
    comparison = compare_run(read(folder))
    assert comparison.passed, render_comparison(comparison, Style.plain())
