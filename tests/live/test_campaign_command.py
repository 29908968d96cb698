"""The command campaign with QEMUs that are of no use, errors that are done again, and a Ctrl-C at any time."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import campaign_faults
import pytest

from sandbox.campaign.bench import Bench
from sandbox.campaign.campaign import run_campaign
from sandbox.campaign.case import Case
from sandbox.campaign.cases import random_case
from sandbox.campaign.results import Result
from sandbox.campaign.settings import Settings
from sandbox.campaign.sides import emulated
from sandbox.campaign.target import probe
from sandbox.cli import DONE, INTERRUPTED, WRONG_INPUT, main
from sandbox.commands import UNANSWERED
from sandbox.live.session import Limits
from sandbox.scenario.load import load_scenario

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]


@pytest.fixture
def start(tmp_path):
    """Start a campaign in a process group of its own, which is gone when the test ends."""
    started = []

    def run(qemu: tuple[str, ...], jobs: int) -> subprocess.Popen:
        words = ["-m", "sandbox.cli", "campaign", "--qemu", " ".join(qemu), "-n", "5000", f"-j{jobs}"]
        started.append(
            subprocess.Popen(
                [sys.executable, *words, "-o", tmp_path / "out"],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True,
            )
        )  # fmt: skip
        return started[-1]

    yield run
    for running in started:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def campaign(tmp_path: Path, *words: str) -> int:
    return main(["campaign", "-o", str(tmp_path / "out"), *words])


def results(tmp_path: Path) -> list[Result]:
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    return [Result.from_json(json.loads(line)) for line in lines[1:]]


def test_a_qemu_that_stays_silent_is_given_up_after_the_time_limit(tmp_path, capsys):
    silent = program(tmp_path, "echo I am stuck >&2; exec sleep 60")
    assert campaign(tmp_path, "--qemu", silent, "--timeout", "0.3") == UNANSWERED
    assert capsys.readouterr() == ("", "QEMU gave no answer within 0.3 s: starting\nI am stuck\n")
    assert campaign(tmp_path, "--qemu", silent, "--timeout", "0.3", "--json") == UNANSWERED
    assert json.loads(capsys.readouterr().out) == {"error": "QEMU gave no answer within 0.3 s: starting\nI am stuck"}


def test_a_program_that_ends_is_wrong_input(tmp_path, capsys):
    ends = program(tmp_path, "echo 'unknown option -M' >&2; exit 2")
    assert campaign(tmp_path, "--qemu", ends) == WRONG_INPUT
    told = "cannot be used as a QEMU; name another with --qemu: QEMU ended with status 2: starting\nunknown option -M\n"
    assert capsys.readouterr() == ("", f"{ends} {told}")


def test_without_the_library_the_remedy_is_told(qemu_x86, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "qemu.qmp", None)
    assert campaign(tmp_path, "--qemu", " ".join(qemu_x86)) == UNANSWERED
    remedy = "pip install qemu.qmp, or '.[live]' in a checkout of qom-sandbox"
    assert capsys.readouterr().err == f"the library qemu.qmp is missing: {remedy}\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "1e300"])
def test_a_time_limit_that_is_none_is_wrong_input(tmp_path, capsys, seconds):
    with pytest.raises(SystemExit) as caught:
        campaign(tmp_path, "--qemu", "true", f"--timeout={seconds}")
    assert caught.value.code == WRONG_INPUT
    assert f"invalid seconds value: '{seconds}'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def refused_case(qemu: tuple[str, ...]) -> Case:
    """The first case of seed 1 with a history whose start the sandbox refuses."""
    target = probe(qemu)
    bench = Bench(qemu, target, Limits(), emulated)
    cases = (case for number in range(400) if (case := random_case(1, number, target)).commands)
    return next(case for case in cases if bench.ours(case)[0][0].ended is not None)


def test_of_a_start_that_is_refused_no_reading_command_or_feature_is_counted(qemu_x86, tmp_path, capsys):
    refused = refused_case(qemu_x86)
    assert len(refused.features) > 2
    qemu = ("--qemu", " ".join(qemu_x86))
    assert campaign(tmp_path, *qemu, "--seed", "1", "--only", str(refused.number), "--json") == DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["wanted"], told["done"], told["refused-starts"]) == (1, 1, 1)
    assert (told["table-readings"], told["commands"]) == (0, 0)
    assert told["features"] == {refused.family: 1, "refused-starts": 1}
    assert not (tmp_path / "out").exists()


def spoiled(qemu: tuple[str, ...], tmp_path: Path, text: str) -> str:
    """A QEMU that is no good with any machine while the file ``bad`` is there."""
    bad = tmp_path / "bad"
    bad.touch()
    asked = '*"-M none"* | *--version*'
    spoil = f'case "$*" in {asked}) ;; *) if [ -e {bad} ]; then {text}; fi ;; esac'
    return program(tmp_path, f'{spoil}\nexec {" ".join(qemu)} "$@"')


@pytest.mark.parametrize("kind", ["native", "v2"])
def test_an_error_is_written_down_and_done_again(qemu_x86, tmp_path, kind):
    shaky = spoiled(qemu_x86, tmp_path, "kill -SEGV $$")
    out = tmp_path / "out"
    settings = Settings(((shaky,),), out, count=2, seed=5, kinds=(kind,), limits=Limits(start=20))
    summary = run_campaign(settings)
    assert summary.outcomes == {"equal": 0, "different": 0, "error": 2}
    assert "QEMU was ended by SIGSEGV" in summary.failures[0].what
    assert (summary.refused, summary.rounds, summary.commands, summary.features) == (0, 0, 0, {})
    for result in summary.failures:
        scenario = load_scenario((out / result.scenario).read_text(), result.scenario)
        assert "QEMU was ended by SIGSEGV" in scenario.description
    (tmp_path / "bad").unlink()
    again = run_campaign(Settings(((shaky,),), out, count=2, seed=5, kinds=(kind,), resume=True))
    assert (again.ran, again.outcomes) == (2, {"equal": 2, "different": 0, "error": 0})
    assert [(one.number, one.outcome) for one in results(tmp_path)] == [
        (0, "error"), (1, "error"), (0, "equal"), (1, "equal"),
    ]  # fmt: skip
    last = run_campaign(Settings(((shaky,),), out, count=2, seed=5, kinds=(kind,), resume=True))
    assert (last.ran, last.passed) == (0, True)


def test_the_case_of_a_worker_that_dies_is_written_down(qemu_x86, tmp_path):
    settings = Settings((qemu_x86,), tmp_path / "out", count=1, seed=4, jobs=2, ours=campaign_faults.dies_at_once)
    (failure,) = run_campaign(settings).failures
    scenario = load_scenario((tmp_path / "out" / failure.scenario).read_text(), failure.scenario)
    assert "the worker ended with status -9" in scenario.description
    assert (failure.kind, failure.family) == ("native", "q35" if "q35" in " ".join(scenario.command_line) else "pc")


def test_a_campaign_on_results_that_are_being_written_is_refused(qemu_x86, start, tmp_path, capsys):
    running = start(qemu_x86, 1)
    until((tmp_path / "out" / "results.jsonl").exists)
    assert campaign(tmp_path, "--qemu", " ".join(qemu_x86), "-n", "5000", "--resume") == WRONG_INPUT
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=30)
    assert "another campaign is writing" in capsys.readouterr().err
    assert [one.number for one in results(tmp_path)] == list(range(len(results(tmp_path))))


def until(condition, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return found


def workers(parent: int) -> list[int]:
    """The processes of a campaign that are or will be its workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words, state = (process / "cmdline").read_bytes(), (process / "stat").read_text()
        except OSError:
            continue
        if b"spawn_main" in words and int(state.rpartition(")")[2].split()[1]) == parent:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("delay", [0.0, 0.15])
def test_a_signal_while_workers_start_ends_a_campaign_cleanly(qemu_x86, start, tmp_path, number, delay):
    running = start(qemu_x86, 2)
    until(lambda: workers(running.pid))
    time.sleep(delay)
    os.killpg(running.pid, number)
    out, errors = running.communicate(timeout=30)
    assert running.returncode == INTERRUPTED
    assert errors == f"interrupted; --resume goes on from {tmp_path}/out/results.jsonl\n"
    assert "interrupted: " in out
    assert " 0 different, 0 error" in out


def test_a_signal_while_a_qemu_is_asked_what_it_is_ends_a_campaign(start, tmp_path):
    silent = program(tmp_path, f"touch {tmp_path}/asked; exec sleep 60")
    running = start((silent,), 1)
    until((tmp_path / "asked").exists)
    os.killpg(running.pid, signal.SIGINT)
    out, errors = running.communicate(timeout=15)
    assert (running.returncode, out.splitlines()[0]) == (
        INTERRUPTED,
        "0 of 5000 machines, interrupted: 0 equal, 0 different, 0 error",
    )
    assert errors.startswith("interrupted; --resume goes on from ")


def test_a_crash_that_the_sandbox_foresees_is_a_start_that_is_refused(qemu_x86, tmp_path):
    crashes = spoiled(qemu_x86, tmp_path, "kill -SEGV $$")
    settings = Settings(((crashes,),), tmp_path / "out", count=1, ours=campaign_faults.crashes)
    summary = run_campaign(settings)
    assert (summary.outcomes["equal"], summary.refused, summary.rounds) == (1, 1, 0)
