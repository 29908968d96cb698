"""Campaigns on live QEMUs: they find faults, make them small, and leave nothing behind however they end."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import campaign_faults
import pytest

from sandbox.app import Sandbox
from sandbox.campaign.campaign import run_campaign
from sandbox.campaign.options import split_options
from sandbox.campaign.settings import Settings
from sandbox.campaign.target import probe
from sandbox.errors import InputError
from sandbox.live.session import Limits
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.replay import replay

pytestmark = pytest.mark.live

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def sockets(tmp_path, monkeypatch):
    """Private directories are made here; a test that leaves one behind has failed."""
    folder = tmp_path / "s"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield folder
    assert list(folder.iterdir()) == []
    assert qemus_in(folder) == []


def qemus_in(folder: Path) -> list[int]:
    """The processes that were given a socket in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"qemu" in words and str(folder).encode() in words:
            found.append(int(process.name))
    return found


def program(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return (str(path),)


def until(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("fault", "kind", "objects"),
    [(campaign_faults.one_flipped_bit, "srat: content", 1), (campaign_faults.order_of_nodes, "srat: order", 2)],
    ids=["a flipped bit", "a broken order rule"],
)
def test_a_fault_is_found_and_shrunk(qemu_x86, tmp_path, fault, kind, objects):
    out = tmp_path / "out"
    settings = Settings((qemu_x86,), out, count=3, seed=5, families=("q35",), ours=fault, most_shrunk=1)
    summary = run_campaign(settings)
    found = next(result for result in summary.failures if result.shrink_runs)
    scenario = load_scenario((out / found.scenario).read_text(), found.scenario)
    options = split_options(scenario.command_line[1:])
    made = [option.head for option in options if option.name == "-object"]
    assert found.difference == kind
    assert sum(option.name == "-device" for option in options) <= 1
    assert made.count("acpi-generic-initiator") == objects
    assert len(made) <= 2 or made.count("memory-backend-ram") == 1
    assert scenario.steps[1:] == ()
    # the scenario holds what QEMU did, so it passes where the sandbox is right and fails where it is not
    assert replay(scenario, emulate, lambda _: b"").passed
    spoiled = fault(scenario.command_line, "10.0").tables().srat
    assert spoiled != Sandbox(list(scenario.command_line), dialect="10.0", firmware="none").tables().srat


def test_a_stopped_campaign_goes_on_where_it_was(qemu_x86, tmp_path):
    out = tmp_path / "out"
    results = tmp_path / "kept" / "mine.jsonl"
    first = run_campaign(Settings((qemu_x86,), out, count=3, seed=9, results=results))
    again = run_campaign(Settings((qemu_x86,), out, count=5, seed=9, results=results, resume=True))
    assert (first.done, again.done, again.ran) == (3, 5, 2)
    numbers = [json.loads(line).get("number") for line in results.read_text().splitlines()]
    assert numbers == [None, 0, 1, 2, 3, 4]


def start_long_campaign(qemu: tuple[str, ...], tmp_path: Path, jobs: int) -> tuple[subprocess.Popen, Path]:
    """Start a campaign in a process of its own and wait until it has some results."""
    out = tmp_path / "out"
    script = (
        "import sys\nfrom pathlib import Path\nfrom sandbox.campaign.campaign import run_campaign\n"
        "from sandbox.campaign.settings import Settings\n"
        "if __name__ == '__main__':\n"
        f"    found = run_campaign(Settings(({qemu!r},), Path({str(out)!r}), count=5000, jobs={jobs}))\n"
        "    print(found.status, found.done)\n"
    )
    path = tmp_path / "run.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    running = subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    )
    results = out / "results.jsonl"
    until(lambda: results.exists() and results.read_bytes().count(b"\n") > 2)
    return running, results


@pytest.mark.parametrize(("jobs", "number"), [(1, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_signal_ends_a_campaign_cleanly(qemu_x86, tmp_path, jobs, number):
    running, results = start_long_campaign(qemu_x86, tmp_path, jobs)
    os.killpg(running.pid, number)  # as a terminal does: to the workers too
    told, errors = running.communicate(timeout=30)
    assert errors == b""
    status, done = told.decode().split()
    assert status == "interrupted"
    assert int(done) == results.read_bytes().count(b"\n") - 1


def test_a_campaign_that_is_killed_leaves_nothing_behind(qemu_x86, tmp_path, sockets):
    running, _ = start_long_campaign(qemu_x86, tmp_path, 2)
    running.kill()
    running.communicate(timeout=30)
    until(lambda: not list(sockets.iterdir()) and not qemus_in(sockets))


def test_a_qemu_that_is_killed_is_an_error_and_the_campaign_goes_on(qemu_x86, tmp_path, sockets):
    slow = program(tmp_path, f'case "$*" in *"-M none"*) ;; *) sleep 0.3 ;; esac; exec {qemu_x86[0]} "$@"')
    killed = []

    def kill_one():
        deadline = time.monotonic() + 20
        while not killed and time.monotonic() < deadline:
            for directory in sockets.iterdir():
                for process in Path("/proc").glob("[0-9]*"):
                    try:
                        words = (process / "cmdline").read_bytes()
                    except OSError:
                        continue
                    if directory.name.encode() in words and b"none\0-S" not in words and not killed:
                        os.kill(int(process.name), signal.SIGKILL)
                        killed.append(int(process.name))
            time.sleep(0.01)

    killer = threading.Thread(target=kill_one)
    killer.start()
    summary = run_campaign(Settings((slow,), tmp_path / "out", count=3, seed=2, shrink_runs=0))
    killer.join()
    assert killed
    assert (summary.done, summary.status, summary.outcomes["equal"]) == (3, "complete", 2)
    assert summary.failures[0].outcome == "error"
    assert summary.failures[0].what.startswith("QEMU was ended by SIGKILL")


def test_a_qemu_that_hangs_is_an_error(qemu_x86, tmp_path):
    hangs = program(
        tmp_path, f'case "$*" in *"-M none"*) exec {qemu_x86[0]} "$@" ;; esac; echo "I am stuck" >&2; exec sleep 60'
    )
    summary = run_campaign(Settings((hangs,), tmp_path / "out", count=2, limits=Limits(start=0.5)))
    assert [result.outcome for result in summary.failures] == ["error", "error"]
    assert "no answer within 0.5 s: starting\nI am stuck" in summary.failures[0].what


def test_a_worker_that_dies_loses_only_its_case(qemu_x86, tmp_path, sockets):
    settings = Settings((qemu_x86,), tmp_path / "out", count=6, jobs=2, ours=campaign_faults.dies_at_once)
    summary = run_campaign(settings)
    assert (summary.done, summary.outcomes["error"]) == (6, 6)
    assert "the worker ended with status -9" in summary.failures[0].what


def test_a_program_that_is_no_qemu_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(InputError, match="cannot run no-such-qemu"):
        run_campaign(Settings((("no-such-qemu",),), tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_binary_is_what_it_says_that_it_is(qemu_x86, qemu_arm):
    assert (probe(qemu_x86).arch, probe(qemu_x86).families) == ("x86_64", ("q35", "pc"))
    assert (probe(qemu_arm).arch, probe(qemu_arm, ("virt",)).families) == ("aarch64", ("virt",))
    with pytest.raises(InputError, match="has none of the machines virt"):
        probe(qemu_x86, ("virt",))
