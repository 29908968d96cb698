"""The progress bar: drawn where a person looks on, and nowhere else."""

import io

import pytest

from sandbox.campaign.progress import Bar
from sandbox.campaign.results import Result


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(monkeypatch, stream: io.StringIO) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with Bar() as bar:
        bar.start(wanted=4, done=1)
        bar.update(Result(1, "x86_64 10.0.2", "native", "pc", "equal"))
        bar.update(Result(2, "x86_64 10.0.2", "native", "pc", "different"))
    return stream.getvalue()


def test_a_bar_on_a_terminal_tells_how_far_it_is_and_what_is_not_equal(monkeypatch):
    pytest.importorskip("tqdm")
    drawn = run(monkeypatch, Terminal())
    assert "1/4" in drawn
    assert "3/4" in drawn
    assert "machines/s" in drawn
    assert "1 not equal" in drawn


def test_nothing_is_drawn_elsewhere(monkeypatch):
    assert run(monkeypatch, io.StringIO()) == ""
