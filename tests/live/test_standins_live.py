"""Command lines that no test machine could run, made fit for a live QEMU: it starts, and its tables are the user's."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from standin_hosts import NAMES, bare_host, is_for_virt, words_of

from sandbox.app import Sandbox
from sandbox.live import LiveExit, SocketRoot, launch, read_tables
from sandbox.live.prepared import Prepared
from sandbox.live.standins import prepare, probe_host

pytestmark = pytest.mark.live


PATIENCE = 60


@contextmanager
def running(binary, prepared, root=None):
    session = launch(binary, prepared.words, files=prepared.files, socket_root=root)
    try:
        session.connect()
        yield session
    finally:
        session.kill()


def names_of(objects):
    return [found["name"] for found in objects]


def own_tables(words):
    tables = Sandbox(words, dialect="10.0", firmware="none").tables()
    return tables.srat, tables.slit, tables.hmat


@pytest.fixture(params=NAMES)
def line(request, qemu_x86, qemu_arm):
    words = words_of(request.param)
    return words, (qemu_arm if is_for_virt(words) else qemu_x86)


def test_tables_and_objects_are_those_of_the_users_own_command_line(line):
    words, binary = line
    prepared = prepare(words, host=bare_host(), firmware="none")
    with running(binary, prepared) as session:
        found = read_tables(session)
        objects = session.execute("qom-list", {"path": "/objects"})
    assert (found.srat, found.slit, found.hmat) == own_tables(words) == own_tables(prepared.own_words)
    own = Sandbox(prepared.own_words, dialect="10.0", firmware="none")
    assert names_of(objects) == names_of(own.execute("qom-list", {"path": "/objects"}))


def wait_until(found):
    deadline = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def registers(session):
    text = session.execute("human-monitor-command", {"command-line": "info registers"})
    assert isinstance(text, str)
    return text


def bus_behind(session, device):
    (root, *_) = session.execute("query-pci")
    (found,) = (entry for entry in root["devices"] if entry["qdev_id"] == device)
    return found["pci_bridge"]["bus"]["secondary"]


@pytest.mark.parametrize("name", ["nothing-special", "libvirt-on-x86", "proxmox", "a-run-by-hand"])
def test_processors_that_run_without_firmware_halt_at_once(qemu_x86, name):
    prepared = prepare(words_of(name), host=bare_host(), firmware="none", run_state=True)
    with running(qemu_x86, prepared) as session:
        session.execute("cont")
        wait_until(lambda: "HLT=1" in registers(session))
        assert "EIP=0000fff2" in registers(session)
        assert session.execute("query-status") == {"running": True, "status": "running"}


@pytest.mark.parametrize("name", ["a-run-by-hand-on-virt", "grace-hopper"])
def test_processors_of_virt_wait_in_the_first_two_instructions(qemu_arm, name):
    prepared = prepare(words_of(name), host=bare_host(), firmware="none", run_state=True)
    with running(qemu_arm, prepared) as session:
        session.execute("cont")
        wait_until(lambda: "PC=0000000000000004" in registers(session))
        time.sleep(0.1)
        assert "PC=0000000000000004" in registers(session)


def test_real_firmware_numbers_the_buses_behind_stand_ins(qemu_x86):
    words = words_of("several-functions-in-one-slot")
    prepared = prepare(words, host=bare_host(), firmware="enumerated")
    with running(qemu_x86, prepared) as session:
        session.execute("cont")
        wait_until(lambda: bus_behind(session, "rp"))
        session.execute("stop")
        found = read_tables(session)
    tables = Sandbox(words, dialect="10.0", firmware="enumerated").tables()
    assert (found.srat, found.slit) == (tables.srat, tables.slit)
    assert found.srat != own_tables(words)[0]


def test_a_private_directory_with_a_comma_is_no_obstacle(qemu_x86, tmp_path):
    odd = tmp_path / "a,b"
    odd.mkdir()
    words = words_of("libvirt-on-x86")
    prepared = prepare(words, host=bare_host(), firmware="none", run_state=True)
    with running(qemu_x86, prepared, SocketRoot(odd, str(odd))) as session:
        assert read_tables(session).srat == own_tables(words)[0]


def test_facts_about_this_host_are_found(qemu_x86, tmp_path):
    host = probe_host()
    assert host.size_of(str(Path(__file__))) == Path(__file__).stat().st_size
    assert host.size_of("/") is host.size_of("/no/such/file") is None
    assert host.exists("/")
    assert not host.has_pci("ffff:ff:1f.7")
    inside = probe_host(tmp_path)
    (tmp_path / "usr").mkdir()
    (tmp_path / "usr" / "image").write_bytes(b"1234")
    assert inside.size_of("/usr/image") == 4
    assert inside.path_of("/usr/image") == tmp_path / "usr" / "image"
    assert not inside.has_kvm()
    assert not inside.takes_unpromised()


def test_what_this_host_does_not_promise_a_live_qemu_does_not_get(qemu_x86):
    most = probe_host().largest_memory()
    if most is None:
        pytest.skip("this kernel promises any amount of memory")
    size = (most >> 30) + 1
    words = f"-M q35 -m {size}G,slots=1,maxmem={size + 1}G -cpu max,phys-bits=46".split()
    prepared = prepare(words, host=probe_host(), firmware="none")
    with pytest.raises(LiveExit, match="Cannot allocate memory"), running(qemu_x86, Prepared(tuple(words))):
        pass
    with running(qemu_x86, prepared) as session:
        assert read_tables(session).srat == own_tables(words)[0]
