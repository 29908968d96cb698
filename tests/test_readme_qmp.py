"""What the README and docs/qmp.md say about QMP is what a reader gets."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sandbox.monitor.qemu_commands import QEMU_COMMANDS
from sandbox.monitor.table import PLACES, SESSION
from sandbox.qmp.client import QmpClient
from sandbox.qmp.own_commands import OWN_COMMANDS
from sandbox.qmp.thread import ServerThread

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = (ROOT / "docs" / "qmp.md").read_text(encoding="utf-8")

ATTACH = """
import json, socket, threading
import pytest

def attach(path, device, node):
    "The code under test, which gives the node as a text."
    with socket.socket(socket.AF_UNIX) as qmp:
        qmp.connect(path)
        qmp.recv(4096)
        members = {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": device, "node": str(node)}
        for command, arguments in (("qmp_capabilities", {}), ("object-add", members)):
            qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
            reply = json.loads(qmp.recv(4096))
            assert "error" not in reply, reply["error"]["desc"]

"""


def block(start: str) -> str:
    found = re.search(rf"^    {re.escape(start)}.*?(?=\n\n\S|\Z)", README, re.DOTALL | re.MULTILINE)
    assert found is not None, start
    return textwrap.dedent(found[0])


def run_suite(folder: Path, text: str) -> str:
    (folder / "test_it.py").write_text(ATTACH + text)
    words = ["-p", "sandbox.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words, f"--rootdir={folder}", str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_the_mock_lets_a_mistake_pass_and_the_sandbox_does_not(tmp_path):
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    assert "1 passed" in run_suite(tmp_path / "before", block("class FakeQmp"))
    after = run_suite(tmp_path / "after", block('MACHINE = ("-M q35'))
    assert "1 failed" in after
    assert "Parameter 'node' expects uint64" in after


def test_the_conversation_by_hand_is_the_real_one():
    serve, _, greeting, *lines = block("$ qom-sandbox serve").splitlines()
    words = shlex.split(serve.rstrip(" &"))[2:]
    arguments = words[words.index("--") + 1 :]
    with ServerThread(arguments, ["tcp:0"], dialect=words[words.index("--dialect") + 1]) as server:
        client = QmpClient(server.addresses[0], negotiate=False)
        assert json.dumps(client.greeting) == greeting
        assert [json.dumps(client.message(json.loads(sent))) for sent in lines[::2]] == lines[1::2]
        client.close()


def test_the_shell_shows_what_the_readme_shows(tmp_path):
    pytest.importorskip("qemu.qmp", reason="needs the library qemu.qmp: pip install qemu.qmp")
    command, *lines = block("$ qom-sandbox shell").replace("\\\n", " ").splitlines()
    typed = [line.removeprefix("(QEMU) ") for line in lines if line.startswith("(QEMU) ")]
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *shlex.split(command)[2:]],
        cwd=ROOT,
        input="".join(f"{line}\n" for line in typed),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    said = done.stdout + done.stderr
    shown = [line for line in lines if line != "..." and not line.startswith("(QEMU) ")]
    assert len(shown) > 2
    assert [line for line in shown if line not in said] == []


def test_every_command_of_qemu_is_said_to_be_answered_or_not():
    answered, missing = (
        set(re.findall(r"`([a-zA-Z0-9_-]+)`", part[0]))
        for part in (
            re.findall(r"These are answered:\n\n(.*?)\n\n", DOCS, re.DOTALL),
            re.findall(r"QEMU's other commands get CommandNotFound.*?:\n\n(.*?)\n\n", DOCS, re.DOTALL),
        )
    )
    assert answered == {*PLACES, SESSION}
    assert missing == QEMU_COMMANDS - answered
    assert set(re.findall(r"^- `(x-[a-z-]+)`", DOCS, re.MULTILINE)) == set(OWN_COMMANDS)
    assert "(docs/qmp.md)" in README
