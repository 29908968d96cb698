"""Starting, watching and ending programs that are no QEMU, or a QEMU that misbehaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sandbox.errors import InputError, MachineExit
from sandbox.live import Limits, LiveError, LiveExit, LiveTimeout, SocketRoot, qemu_version, start
from sandbox.live.endpoints import Endpoints
from sandbox.live.machine import machine_exit
from sandbox.live.process import STDERR_LIMIT, Child, Tail

NOT_LIVE = "the programs that are started are small scripts of the tests"

ROOT = Path(__file__).parent.parent.parent
QUICK = Limits(start=0.4, reply=0.4, end=0.5)
PATIENT = Limits(start=20, reply=0.4, end=0.5)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def ended(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its status yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def wait_for(path: Path) -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.01)
    raise TimeoutError(path)


@pytest.fixture
def root(tmp_path):
    """Where sockets go; it must be empty when the test is over."""
    directory = tmp_path / "sockets"
    directory.mkdir()
    yield SocketRoot(directory, str(directory))
    assert list(directory.iterdir()) == []


@pytest.fixture
def fake_qemu(tmp_path):
    """Makes a program that connects to both sockets as QEMU does, as ``qtest`` and ``qmp``, and then runs ``body``."""

    def make(body: str) -> list[str]:
        script = tmp_path / "fake.py"
        prologue = """
            import os, socket, sys, time
            def connect(option):
                connected = socket.socket(socket.AF_UNIX)
                connected.connect(sys.argv[sys.argv.index(option) + 1].removeprefix("unix:"))
                return connected
            qtest, qmp = connect("-qtest"), connect("-qmp")
        """
        script.write_text(textwrap.dedent(prologue) + textwrap.dedent(body))
        return [sys.executable, str(script)]

    return make


GREET = """\
lines = qmp.makefile("w")
print('{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""}, "capabilities": []}}',
      file=lines, flush=True)
def answer(value):
    import json
    print(json.dumps({"return": value, "id": json.loads(qmp.recv(4096))["id"]}), file=lines, flush=True)
qmp.recv(4096)
print('{"return": {}}', file=lines, flush=True)
"""


def test_a_missing_program_is_wrong_input(root):
    with pytest.raises(InputError, match="cannot run /no/such/qemu: No such file or directory"):
        start(["/no/such/qemu"], [], socket_root=root)


def test_a_qemu_in_the_background_is_wrong_input(root):
    with pytest.raises(InputError, match="-daemonize"):
        start(["qemu-system-x86_64"], ["-daemonize"], socket_root=root)


def test_a_program_that_never_connects_is_given_up_and_ended(root, tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(LiveTimeout, match=r"0\.4 s: starting") as caught:
        start(["sh", "-c", f"echo $$ > {note}; echo waiting >&2; exec sleep 60"], [], socket_root=root, limits=QUICK)
    assert caught.value.stderr == "waiting"
    assert gone(int(wait_for(note)))


def test_a_program_that_ends_early_gives_status_and_stderr(root):
    began = time.monotonic()
    with pytest.raises(LiveExit) as caught:
        start(["sh", "-c", "echo first >&2; echo last >&2; exit 3"], [], socket_root=root)
    assert time.monotonic() - began < 5
    assert (caught.value.status, caught.value.stderr, caught.value.doing) == (3, "first\nlast", "starting")
    assert str(caught.value) == "QEMU ended with status 3: starting\nfirst\nlast"


def test_of_a_flood_on_stderr_the_end_is_kept(root):
    flood = "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the reason >&2; exit 1"
    with pytest.raises(LiveExit) as caught:
        start(["sh", "-c", flood], [], socket_root=root)
    assert len(caught.value.stderr) <= STDERR_LIMIT
    assert caught.value.stderr.endswith("xxxthe reason")


def test_an_endless_flood_on_stderr_does_not_stop_the_clock(root):
    with pytest.raises(LiveTimeout) as caught:
        start(["sh", "-c", "exec yes flood >&2"], [], socket_root=root, limits=QUICK)
    assert len(caught.value.stderr) <= STDERR_LIMIT


def test_bytes_on_stderr_that_are_no_text_are_escaped(root):
    with pytest.raises(LiveExit) as caught:
        start(["sh", "-c", "printf 'a\\377b' >&2; exit 1"], [], socket_root=root)
    assert caught.value.stderr == "a\\xffb"


def test_a_qemu_that_does_not_greet_is_given_up(root, fake_qemu):
    with pytest.raises(LiveTimeout, match="the QMP greeting"):
        start(fake_qemu("time.sleep(60)"), [], socket_root=root, limits=Limits(start=1.5, end=0.5))


def test_a_peer_that_speaks_no_qmp_is_an_error(root, fake_qemu):
    with pytest.raises(LiveError, match="not QMP") as caught:
        start(fake_qemu("qmp.sendall(b'hello\\n'); time.sleep(60)"), [], socket_root=root, limits=PATIENT)
    assert not isinstance(caught.value, LiveExit | LiveTimeout)


def test_a_qemu_that_ends_in_the_greeting_has_ended(root, fake_qemu):
    with pytest.raises(LiveExit) as caught:
        start(fake_qemu("print('no memory', file=sys.stderr); sys.exit(7)"), [], socket_root=root, limits=PATIENT)
    assert (caught.value.status, caught.value.stderr) == (7, "no memory")


def test_a_command_without_reply_is_given_up(root, fake_qemu):
    with start(fake_qemu(GREET + "\ntime.sleep(60)"), [], socket_root=root, limits=PATIENT) as session:
        with pytest.raises(LiveTimeout, match=r"0\.4 s: query-status"):
            session.execute("query-status")
        pid = session.pid
    assert gone(pid)


def test_a_reset_that_is_never_made_is_given_up(root, fake_qemu):
    body = GREET + "\nanswer({})\ntime.sleep(60)"
    with (
        start(fake_qemu(body), [], socket_root=root, limits=PATIENT) as session,
        pytest.raises(LiveTimeout, match="system_reset"),
    ):
        session.reset()


def test_a_qtest_without_answer_is_given_up(root, fake_qemu):
    with (
        start(fake_qemu(GREET + "\ntime.sleep(60)"), [], socket_root=root, limits=PATIENT) as session,
        pytest.raises(LiveTimeout, match="qtest inb 0x511"),
    ):
        session.qtest.inb(0x511)


def test_a_socket_that_closes_while_qemu_lives_is_not_an_end(root, fake_qemu, monkeypatch):
    monkeypatch.setattr("sandbox.live.session.LAST_WORDS_SECONDS", 0.2)
    body = GREET + "\nqmp.shutdown(socket.SHUT_RDWR)\ntime.sleep(60)"
    with (
        pytest.raises(LiveError, match="closed the QMP connection") as caught,
        start(fake_qemu(body), [], socket_root=root, limits=PATIENT) as session,
    ):
        session.execute("query-status")
    assert not isinstance(caught.value, LiveExit)


def test_an_unknown_target_is_an_error(root, fake_qemu):
    body = GREET + "\nanswer({'arch': 'riscv64'})\ntime.sleep(60)"
    with (
        start(fake_qemu(body), [], socket_root=root, limits=PATIENT) as session,
        pytest.raises(LiveError, match="riscv64 machine: known are x86_64, i386, aarch64, arm"),
    ):
        session.fw_cfg()


def test_a_kvm_that_fails_is_no_end_of_the_machine():
    said = "qemu-system-x86_64: target/i386/kvm/kvm.c:3849: kvm_buf_set_msrs: Assertion `ret == 1' failed."
    with pytest.raises(LiveError, match="KVM fails on this host: compare without it"), machine_exit():
        raise LiveExit(-signal.SIGABRT, said)
    with pytest.raises(MachineExit), machine_exit():
        raise LiveExit(1, said)
    with pytest.raises(MachineExit), machine_exit():
        raise LiveExit(-signal.SIGABRT, "Bail out!")


def test_a_program_that_ignores_the_signal_is_killed():
    child = Child(["sh", "-c", "trap '' TERM; echo ready >&2; while :; do sleep 0.05; done"])
    while child.stderr() != "ready":
        time.sleep(0.01)
    assert child.stop(0.2) == -signal.SIGKILL
    assert gone(child.pid)


def test_an_interrupt_before_a_program_is_there_stays_one(monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "_execute_child", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Child(["true"])


def test_what_a_program_has_written_is_told_before_the_thread_that_drains_its_pipe_gets_to_run(monkeypatch):
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb", buffering=0) as written:
        tail = Tail(pipe, 8)
        written.write(b"old warning\n")
        assert tail.text() == "warning"
        assert tail.text() == "warning"
        written.write(b"more\n")
        assert tail.text() == "ng\nmore"


def test_a_program_ends_even_with_one_that_is_killed(tmp_path):
    note = tmp_path / "pid"
    ours = f"""import time
from sandbox.live.process import Child
child = Child(["sh", "-c", "echo $$ > {note}; exec sleep 60"])
time.sleep(60)"""
    starter = subprocess.Popen([sys.executable, "-c", ours], cwd=ROOT)
    program = int(wait_for(note))
    starter.kill()
    starter.wait()
    deadline = time.monotonic() + 5
    while not ended(program):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_helpers_that_a_program_leaves_behind_are_ended(tmp_path):
    note = tmp_path / "pid"
    child = Child(["sh", "-c", f"sleep 60 & echo $! > {note}; exit 4"])
    helper = int(wait_for(note))
    assert child.wait(5) == 4
    assert child.stop(0.2) == 4
    deadline = time.monotonic() + 5
    while not ended(helper):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_path_too_long_for_a_socket_is_wrong_input(tmp_path):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with pytest.raises(InputError, match="cannot listen in"):
        Endpoints(("qmp",), SocketRoot(deep, "/run"))
    assert list(deep.iterdir()) == []


def test_a_socket_root_that_does_not_exist_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match="no directory for QEMU's sockets"):
        Endpoints(("qmp",), SocketRoot(tmp_path / "none", "/run"))


def test_qemu_is_told_the_path_that_it_sees(tmp_path):
    with Endpoints(("qmp",), SocketRoot(tmp_path, "/run/a,b/")) as endpoints:
        assert endpoints.option("qmp") == f"unix:/run/a,,b/{endpoints.directory.name}/qmp"
        assert endpoints.directory.stat().st_mode & 0o777 == 0o700


def test_a_version_is_read_from_what_the_program_says(tmp_path):
    script = tmp_path / "qemu"
    script.write_text("#!/bin/sh\necho 'QEMU emulator version 9.2.50 (v9.2.0-1234)'\n")
    script.chmod(0o755)
    assert qemu_version([str(script)]) == (9, 2, 50)
    with pytest.raises(LiveError, match="is no QEMU"):
        qemu_version(["true"])
    with pytest.raises(InputError, match="cannot run /no/such/qemu"):
        qemu_version(["/no/such/qemu"])
