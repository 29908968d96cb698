"""The results file: a stopped campaign goes on with it, another one is refused."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.campaign.campaign import run_campaign
from sandbox.campaign.results import Result, ResultsFile, read_results
from sandbox.campaign.settings import Settings
from sandbox.campaign.sides import Did, Ended, first_difference, same
from sandbox.campaign.summary import summarise
from sandbox.campaign.target import Target
from sandbox.errors import InputError
from sandbox.live.session import Limits
from sandbox.report.campaign_text import campaign_json, campaign_text

NOT_LIVE = "results are made up"

ROOT = Path(__file__).parents[2]
TARGET = Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc"))
DIFFERENT = Result(
    1, "x86_64 10.0.2", "native", "pc", "different", ("pc", "adds"), 2, 5, 0.25, 0.01, difference="srat: order",
    what="srat after the start: 2 bytes differ", scenario="seed-1-case-1.yaml", shrink_runs=40,
)  # fmt: skip
EQUAL = Result(0, "x86_64 10.0.2", "native", "q35", "equal", ("q35", "adds"), 3, 9, 0.15, 0.02)


def settings(tmp_path, **changes) -> Settings:
    return Settings(**({"binaries": (("qemu",),), "directory": tmp_path} | changes))


def header(tmp_path, **changes) -> dict:
    return settings(tmp_path, **changes).header([TARGET])


def test_results_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "new" / "results.jsonl"
    with ResultsFile(path, header(tmp_path), resume=False) as file:
        file.append(EQUAL)
        file.append(DIFFERENT)
    assert read_results(path, header(tmp_path)).results == {0: EQUAL, 1: DIFFERENT}
    assert [next(iter(json.loads(line))) for line in path.read_text().splitlines()] == ["campaign", "number", "number"]


def test_a_last_line_that_is_cut_off_is_done_again(tmp_path):
    path = tmp_path / "results.jsonl"
    with ResultsFile(path, header(tmp_path), resume=False) as file:
        file.append(EQUAL)
        file.append(DIFFERENT)
    path.write_bytes(path.read_bytes()[:-30])
    with ResultsFile(path, header(tmp_path), resume=True) as file:
        assert file.earlier.results == {0: EQUAL}
        file.append(DIFFERENT)
    assert read_results(path, header(tmp_path)).results == {0: EQUAL, 1: DIFFERENT}


def test_a_header_that_is_cut_off_is_written_again(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text('{"campaign": 1, "se')
    with ResultsFile(path, header(tmp_path), resume=True):
        pass
    assert read_results(path, header(tmp_path)).results == {}


def test_results_that_are_there_are_not_written_over(tmp_path):
    path = tmp_path / "results.jsonl"
    with ResultsFile(path, header(tmp_path), resume=False):
        pass
    with pytest.raises(InputError, match="is there already: go on with --resume, or give another directory"):
        ResultsFile(path, header(tmp_path), resume=False)


@pytest.mark.parametrize("resume", [False, True])
def test_results_that_another_campaign_writes_are_left_alone(tmp_path, resume):
    path = tmp_path / "results.jsonl"
    if resume:
        path.write_bytes(b"")
    with ResultsFile(path, header(tmp_path), resume=resume) as file:
        file.append(EQUAL)
        kept = path.read_bytes()
        told = "is writing .*results.jsonl: wait for its end, or give another directory"
        with pytest.raises(InputError, match=told):
            ResultsFile(path, header(tmp_path), resume=True)
        file.append(DIFFERENT)
        assert path.read_bytes().startswith(kept)
    with ResultsFile(path, header(tmp_path), resume=True) as file:
        assert sorted(file.earlier.results) == [0, 1]


def test_a_campaign_that_was_killed_keeps_no_lock(tmp_path):
    path = tmp_path / "results.jsonl"
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom sandbox.campaign.results import ResultsFile\n"
        "file = ResultsFile(Path(sys.argv[1]), {'campaign': 0}, resume=False)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -9
    with ResultsFile(path, {"campaign": 0}, resume=True) as file:
        assert file.earlier.results == {}


def test_a_file_that_has_no_room_is_told(tmp_path):
    path = tmp_path / "results.jsonl"
    script = (
        "import resource, sys\nfrom pathlib import Path\nfrom sandbox.campaign.results import ResultsFile\n"
        "from sandbox.errors import InputError\nresource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try:\n    ResultsFile(Path(sys.argv[1]), {'campaign': 0, 'binaries': []}, resume=False)\n"
        "except InputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], cwd=ROOT, timeout=60, check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == (f"cannot write {path}: File too large\n", "")


@pytest.mark.parametrize("change", [{"seed": 2}, {"families": ("pc",)}])
def test_results_of_another_campaign_are_refused(tmp_path, change):
    path = tmp_path / "results.jsonl"
    with ResultsFile(path, header(tmp_path), resume=False):
        pass
    with pytest.raises(InputError, match=f"is of a campaign with {next(iter(change))}"):
        ResultsFile(path, header(tmp_path, **change), resume=True)


@pytest.mark.parametrize("text", ["[]\n", "{}\n", "nonsense\n", '{"campaign": 1}\n{"number": 1}\n'])
def test_a_file_that_is_no_campaigns_is_refused(tmp_path, text):
    path = tmp_path / "results.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=r"results\.jsonl"):
        ResultsFile(path, header(tmp_path), resume=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"binaries": ()}, "a campaign needs a QEMU: name one with --qemu"),
        ({"count": -1}, "the number of machines is -1; it must be at least 0"),
        ({"jobs": 0}, "the number of jobs is 0; it must be at least 1"),
        ({"kinds": ("odd",)}, "unknown kind 'odd'; known are: native"),
        ({"families": ("isapc",)}, "unknown machine 'isapc'; known are: q35, pc, virt"),
        ({"shrink_runs": -1}, "the number of runs to shrink a difference is -1; it must be at least 0"),
        ({"only": (3, -1)}, "the number of a case is -1; it must be at least 0"),
        ({"only": (3,), "resume": True}, "--only keeps no results: leave out --resume and --results"),
        ({"only": (3,), "results": Path("mine.jsonl")}, "--only keeps no results"),
        ({"limits": Limits(start=0)}, "a time limit is 0 s; it must be above 0 and at most 1e\\+06"),
        ({"limits": Limits(reply=-2.5)}, "a time limit is -2.5 s"),
        ({"limits": Limits(firmware=math.nan)}, "a time limit is nan s"),
        ({"limits": Limits(end=math.inf)}, "a time limit is inf s"),
    ],
)
def test_wrong_settings_are_refused_before_anything_runs(tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        run_campaign(settings(tmp_path, **change))


def summary(**changes):
    given = {"wanted": 3, "interrupted": True, "elapsed": 0.5, "ran": 2, "jobs": 2}
    return summarise([DIFFERENT, EQUAL], **(given | changes))


def test_a_summary_counts_outcomes_features_and_time():
    found = summary()
    assert (found.done, found.outcomes, found.status) == (2, {"equal": 1, "different": 1, "error": 0}, "interrupted")
    assert found.features == {"adds": 2, "pc": 1, "q35": 1}
    assert (found.rounds, found.commands, found.failures) == (5, 14, (DIFFERENT,))
    assert found.qemu_share == pytest.approx(1 - 0.03 / 0.4)
    assert (found.rate, found.rate_per_job) == (4.0, pytest.approx(5.0))


def test_only_a_complete_campaign_without_failures_has_passed():
    assert not summary().passed
    assert not summary(interrupted=False).passed
    assert summarise([EQUAL], wanted=1, interrupted=False, elapsed=1, ran=1, jobs=1).passed


def test_the_text_of_a_summary_names_what_was_not_equal():
    assert campaign_text(summary()) == (
        "2 of 3 machines, interrupted: 1 equal, 1 different, 0 error\n"
        "on 2 x86_64 10.0.2\n"
        "5 readings of tables, 14 QMP commands, 0 starts refused\n"
        "4.0 machines/s with 2 at a time; 5.0 machines/s each, 200 ms a machine, of which 92 % QEMU's own\n"
        "\n"
        "covered\n"
        "     2 adds      1 pc        1 q35\n"
        "\n"
        "case 1 on x86_64 10.0.2: srat: order\n"
        "  srat after the start: 2 bytes differ\n"
        "  seed-1-case-1.yaml, after 40 runs\n"
    )


def test_where_nothing_ran_no_rate_is_told():
    text = campaign_text(summary(ran=0, elapsed=0.001))
    assert "none ran this time; 5.0 machines/s each, 200 ms a machine" in text
    assert "0.0 machines/s" not in text


def test_the_json_of_a_summary_is_json():
    value = campaign_json(summary())
    assert json.loads(json.dumps(value)) == value
    assert value["failures"][0]["difference"] == "srat: order"


def test_replies_differ_in_types_but_not_in_the_order_of_members():
    assert same({"a": 1, "b": [True]}, {"b": [True], "a": 1})
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": 1}, {"a": 1.0})
    assert not same([1, 2], [2, 1])


SRAT = bytes(48) + bytes((5, 4, 1, 0)) + bytes((5, 4, 2, 0))
SWAPPED = bytes(48) + bytes((5, 4, 2, 0)) + bytes((5, 4, 1, 0))


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (Did(tables=(SRAT, None, None)), Did(tables=(SWAPPED, None, None)), "srat: order"),
        (Did(tables=(SRAT, None, None)), Did(tables=(SRAT[:-4], None, None)), "srat: length"),
        (Did(tables=(SRAT, None, None)), Did(tables=(SRAT[:-1] + b"x", None, None)), "srat: content"),
        (Did(tables=(SRAT, None, None)), Did(tables=(SRAT, b"x", None)), "slit: only one has it"),
        (Did(ended=Ended(1, "a")), Did(ended=Ended(1, "b")), "exit: with other words"),
        (Did(ended=Ended(1, "a")), Did(ended=Ended(-6, "a")), "exit: with another status"),
        (Did(ended=Ended(1, "a")), Did(), "exit: only the sandbox ends"),
        (Did(), Did(ended=Ended(1, "a")), "exit: only QEMU ends"),
    ],
)
def test_differences_have_kinds(ours, theirs, kind):
    found = first_difference([ours], [theirs], [])
    assert found is not None
    assert found.kind == kind
    assert first_difference([ours], [ours], []) is None


def test_a_reply_that_differs_is_named_by_its_command():
    sides = ([Did(), Did({"return": {}})], [Did(), Did({"error": {"class": "GenericError", "desc": "no"}})])
    found = first_difference(*sides, [("object-del", {"id": "a"})])
    assert found is not None
    assert (found.kind, found.step) == ("reply: object-del", 1)
