"""The command ``guest --boot`` as a user runs it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from guest_machines import DEVICE, MACHINES, TWO_NODES, cut_last_length, initiators

from sandbox.app import Sandbox
from sandbox.cli import main
from sandbox.guest.boot import Boot, GuestKernel, GuestView, guest_kernel
from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.given import given_by, scenario_of
from sandbox.guest.kernels import find_kernel
from sandbox.guest.trial import Trial
from sandbox.scenario.checks import Check, differs

ROOT = Path(__file__).parent.parent.parent

guest_test = [pytest.mark.live, pytest.mark.guest]

WORDS = f"{MACHINES['q35']} {TWO_NODES} -numa node {DEVICE} {initiators((2,))}".split()


def run(capsys, *words):
    status = main(["guest", "--boot", *words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--arch", "arm64"], "the machine is x86, its guest cannot be arm64"),
        (["--kernel", "5.4"], "no kernel 5.4 in"),
        (["--kernel-image", "absent"], "no kernel image absent"),
        (["--kernel-image", "/"], "/ is a folder, and a kernel image is a file"),
        (["--qemu", "absent-program"], "no absent-program on PATH"),
        (["--qemu", "'"], "words as for a shell"),
    ],
)
def test_wrong_input_is_said_in_one_line(capsys, monkeypatch, tmp_path, words, message):
    folder = tmp_path / "guest" / "x86"
    for part in ("busybox/busybox", "6.12/vmlinuz"):
        (folder / part).parent.mkdir(parents=True)
        (folder / part).touch()
    monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
    status, _, error = run(capsys, *words, "--", *WORDS)
    assert (status, error.count("\n")) == (2, 1)
    assert message in error


def test_where_nothing_was_fetched_the_remedy_is_said(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
    status, _, error = run(capsys, "--", *WORDS)
    assert status == 2
    assert "make guest-kernels" in error


@pytest.mark.parametrize(("option", "value"), [("--qemu", "q"), ("--kernel-image", "k"), ("--timeout", "1")])
def test_options_of_a_boot_want_one(capsys, option, value):
    assert main(["guest", option, value, "--", *WORDS]) == 2
    assert capsys.readouterr().err == f"{option} is about a boot: give --boot too\n"


def test_a_wrong_forecast_is_told_and_the_console_kept(capsys, monkeypatch, tmp_path):
    given = given_by(scenario_of(WORDS, "10.0"))
    machine = facts_of(given.machine)
    foretold = forecast(given.tables, machine, find_kernel("x86", "6.12"), given.origins, given.declared)
    checks = (
        Check("outcome"),
        differs("has_generic_initiator", '"2"', '"3"'),
        differs("node 2 distances", "[1]", "[]"),
    )
    booted = Boot("boots", GuestView("6.12.9", "x86_64", {}, {}, ()), None, "Linux version 6.12.9", (), {}, (), 4.2)
    monkeypatch.setattr(
        "sandbox.guest.boot.guest_kernel", lambda *_, **__: GuestKernel("x86", "6.12", tmp_path, tmp_path)
    )
    monkeypatch.setattr(
        "sandbox.guest.trial.try_guest", lambda *_, **__: Trial(foretold, machine, booted, checks, "10.0.2")
    )
    monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
    status, text, error = run(capsys, "--qemu", "true", "--", *WORDS)
    assert status == 1
    lines = text.splitlines()
    assert "booted: Linux 6.12.9 on QEMU 10.0.2, 4.2 s" in lines
    assert [line.split() for line in lines[-3:-1]] == [
        ["differs", "has_generic_initiator", "forecast", '"2"', "guest", '"3"'],
        ["differs", "node", "2", "distances", "forecast", "[1]", "guest", "[]"],
    ]
    assert lines[-1] == "the guest is as forecast in 1 of 3 items"
    (log,) = (tmp_path / "logs").iterdir()
    assert error == f"the guest is not as forecast; its console is in {log}\n"
    assert log.read_text() == "Linux version 6.12.9"
    status, text, _ = run(capsys, "--json", "--qemu", "true", "--", *WORDS)
    found = json.loads(text)
    assert (status, found["passed"], found["boot"]["kernel"]) == (1, False, "6.12.9")
    assert found["checks"][1] == {
        "what": "has_generic_initiator",
        "passed": False,
        "differences": [{"path": "has_generic_initiator", "forecast": '"2"', "guest": '"3"'}],
    }


@pytest.fixture
def needs_x86(guests, qemu_x86):
    guests.needs("x86", "6.12")
    return ["--qemu", " ".join(qemu_x86)]


class TestBoots:
    pytestmark = guest_test

    def test_a_kernel_of_ones_own_is_foretold_by_the_nearest_rules(self, capsys, needs_x86, tmp_path):
        image = str(guest_kernel("x86", "6.12").image)
        tree = tmp_path / "tree"
        status, text, error = run(
            capsys, *needs_x86, "--json", "--kernel-image", image, "--sysfs", str(tree), "--", *WORDS
        )
        assert (status, error) == (0, "")
        found = json.loads(text)
        assert (found["kernel"], found["outcome"], found["has_generic_initiator"]) == ("6.12", "boots", "2")
        seen = found["boot"]
        assert (seen["online"], seen["has_generic_initiator"]) == ("0-2", "2")
        assert seen["kernel"].startswith("6.12.")
        assert found["passed"]
        assert {"online", "node 2 distances", "pci 0000:00:04.0 numa_node", "srat"} <= {
            check["what"] for check in found["checks"] if check["passed"]
        }
        assert found["boot"]["notes"] == [
            f"the rules of Linux 6.12 as Debian configures it are taken for Linux {seen['kernel']}"
        ]
        assert (tree / "sys/devices/system/node/has_generic_initiator").read_text() == "2\n"

    def test_a_panic_is_foretold_and_seen(self, capsys, needs_x86, tmp_path):
        made = Sandbox(WORDS).tables().srat
        (tmp_path / "srat.dat").write_bytes(cut_last_length(made))
        status, text, error = run(capsys, *needs_x86, "--tables", str(tmp_path), "--", *WORDS)
        assert (status, error) == (0, "")
        lines = text.splitlines()
        assert lines[1].startswith("the guest panics: SRAT is rejected")
        assert any("panic" in line.lower() for line in lines[lines.index("") + 1 :])
        assert any(line.split() == ["SRAT", f"{len(made)}", "bytes"] for line in lines)
        assert lines[-1].startswith("the guest is as forecast in all")

    def test_a_silent_guest_is_no_answer_and_its_console_is_kept(self, capsys, needs_x86, monkeypatch, tmp_path):
        kernel = guest_kernel("x86", "6.12")
        monkeypatch.setattr("sandbox.guest.boot.guest_kernel", lambda *_, **__: kernel)
        monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
        status, text, error = run(capsys, *needs_x86, "--json", "--timeout", "0.5", "--", *WORDS)
        assert status == 3
        (log,) = (tmp_path / "logs").iterdir()
        assert json.loads(text)["console"] == str(log)
        assert f"its console is in {log}" in error

    @pytest.mark.usefixtures("needs_x86")
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_the_guest_too(self, qemu_x86, number, tmp_path):
        program, note = tmp_path / "qemu", tmp_path / "pid"
        noted = f'case "$*" in *-kernel*) echo $$ > {note};; esac'
        program.write_text(f'#!/bin/sh\n{noted}\nexec {shlex.join(qemu_x86)} "$@"\n')
        program.chmod(0o755)
        command = [sys.executable, "-m", "sandbox.cli", "guest", "--boot", "--qemu", str(program), "--", *WORDS]
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
            deadline = time.monotonic() + 30
            while not note.exists() or not note.read_text():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(number)
            assert process.wait(20) == 128 + number
        status = Path(f"/proc/{int(note.read_text())}/stat")
        assert not status.exists() or status.read_text().split()[2] == "Z"
        assert not list(tmp_path.glob("qom-*"))
