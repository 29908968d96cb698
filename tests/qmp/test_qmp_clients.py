"""Clients that are not ours: qemu.qmp's library and shell, and a shell script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from qmp_cases import MACHINE

from sandbox.qmp.server import SandboxServer
from sandbox.qmp.thread import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

qmp = pytest.importorskip("qemu.qmp", reason="needs the library qemu.qmp: pip install qemu.qmp")

INITIATOR = {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1}
KILLER = INITIATOR | {"id": "k", "node": 128}


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qom-") as folder:
        yield Path(folder) / "qmp"


async def test_the_library_talks_to_an_embedded_server(path: Path) -> None:
    async with SandboxServer(MACHINE, [f"unix:{path}"], dialect="10.0"):
        client = qmp.QMPClient("test")
        await client.connect(str(path))
        with client.listener("RESET") as resets:
            assert await client.execute("object-add", INITIATOR) == {}
            with pytest.raises(qmp.ExecuteError, match="attempt to add duplicate property 'gi0'"):
                await client.execute("object-add", INITIATOR)
            await client.execute("system_reset")
            assert (await resets.get())["data"] == {"guest": False, "reason": "host-qmp-system-reset"}
        await client.disconnect()


async def test_the_library_sees_a_machine_end_as_it_sees_qemu_end(path: Path) -> None:
    async with SandboxServer(MACHINE, [f"unix:{path}"], dialect="10.0") as server:
        client = qmp.QMPClient("test")
        await client.connect(str(path))
        with pytest.raises(qmp.ExecInterruptedError):
            await client.execute("object-add", KILLER)
        with pytest.raises(EOFError):
            await client.disconnect()
        assert (await server.wait()).status == 1


def test_the_librarys_shell_talks_to_the_server(path: Path) -> None:
    typed = (
        "query-status\nobject-add qom-type=acpi-generic-initiator id=gi0 pci-dev=dev0 node=1\n"
        "object-del id=gi0\nobject-del id=gi0\nnope\n"
    )
    with ServerThread(MACHINE, [f"unix:{path}"], dialect="10.0"):
        done = subprocess.run(
            [sys.executable, "-m", "qemu.qmp.qmp_shell", str(path)],
            input=typed,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
            env=os.environ | {"HOME": str(path.parent)},
        )
    replies = [line.removeprefix("(QEMU) ") for line in done.stdout.splitlines() if line.startswith("(QEMU) {")]
    assert "Connected to QEMU 10.0.2" in done.stdout
    assert replies == [
        '{"return": {"status": "running", "running": true}}',
        '{"return": {}}',
        '{"return": {}}',
        '{"error": {"class": "GenericError", "desc": "object \'gi0\' not found"}}',
        '{"error": {"class": "CommandNotFound", "desc": "The command nope has not been found"}}',
    ]


SCRIPT = """
exec 3<>/dev/tcp/127.0.0.1/$1
read -r greeting <&3; echo "$greeting"
echo '{"execute": "qmp_capabilities"}' >&3; read -r reply <&3; echo "$reply"
echo "{'execute': 'query-status', 'id': 'from bash'}" >&3; read -r reply <&3; echo "$reply"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on PATH")
def test_a_shell_script_talks_to_the_server() -> None:
    with ServerThread(MACHINE, ["tcp:0"], dialect="10.0") as server:
        port = server.addresses[0].rpartition(":")[2]
        done = subprocess.run(["bash", "-c", SCRIPT, "-", port], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.splitlines() == [
        '{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}',
        '{"return": {}}',
        '{"return": {"status": "running", "running": true}, "id": "from bash"}',
    ]
