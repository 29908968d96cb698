"""The command's streams: a stdout that cannot show a character, cannot be written or is closed, and standard input."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "scenarios" / "grace-hopper-mig.yaml"
TEXT = "name: a — b\ncommand-line: -M q35\n"
MACHINE = ["--", "-M", "q35", "-m", "512"]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
FULL = Path("/dev/full")


def run(*words, shell="", environment=None, data=None):
    """Run the command; what ``shell`` says stands behind it, as a redirection of a shell."""
    command = ["sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-m", "sandbox.cli", *map(str, words)]
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=ROOT, input=data or b"", capture_output=True, check=False, env=environment)
    assert b"Traceback" not in done.stderr, done.stderr
    assert b"Exception ignored" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("environment", [ASCII, LATIN], ids=["ascii", "latin-1"])
def test_a_character_that_the_encoding_has_not_is_escaped(tmp_path, environment):
    scenario = tmp_path / "u.yaml"
    scenario.write_text(TEXT, encoding="utf-8")
    status, text, error = run("replay", scenario, environment=environment)
    assert (status, error) == (0, "")
    assert text.startswith(f"{scenario}: a \\u2014 b\n")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "words",
    [["guest", *MACHINE], ["guest", "--json", "--", "-M", "foo"], ["--version"], ["--help"], ["guest", "--help"]],
    ids=" ".join,
)
def test_output_that_finds_no_room_is_an_error_on_stderr(words):
    status, _, error = run(*words, shell=">/dev/full")
    assert status == 2
    assert error.startswith("standard output cannot be written: No space left on device\n")


def test_a_closed_stdout_is_an_error_on_stderr():
    status, _, error = run("guest", *MACHINE, shell=">&-")
    assert (status, error) == (2, "standard output cannot be written: Bad file descriptor\n")


@pytest.mark.parametrize(
    "shell",
    ["2>&-", pytest.param("2>/dev/full", marks=pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full"))],
)
def test_without_stderr_the_status_stays_and_no_message_strays_into_stdout(shell):
    assert run("tables", "--", "-M", "foo", shell=shell) == (1, "", "")
    assert run("lnit", shell=shell) == (2, "", "")


def test_a_reader_that_has_seen_enough_is_no_error():
    script = 'set -o pipefail; "$@" | head -c 1'
    command = ["bash", "-c", script, "bash", sys.executable, "-m", "sandbox.cli", "schema"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")


@pytest.mark.parametrize(
    "words",
    [["lint"], ["guest"], ["translate", "--to", "10.0"], ["export", "--as", "args"]],
    ids=lambda words: words[0],
)
def test_a_dash_is_standard_input_and_gives_what_the_file_does(words):
    status, text, error = run(*words, MISSION)
    assert text
    named = (status, text.replace(str(MISSION), "-"), error)
    assert run(*words, "-", data=MISSION.read_bytes()) == named


def test_a_dash_is_standard_input_where_tables_are_read(tmp_path):
    run("tables", "-o", tmp_path, MISSION)
    data = (tmp_path / "srat.dat").read_bytes()
    assert "456 bytes, checksum valid" in run("show", "-", data=data)[1]
    assert run("diff", tmp_path / "srat.dat", "-", data=data)[0] == 0
    assert "GI601" in run("lint", "--tables", "-", data=data)[1]


@pytest.mark.parametrize(
    ("words", "data", "message"),
    [
        (["replay", "-"], b"\xff", "-: not UTF-8 at byte 0"),
        (["replay", "-"], b"name: x\nfoo: 1\n", "-:2:1: "),
        (["diff", "-", "-"], b"", "standard input can be read only once: give '-' in one place"),
        (["export", "--as", "yaml", "-", "--distances-from", "-", "--map", "0=0"], b"", "read only once"),
    ],
)
def test_wrong_standard_input_is_wrong_input(words, data, message):
    status, _, error = run(*words, data=data)
    assert status == 2
    assert message in error


def test_a_closed_standard_input_is_wrong_input():
    status, _, error = run("replay", "-", shell="<&-")
    assert (status, error) == (2, "-: Bad file descriptor\n")
