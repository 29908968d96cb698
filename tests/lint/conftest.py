"""What tests of lint share."""

from __future__ import annotations

import pytest

from sandbox.cli import main


@pytest.fixture
def run(capsys):
    """Run the command lint; return its status, output and errors."""

    def run_it(*words):
        status = main(["lint", *map(str, words)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run_it
