"""``qom-sandbox serve`` and ``shell`` as processes: what they say, how they end, and many clients at once."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from qmp_cases import HELD, MACHINE

from sandbox.qmp.client import PeerGone, QmpClient
from sandbox.scenario.load import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
CLI: Final = (sys.executable, "-m", "sandbox.cli")
KILLER: Final = {"qom-type": "acpi-generic-initiator", "id": "k", "pci-dev": "dev0", "node": 128}
MONITORS: Final = 8
COMMANDS: Final = int(os.environ.get("QMP_COMMANDS", "1000"))
"""How many commands each of the monitors is sent at once; the full measure is 10000."""

WARM_UP: Final = 3
"""Rounds after which the buffers of all clients have had their largest size."""

GROWTH_KIB: Final = 2048


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qom-") as made:
        yield Path(made)


@contextmanager
def serving(folder: Path, *options: str, monitors: int = 1, machine: str = HELD) -> Iterator[subprocess.Popen[str]]:
    """The command in a process, once it listens."""
    listen = [word for number in range(monitors) for word in ("--qmp", f"unix:{folder}/{number}")]
    process = subprocess.Popen(
        [*CLI, "serve", "--dialect", "10.0", *listen, *options, "--", *machine.split()],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first.startswith("QMP on unix:"), first
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def last_words(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, stderr = process.communicate(timeout=30)
    return process.returncode, stderr


def test_serve_ends_with_qemus_message_and_status(folder: Path) -> None:
    with serving(folder) as process, QmpClient(f"unix:{folder}/0") as client:
        with pytest.raises(PeerGone):
            client.execute("object-add", KILLER)
        assert last_words(process) == (1, "acpi-generic-initiator: Invalid NUMA node specified\n")
    assert list(folder.iterdir()) == []


def test_serve_ends_with_status_0_when_it_is_told_to_quit(folder: Path) -> None:
    with serving(folder) as process, QmpClient(f"unix:{folder}/0") as client:
        client.execute("quit")
        assert last_words(process) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_serve_cleanly_and_clients_hear_of_it(folder: Path, number: signal.Signals) -> None:
    with serving(folder) as process, QmpClient(f"unix:{folder}/0") as client:
        process.send_signal(number)
        assert client.wait_event("SHUTDOWN")["data"] == {"guest": False, "reason": "host-signal"}
        assert last_words(process) == (0, f"qemu-system-x86_64: terminating on signal {int(number)}\n")
    assert list(folder.iterdir()) == []


def test_serve_writes_what_clients_did_as_a_scenario_that_replays(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "done.yaml"
    with serving(folder, "--record", str(file), machine=MACHINE) as process, QmpClient(f"unix:{folder}/0") as client:
        client.execute("query-version")
        client.execute("object-add", KILLER | {"id": "gi0", "node": 1})
        client.message({"execute": "object-add", "arguments": KILLER | {"id": "gi0", "node": 1}})
        client.execute("qom-list", {"path": "/objects"})
        client.execute("x-sandbox-tables")
        client.execute("system_reset")
        client.execute("object-add", KILLER | {"id": "gi9", "node": 9})
        client.execute("system_reset")
        assert last_words(process) == (1, "acpi-generic-initiator: Specified node 9 is invalid.\n")
    done = subprocess.run([*CLI, "replay", "--json", str(file)], cwd=ROOT, capture_output=True, text=True, check=True)
    (replayed,) = json.loads(done.stdout)
    assert replayed["passed"]
    sent = [record["sent"]["execute"] for record in replayed["records"] if record["sent"]]
    assert sent == [
        "query-version", "object-add", "object-add", "qom-list", "system_reset", "object-add", "system_reset",
    ]  # fmt: skip
    assert "package" not in file.read_text()


def test_a_recording_outlives_a_server_that_is_killed(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "done.yaml"
    with serving(folder, "--record", str(file)) as process, QmpClient(f"unix:{folder}/0") as client:
        client.execute("object-add", KILLER | {"id": "gi0", "node": 1})
        client.execute("query-status")
        process.send_signal(signal.SIGKILL)
        process.wait()
    steps = load_scenario(file.read_text(), "done.yaml").steps
    assert [step.command.name for step in steps if step.command] == ["object-add", "query-status"]


def test_the_lives_of_a_machine_have_files_of_their_own(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "done.yaml"
    with serving(folder, "--record", str(file), "--keep") as process:
        for command in ("query-name", "query-uuid"):
            with QmpClient(f"unix:{folder}/0") as client:
                client.execute(command)
                with pytest.raises(PeerGone):
                    client.execute("object-add", KILLER)
        with QmpClient(f"unix:{folder}/0") as client:
            client.execute("quit")
        assert last_words(process)[0] == 0
    lives = [load_scenario(path.read_text(), path.name).steps for path in sorted(tmp_path.iterdir())]
    names = [[step.command.name for step in steps if step.command] for steps in lives]
    assert names == [["query-uuid", "object-add"], ["quit"], ["query-name", "object-add"]]
    assert all(steps[-1].exit is not None for steps in lives)


def test_a_machine_that_a_reset_ends_is_kept_as_well(folder: Path) -> None:
    with serving(folder, "--keep", machine=f"{HELD} -no-reboot") as process:
        for _ in range(2):
            with QmpClient(f"unix:{folder}/0") as client:
                assert client.execute("system_reset") == {}
                with pytest.raises(PeerGone):
                    client.wait_event("RESET")
        with QmpClient(f"unix:{folder}/0") as client:
            client.execute("quit")
        assert last_words(process) == (0, "")


def test_serve_traces_the_wire(folder: Path) -> None:
    with serving(folder, "--trace") as process, QmpClient(f"unix:{folder}/0") as client:
        client.execute("quit")
        traced = last_words(process)[1].splitlines()
    assert traced[0].startswith(f'unix:{folder}/0 #1 < {{"QMP": ')
    assert traced[1] == f'unix:{folder}/0 #1 > {{"execute": "qmp_capabilities"}}'
    assert f'unix:{folder}/0 #1 > {{"execute": "quit"}}' in traced


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("serve --qmp unix:/x/y -- -M q35", 2, "cannot listen on unix:/x/y: No such file or directory\n"),
        ("serve --qmp nothing -- -M q35", 2, "'nothing' is no address: write unix:PATH, tcp:HOST:PORT or tcp:PORT\n"),
        ("serve --qmp tcp:0", 2, "give QEMU's arguments after '--'\n"),
        ("shell", 2, "give QEMU's arguments after '--'\n"),
        ("serve --qmp tcp:0 --dialect 1.0 -- -M q35", 2, "dialect '1.0'"),
        ("serve --qmp tcp:0 -- -M q35 -device foo", 1, "foo"),
    ],
)
def test_wrong_input_is_said_without_a_traceback(words: str, status: int, said: str) -> None:
    done = subprocess.run([*CLI, *words.split()], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def in_shell(folder: Path, machine: str, typed: str) -> subprocess.CompletedProcess[str]:
    """Type into a shell on a machine; its history goes into a folder."""
    return subprocess.run(
        [*CLI, "shell", "--dialect", "10.0", "--", *shlex.split(machine)],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"HOME": str(folder)},
    )


def test_shell_shows_the_tables_change_and_lives_on_when_the_machine_ends(folder: Path) -> None:
    pytest.importorskip("qemu.qmp", reason="needs the library qemu.qmp: pip install qemu.qmp")
    add = "object-add qom-type=acpi-generic-initiator id=gi0 pci-dev=dev0 node="
    typed = f"{add}1\nsystem_reset\nobject-del id=gi0\n{add}128\nobject-del id=gi0\n"
    done = in_shell(folder, MACHINE, typed)
    assert done.returncode == 0
    assert done.stdout.count('{"return": {}}') == 3
    assert done.stdout.count("Connected to QEMU 10.0.2") == 2
    assert "object 'gi0' not found" in done.stdout
    assert "QEMU would have ended: acpi-generic-initiator: Invalid NUMA node specified" in done.stderr
    readings = done.stderr.split("firmware has read these tables:\n")[1:]
    assert ["1 Generic Initiator" in reading for reading in readings] == [False, True, False]


@pytest.mark.parametrize("typed", ["quit\n", "quit\nquery-status\n", "system_reset\nquery-status\nquit\n"])
def test_quit_ends_the_shell_without_a_traceback(folder: Path, typed: str) -> None:
    pytest.importorskip("qemu.qmp", reason="needs the library qemu.qmp: pip install qemu.qmp")
    done = in_shell(folder, f"{HELD} -no-reboot", typed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Connected to QEMU 10.0.2") == 1 + typed.count("system_reset")


def resident_kib(process: subprocess.Popen[str]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def ask_many(path: str, monitor: int, wrong: list[object]) -> None:
    """Send many commands at once, each with an id of its own; note what does not come back as it should."""
    kinds = (
        '{"execute": "query-status", "id": "%s"}',
        '{"execute": "qom-list", "arguments": {"path": "/objects"}, "id": "%s"}',
        '{"execute": "nope", "id": "%s"}',
        '{"execute": "object-del", "arguments": {"id": "zz"}, "id": "%s"}',
    )
    with socket.socket(socket.AF_UNIX) as connected:
        connected.settimeout(60)
        connected.connect(path)
        lines = connected.makefile("rb")
        lines.readline()
        data = "".join(kinds[number % 4] % f"{monitor}.{number}" for number in range(COMMANDS))
        sender = threading.Thread(target=connected.sendall, args=(b'{"execute":"qmp_capabilities"}' + data.encode(),))
        sender.start()
        lines.readline()
        for number in range(COMMANDS):
            reply = json.loads(lines.readline())
            if reply.pop("id", None) != f"{monitor}.{number}" or ("return" in reply) is not (number % 4 < 2):
                wrong.append((monitor, number, reply))
        sender.join()
        lines.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_no_reply_of_many_monitors_is_lost_or_crossed_and_memory_stays_flat(folder: Path) -> None:
    wrong: list[object] = []
    sizes = []
    with serving(folder, monitors=MONITORS) as process:
        for _ in range(WARM_UP + 3):
            clients = [
                threading.Thread(target=ask_many, args=(f"{folder}/{number}", number, wrong))
                for number in range(MONITORS)
            ]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            sizes.append(resident_kib(process))
    assert wrong == []
    assert max(sizes[WARM_UP:]) - sizes[WARM_UP - 1] < GROWTH_KIB, sizes
