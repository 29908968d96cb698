"""translate of QEMU arguments: a command for a shell, or a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.cli import main
from sandbox.scenario.command_line import split_command_line
from sandbox.scenario.load import load_scenario

COVER = Path(__file__).parents[2] / "scenarios" / "grace-hopper-mig.yaml"
WORDS = load_scenario(COVER.read_text(), COVER.name).command_line


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_words_are_written_as_a_scenario_into_a_file_that_is_named_so(ending, capsys, tmp_path):
    assert main(["translate", "--to", "10.0", "--", *WORDS]) == 0
    printed = split_command_line(capsys.readouterr().out)
    file = tmp_path / f"merged.{ending}"
    assert main(["translate", "--to", "10.0", "-o", str(file), "--", *WORDS]) == 0
    written = load_scenario(file.read_text(), file.name)
    assert (written.dialect, written.command_line) == ("10.0", printed)
    assert main(["translate", "--to", "10.0", "-o", str(tmp_path / "args"), "--", *WORDS]) == 0
    assert split_command_line((tmp_path / "args").read_text()) == printed


def test_words_without_a_program_get_the_one_that_they_are_for(capsys):
    assert main(["translate", "--to", "11.1", "--", "-M", "virt", "-m", "1G"]) == 0
    assert capsys.readouterr().out == "qemu-system-aarch64 \\\n    -M virt \\\n    -m 1G\n"


def test_a_dialect_that_the_objects_are_not_in_is_refused(capsys):
    assert main(["translate", "--dialect", "10.0", "--to", "10.0", "--", *WORDS]) == 2
    assert "not known to dialect 10.0; known to: v2" in capsys.readouterr().err
