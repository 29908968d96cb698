"""Random machines and QMP histories: tables, replies and ends are those of a live QEMU."""

import pytest

from sandbox.campaign.campaign import run_campaign
from sandbox.campaign.settings import Settings
from sandbox.report.campaign_text import campaign_text

pytestmark = pytest.mark.live

MACHINES = 150


def test_random_machines_are_as_in_a_live_qemu(qemu_x86, qemu_arm, tmp_path):
    settings = Settings((qemu_x86, qemu_arm), tmp_path / "out", count=MACHINES, seed=20, jobs=2)
    summary = run_campaign(settings)
    assert summary.passed, campaign_text(summary)
    assert summary.outcomes["equal"] == MACHINES
    assert summary.refused < MACHINES / 10


def test_random_machines_of_the_v2_series_are_as_in_a_live_qemu_when_translated(qemu_arm, tmp_path):
    settings = Settings((qemu_arm,), tmp_path / "out", count=25, seed=8, kinds=("v2",), jobs=2)
    summary = run_campaign(settings)
    assert summary.passed, campaign_text(summary)
    assert summary.features["nvidia-objects"] > 10
