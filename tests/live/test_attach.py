"""Attaching to VMs that were started by other means."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from firmware_machines import dialect_of, find_edk2, initiator, node_words, predicted

from sandbox.live import LiveError, LiveTables
from sandbox.live.attach import AttachedVm, attach
from sandbox.live.endpoints import SocketRoot
from sandbox.live.qmp import QmpConnection
from sandbox.live.readonly import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = pytest.mark.live

DEVICES = ["-device", "pcie-root-port,id=rp,chassis=1", "-device", "pci-testdev,id=dev0,bus=rp"]
OBJECTS = ["-object", "acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1"]
OBJECTS += ["-object", "acpi-generic-initiator,id=gi1,pci-dev=dev0,node=2"]
PATIENCE = 20.0


def words(family: str = "q35") -> list[str]:
    return [*node_words(family, nodes=3), *DEVICES, *OBJECTS, "-display", "none"]


def monitor_words(path: Path) -> list[str]:
    return ["-qmp", f"unix:{path},server=on,wait=off"]


def listens(path: Path) -> bool:
    """Whether a socket of that path listens (flag 0x10000): its file is there a little earlier."""
    rows = Path("/proc/net/unix").read_text().splitlines()
    return any(row.endswith(f" {path}") and row.split()[3] == "00010000" for row in rows)


@contextmanager
def vm(command: Sequence[str], *, ready: Path | None = None, pass_fds: Sequence[int] = ()) -> Iterator[int]:
    """A QEMU started by plain subprocess; its process id."""
    process = subprocess.Popen(tuple(command), stderr=subprocess.DEVNULL, pass_fds=tuple(pass_fds))
    try:
        deadline = time.monotonic() + PATIENCE
        while ready is not None and not listens(ready) and time.monotonic() < deadline:
            time.sleep(0.01)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def tables_when_there(attached: AttachedVm) -> LiveTables:
    """The tables, waited for: firmware needs its time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return attached.tables()
        except LiveError as error:
            if "no ACPI tables" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_tables_of_a_vm_whose_seabios_ran_are_as_predicted(qemu_x86, tmp_path):
    arguments = [*words(), *monitor_words(tmp_path / "qmp")]
    with vm([*qemu_x86, *arguments], ready=tmp_path / "qmp") as pid, attach(f"unix:{tmp_path / 'qmp'}") as attached:
        assert tables_when_there(attached) == predicted(arguments, dialect_of(qemu_x86))
        assert attached.arguments == tuple(arguments)
        assert attached.peer is not None
        assert (attached.peer.pid, attached.arch, attached.run_state) == (pid, "x86_64", "running")
        assert attached.version >= (9, 2, 0)


def test_tables_of_a_vm_whose_edk2_ran_are_as_predicted(qemu_arm, tmp_path):
    find_edk2()
    arguments = [*words("virt"), *monitor_words(tmp_path / "qmp")]
    with vm([*qemu_arm, *arguments], ready=tmp_path / "qmp"), attach(f"unix:{tmp_path / 'qmp'}") as attached:
        assert attached.arch == "aarch64"
        assert tables_when_there(attached) == predicted(arguments, dialect_of(qemu_arm))


def test_an_object_that_was_changed_over_qmp_is_all_that_differs(qemu_x86, tmp_path):
    arguments = [*words(), *monitor_words(tmp_path / "qmp"), *monitor_words(tmp_path / "other")]
    with vm([*qemu_x86, *arguments], ready=tmp_path / "other"), attach(f"unix:{tmp_path / 'qmp'}") as attached:
        expected = predicted(attached.arguments, dialect_of(qemu_x86))
        assert tables_when_there(attached) == expected
        other = QmpConnection(connect(f"unix:{tmp_path / 'other'}", 5), 5, 5)
        try:
            other.execute("object-del", {"id": "gi1"})
            other.execute(*initiator("gi1", "dev0", 3))
            assert attached.tables() == expected
            other.execute("system_reset")
            deadline = time.monotonic() + PATIENCE
            while (found := tables_when_there(attached)) == expected and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            other.close()
    assert expected.srat is not None
    assert found.srat is not None
    (entry,) = [
        at for at in range(48, len(expected.srat)) if expected.srat[at : at + 8] == bytes.fromhex("0520000102000000")
    ]
    differing = [at for at, (ours, theirs) in enumerate(zip(expected.srat, found.srat, strict=True)) if ours != theirs]
    assert differing == [9, entry + 4]
    assert found.srat[entry + 4] == 3
    assert (found.slit, found.hmat) == (expected.slit, expected.hmat)


def test_a_vm_that_never_ran_is_refused_and_stays_as_it_is(qemu_x86, tmp_path):
    command = [*qemu_x86, *words(), "-S", *monitor_words(tmp_path / "qmp")]
    with vm(command, ready=tmp_path / "qmp"), attach(f"unix:{tmp_path / 'qmp'}") as attached:
        with pytest.raises(LiveError, match="firmware has not installed its tables: the run state is prelaunch"):
            attached.tables()
        assert attached.run_state == "prelaunch"


def test_a_vm_without_firmware_of_use_is_refused(qemu_x86, tmp_path):
    (tmp_path / "idle.bin").write_bytes(b"\xf4" * 0x10000)
    command = [*qemu_x86, "-M", "q35", "-m", "64M", "-display", "none", "-bios", str(tmp_path / "idle.bin")]
    command += monitor_words(tmp_path / "qmp")
    refused = pytest.raises(LiveError, match=r"no ACPI tables are in the VM's memory \(run state running\)")
    with vm(command, ready=tmp_path / "qmp"), attach(f"unix:{tmp_path / 'qmp'}") as attached, refused:
        attached.tables()


def test_a_daemonized_vm_is_found_by_its_listening_socket(qemu_x86, tmp_path):
    arguments = [*words(), "-daemonize", "-pidfile", str(tmp_path / "pid"), *monitor_words(tmp_path / "qmp")]
    subprocess.run([*qemu_x86, *arguments], check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    pid = int((tmp_path / "pid").read_text())
    try:
        with attach(f"unix:{tmp_path / 'qmp'}") as attached:
            assert attached.peer is not None
            assert attached.peer.pid == pid
            assert tables_when_there(attached) == predicted(arguments, dialect_of(qemu_x86))
    finally:
        os.kill(pid, signal.SIGTERM)


def test_a_vm_that_was_handed_its_socket_is_found(qemu_x86, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "qmp"))
        listener.listen(1)
        number = listener.fileno()
        mon = ["-chardev", f"socket,id=m,fd={number},server=on,wait=off", "-mon", "chardev=m,mode=control"]
        with vm([*qemu_x86, *words(), *mon], pass_fds=[number]) as pid, attach(f"unix:{tmp_path / 'qmp'}") as attached:
            assert attached.peer is not None
            assert attached.peer.pid == pid
            assert tables_when_there(attached) == predicted(attached.arguments, dialect_of(qemu_x86))


def test_a_vm_with_a_tcp_monitor_is_found(qemu_x86, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"tcp:127.0.0.1:{free.getsockname()[1]}"
    mon = ["-qmp", f"{where},server=on,wait=off", *monitor_words(tmp_path / "qmp")]
    with vm([*qemu_x86, *words(), *mon], ready=tmp_path / "qmp") as pid, attach(where) as attached:
        assert attached.peer is not None
        assert attached.peer.pid == pid
        assert tables_when_there(attached) == predicted(attached.arguments, dialect_of(qemu_x86))


def test_a_monitor_in_use_is_an_error_that_names_the_remedy(qemu_x86, tmp_path):
    where = f"unix:{tmp_path / 'qmp'}"
    with vm([*qemu_x86, *words(), *monitor_words(tmp_path / "qmp")], ready=tmp_path / "qmp"):
        with attach(where), pytest.raises(LiveError, match=r"another client .* Give the VM a second monitor"):
            attach(where, connect_seconds=0.3)
        with attach(where) as attached:
            assert attached.run_state == "running"


def test_a_human_monitor_is_no_qmp(qemu_x86, tmp_path):
    command = [*qemu_x86, "-M", "q35", "-display", "none", "-monitor", f"unix:{tmp_path / 'hmp'},server=on,wait=off"]
    with vm(command, ready=tmp_path / "hmp"), pytest.raises(LiveError, match="not QMP"):
        attach(f"unix:{tmp_path / 'hmp'}", connect_seconds=2)


def test_a_directory_that_qemu_may_not_write_to_is_an_error_that_says_so(qemu_x86, tmp_path):
    other = SocketRoot(tmp_path, "/nonexistent")
    where = f"unix:{tmp_path / 'qmp'}"
    refused = pytest.raises(LiveError, match=r"QEMU cannot save guest memory into /nonexistent/.*Name a directory")
    with vm([*qemu_x86, *words(), *monitor_words(tmp_path / "qmp")], ready=tmp_path / "qmp"):
        with attach(where, exchange=other) as attached, refused:
            attached.tables()
        assert [path.name for path in tmp_path.iterdir()] == ["qmp"]


def test_a_vm_that_ends_while_attached_is_an_error(qemu_x86, tmp_path):
    command = [*qemu_x86, *words(), *monitor_words(tmp_path / "qmp")]
    with vm(command, ready=tmp_path / "qmp") as pid, attach(f"unix:{tmp_path / 'qmp'}") as attached:
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(LiveError, match="QEMU closed the QMP connection"):
            attached.tables()
    with pytest.raises(LiveError, match="cannot connect"):
        attach(f"unix:{tmp_path / 'qmp'}")
