"""Every shipped scenario whose machine starts has a forecast, in text and in JSON."""

import json
from pathlib import Path

import pytest

from sandbox.cli import main

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
ENDING = {"start-refused", "object-add-kills", "reset-kills", "add-and-delete"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_has_a_forecast(path, capsys):
    status = main(["guest", "--json", "--kernel", "7.3", str(path)])
    found = json.loads(capsys.readouterr().out)
    if "exit" in found:
        assert (status, path.stem in ENDING) == (1, True)
        return
    assert (status, found["outcome"], found["nodes"][0]["node"]) == (0, "boots", 0)
    assert main(["guest", "-v", "--kernel", "7.3", str(path)]) == 0
    assert f"available: {len(found['nodes'])} node" in capsys.readouterr().out
