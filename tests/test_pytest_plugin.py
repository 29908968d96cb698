"""The pytest plugin, tried on a small test suite of somebody else's."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

SUITE = """
import json, socket, pytest

from sandbox.errors import QemuError
from sandbox.qmp.client import PeerGone

MACHINE = ("-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
           "-device pci-testdev,id=dev0")
GI = {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1}


@pytest.mark.qom_sandbox(MACHINE, dialect="10.0")
def test_path(qom_sandbox_path):
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(qom_sandbox_path)
        assert json.loads(connected.recv(4096))["QMP"]["version"]["qemu"]["major"] == 10


@pytest.mark.qom_sandbox(MACHINE, dialect="10.0")
def test_client(qom_sandbox_client):
    qom_sandbox_client.execute("object-add", GI)
    with pytest.raises(QemuError, match="duplicate property"):
        qom_sandbox_client.execute("object-add", GI)


def test_default(qom_sandbox_client):
    assert qom_sandbox_client.execute("query-status") == {"status": "running", "running": True}


def test_several(qom_sandbox):
    left, right = qom_sandbox(MACHINE, dialect="10.0", monitors=2), qom_sandbox(MACHINE.split(), dialect="v2")
    client = left.client()
    before = left.tables().srat
    client.execute("object-add", GI)
    client.execute("system_reset")
    assert len(left.tables().srat) == len(before) + 32
    assert left.client(1).execute("query-status")
    with pytest.raises(PeerGone):
        client.execute("object-add", GI | {"id": "k", "node": 128})
    assert left.wait().stderr == "acpi-generic-initiator: Invalid NUMA node specified"
    assert right.client().execute("query-status")
"""

UNUSED = """
import sys

def test_nothing_is_loaded():
    assert [name for name in sys.modules if name.startswith(("sandbox.", "qom_types"))] == ["sandbox.pytest_plugin"]
    assert "asyncio" not in sys.modules
"""


def run(folder: Path, text: str) -> str:
    (folder / "test_it.py").write_text(text)
    words = ["-m", "pytest", "-q", "-W", "error", "--strict-markers", "-p", "sandbox.pytest_plugin", "-p", "no:asyncio"]
    done = subprocess.run(
        [sys.executable, *words, "-p", "no:anyio", "-p", "no:hypothesispytest", f"--rootdir={folder}", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_a_suite_gets_its_sandboxes(tmp_path: Path):
    assert "4 passed" in run(tmp_path, SUITE)


def test_a_suite_that_uses_none_pays_nothing(tmp_path: Path):
    assert "1 passed" in run(tmp_path, UNUSED)
