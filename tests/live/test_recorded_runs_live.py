"""Recorded runs against a live QEMU: what it gives is what is recorded of its version.

``pytest --record tests/live/test_recorded_runs_live.py`` runs every machine and writes what QEMU gave; with
``QEMU_PREFIX`` that of another QEMU. Without ``--record`` every few machines are run.
"""

import pytest
from recorded_runs import RUNS, folder, machine, numbers

from sandbox.campaign.target import probe
from sandbox.compare.recording import TABLE_FILE, recording_files
from sandbox.files import write_folder
from sandbox.live.running import LiveQemu, run_live
from sandbox.report.fields_text import render_table
from sandbox.report.style import Style

pytestmark = pytest.mark.live

STEP = 6


def files_of(binary, scenario):
    return recording_files(run_live(scenario, LiveQemu(binary)), lambda data: render_table(data, Style.plain()))


@pytest.mark.parametrize("fixture", ["qemu_x86", "qemu_arm"])
def test_a_live_qemu_gives_what_is_recorded(fixture, request, qemu_x86, qemu_arm):
    binary = qemu_x86 if fixture == "qemu_x86" else qemu_arm
    target = probe(binary, ())
    record = request.config.getoption("--record")
    if not record and not (RUNS / ".".join(map(str, target.version))).is_dir():
        pytest.skip(f"nothing is recorded from QEMU {target.version}; pytest --record does it")
    for number in numbers(target)[:: 1 if record else STEP]:
        where = folder(target, number)
        found = files_of(binary, machine(target, number))
        if record:
            write_folder(str(where), found, TABLE_FILE)
        assert found == {path.name: path.read_bytes() for path in where.iterdir()}, where
