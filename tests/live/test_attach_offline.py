"""Attaching, with a monitor that notes what it is sent; replies are as a live QEMU 10.0.2 gives them."""

from __future__ import annotations

import socket

import pytest
from fake_guest import FakeMemory, FakeMonitor, table

from sandbox.errors import InputError
from sandbox.live.attach import attach
from sandbox.live.endpoints import SocketRoot
from sandbox.live.errors import LiveError
from sandbox.live.readonly import ReadOnlyMonitor, connect

NOT_LIVE = "the monitor is a thread of the test"

GIB = 1 << 30
SRAT, SLIT = table(b"SRAT", b"abc"), table(b"SLIT", b"de")
VERSION = {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian 1:10.0.2"}
ARGUMENTS = ["-M", "q35", "-m", "64M"]


def replies(arch: str = "x86_64", state: str = "running", size: int = 64 << 20) -> dict:
    return {
        "query-version": VERSION,
        "query-target": {"arch": arch},
        "query-status": {"running": state == "running", "status": state},
        "query-memory-size-summary": {"base-memory": size, "plugged-memory": 0},
    }


@pytest.fixture
def monitor(tmp_path):
    """Starts a fake monitor; returns it and how to attach to it."""
    made = []

    def make(memory, **told):
        made.append(FakeMonitor(tmp_path / "qmp", memory, replies(**told)))
        exchange = tmp_path / "exchange"
        exchange.mkdir()
        return made[0], {"where": f"unix:{tmp_path / 'qmp'}", "exchange": SocketRoot(exchange, str(exchange))}

    yield make
    for server in made:
        server.close()
    assert list((tmp_path / "exchange").iterdir()) == []


def seabios_memory() -> FakeMemory:
    memory = FakeMemory([(1 << 20, 63 << 20)])
    memory.lay_tables(0xF5240, 0x3FE0000, [SRAT, SLIT], wide=False)
    return memory


def test_only_queries_and_pmemsave_go_over_the_wire(monitor):
    server, where = monitor(seabios_memory())
    with attach(**where, arguments=ARGUMENTS) as vm:
        tables = vm.tables()
        assert (tables.srat, tables.slit, tables.hmat) == (SRAT, SLIT, None)
        assert (vm.version, vm.package, vm.arch, vm.run_state) == ((10, 0, 2), "Debian 1:10.0.2", "x86_64", "running")
    names = [command["execute"] for command in server.wire]
    assert names[0] == "qmp_capabilities"
    assert {name for name in names[1:] if not name.startswith("query-")} == {"pmemsave"}
    assert "qmp_capabilities" not in names[1:]


def test_nothing_else_can_be_sent(monitor):
    server, where = monitor(seabios_memory())
    with attach(**where, arguments=ARGUMENTS) as vm:
        for command in ("cont", "stop", "system_reset", "quit", "memsave", "object-add", "qom-set", "Query-x", ""):
            with pytest.raises(ValueError, match="may change the VM"):
                vm._monitor.execute(command)
    assert [command["execute"] for command in server.wire] == ["qmp_capabilities", "query-version", "query-target"]


def test_no_monitor_of_attach_can_send_anything_else():
    with pytest.raises(ValueError, match="dump-guest-memory may change the VM"):
        ReadOnlyMonitor(None).execute("dump-guest-memory")  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["prelaunch", "preconfig", "inmigrate"])
def test_before_firmware_ran_nothing_is_read(monitor, state):
    server, where = monitor(seabios_memory(), state=state)
    with (
        attach(**where, arguments=ARGUMENTS) as vm,
        pytest.raises(LiveError, match=f"the run state is {state}. Let it"),
    ):
        vm.tables()
    assert "pmemsave" not in [command["execute"] for command in server.wire]


def test_where_no_tables_are_the_error_says_what_to_do(monitor):
    _, where = monitor(FakeMemory([(1 << 20, 63 << 20)]))
    with (
        attach(**where, arguments=ARGUMENTS) as vm,
        pytest.raises(LiveError, match=r"no ACPI tables.*run state running"),
    ):
        vm.tables()


def test_a_paused_vm_with_tables_is_read(monitor):
    _, where = monitor(seabios_memory(), state="paused")
    with attach(**where, arguments=ARGUMENTS) as vm:
        assert vm.tables().srat == SRAT


def test_uefi_tables_are_found_in_arm_ram(monitor):
    memory = FakeMemory([(GIB, 64 << 20)])
    memory.lay_tables(GIB + 0x1230018, GIB + 0x300000, [SRAT], wide=True)
    _, where = monitor(memory, arch="aarch64")
    with attach(**where, arguments=["-M", "virt", "-m", "64M"]) as vm:
        assert vm.tables().srat == SRAT


@pytest.mark.parametrize(
    "arguments",
    [None, ["-M", "microvm", "-bios", "b"], ["-M", "q35", "-m", "1G", "-pflash", "c"], ["-M", "virt", "-bios", "b"]],
)
def test_without_a_fitting_command_line_the_least_ram_that_there_must_be_is_searched(monitor, arguments):
    memory = FakeMemory([(1 << 20, 63 << 20)])
    memory.lay_tables(0x3F00018, 0x3E00000, [SRAT], wide=True)
    _, where = monitor(memory)
    with attach(**where, arguments=arguments) as vm:
        assert vm.tables().srat == SRAT


def test_a_process_that_is_no_qemu_gives_no_command_line(monitor):
    _, where = monitor(seabios_memory())
    with attach(**where) as vm:
        assert vm.peer is None
        assert vm.tables().srat == SRAT
        with pytest.raises(InputError, match="give its arguments after '--'"):
            _ = vm.arguments


def test_a_monitor_that_does_not_greet_is_in_use(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "qmp"))
        listener.listen(1)
        with pytest.raises(LiveError, match=r"another client .* uses this monitor.*a second monitor \(-qmp unix:PATH"):
            attach(f"unix:{tmp_path / 'qmp'}", connect_seconds=0.2)


@pytest.mark.parametrize(
    "where", ["", "qmp.sock", "unix:", "tcp:", "tcp:localhost", "tcp::4444", "tcp:a:99999", "tcp:a:b"]
)
def test_what_names_no_monitor_is_refused(where):
    with pytest.raises(InputError, match="write unix:PATH or tcp:HOST:PORT"):
        connect(where, 1)


def test_where_nobody_listens_the_remedy_is_named(tmp_path):
    with pytest.raises(LiveError, match=r"No such file.*Is the VM running, with -qmp unix:.*,server=on,wait=off"):
        attach(f"unix:{tmp_path / 'none'}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "old"))
    with pytest.raises(LiveError, match="Connection refused"):
        attach(f"unix:{tmp_path / 'old'}")
    with pytest.raises(LiveError, match="cannot connect to unix:"):
        attach(f"unix:{tmp_path / ('x' * 200)}")
