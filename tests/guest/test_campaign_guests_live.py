"""Campaigns that boot guests."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from sandbox.campaign.campaign import run_campaign
from sandbox.campaign.settings import Settings
from sandbox.cli import main
from sandbox.scenario.checks import differs

pytestmark = [pytest.mark.live, pytest.mark.guest]


@pytest.fixture(autouse=True)
def kernels(guests):
    for arch in ("x86", "arm64"):
        for version in ("6.1", "6.12"):
            guests.needs(arch, version)


def test_random_guests_are_as_forecast(qemu_x86, qemu_arm, tmp_path):
    settings = Settings((qemu_x86, qemu_arm), tmp_path, seed=0, only=(0, 1, 2, 3), kinds=("guest",), jobs=2)
    summary = run_campaign(settings)
    assert [(result.difference, result.what) for result in summary.failures] == []
    assert (summary.passed, summary.done) == (True, 4)


def test_a_wrong_forecast_is_found_and_kept_as_a_scenario(qemu_x86, tmp_path, monkeypatch, capsys):
    checks = SimpleNamespace(checks=(differs("has_cpu", "0", "1023"),))
    monkeypatch.setattr("sandbox.campaign.bench.Bench.boot", lambda *_: checks)
    settings = Settings((qemu_x86,), tmp_path, count=1, seed=1, kinds=("guest",), shrink_runs=0)
    (failure,) = run_campaign(settings).failures
    assert failure.difference == "guest: has_cpu"
    assert main(["guest", "--json", str(tmp_path / failure.scenario)]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "boots"
