"""The reader of live tables against a live QEMU; expected bytes come from ACPI 6.5, 5.2.16 and 5.2.17."""

from __future__ import annotations

import os
import signal
import struct

import pytest

from sandbox.errors import QemuError
from sandbox.live import LiveError, LiveExit, SocketRoot, dump, read_all_tables, read_tables, run_history, start

pytestmark = pytest.mark.live

PC_FLAVOURS = ["pc", "q35"]
INITIATOR_NODES = ["-numa", "node,nodeid=1", "-numa", "node,nodeid=2"]
DEVICE = ["-device", "pci-testdev,id=dev0,addr=4"]


def machine(name: str, *more: str) -> list[str]:
    return [
        *("-M", name, *(("-cpu", "cortex-a57") if name == "virt" else ())),
        *("-m", "256M", "-object", "memory-backend-ram,id=m0,size=256M", "-numa", "node,memdev=m0", *more),
    ]


def initiator(name: str, node: int) -> tuple[str, dict[str, object]]:
    return "object-add", {"qom-type": "acpi-generic-initiator", "id": name, "pci-dev": "dev0", "node": node}


def initiators(srat: bytes | None) -> list[tuple[int, bytes]]:
    """PXM and device handle of every type 5 entry."""
    assert srat is not None
    found, at = [], 48
    while at < len(srat):
        kind, length = srat[at], srat[at + 1]
        if kind == 5:
            found.append((struct.unpack_from("<I", srat, at + 4)[0], srat[at + 8 : at + 24]))
        at += length
    return found


@pytest.fixture(params=[*PC_FLAVOURS, "virt"])
def binary_and_machine(request, qemu_x86, qemu_arm):
    return (qemu_arm if request.param == "virt" else qemu_x86), request.param


def test_srat_of_one_node_on_pc_and_q35(qemu_x86):
    header = b"SRAT" + struct.pack("<IB", 184, 1)
    cpu = bytes.fromhex("00 10 00 00 01 00 00 00 00 00 00 00 00 00 00 00")
    memory = [(0, 0xA0000, 1), (1 << 20, 255 << 20, 1), (0, 0, 0)]
    entries = b"".join(struct.pack("<BBIHQQIIQ", 1, 40, 0, 0, at, size, 0, on, 0) for at, size, on in memory)
    for name in PC_FLAVOURS:
        srat = dump(qemu_x86, machine(name)).tables.srat
        assert srat is not None
        assert srat[:9] == header
        assert sum(srat) % 256 == 0
        assert srat[10:36] == b"BOCHS BXPC    " + b"\1\0\0\0BXPC\1\0\0\0"
        assert srat[36:] == b"\1" + bytes(11) + cpu + entries


def test_srat_of_one_node_on_virt(qemu_arm):
    srat = dump(qemu_arm, machine("virt")).tables.srat
    assert srat is not None
    assert srat[:9] == b"SRAT" + struct.pack("<IB", 106, 3)
    gicc = bytes.fromhex("03 12 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00")
    assert srat[36:] == b"\1" + bytes(11) + gicc + struct.pack("<BBIHQQIIQ", 1, 40, 0, 0, 1 << 30, 256 << 20, 0, 1, 0)


def test_slit_has_the_distances_given(binary_and_machine):
    binary, name = binary_and_machine
    distances = ((0, 1, 17), (0, 2, 23), (1, 2, 29))
    options = [word for a, b, value in distances for word in ("-numa", f"dist,src={a},dst={b},val={value}")]
    tables = dump(binary, machine(name, *INITIATOR_NODES, *options)).tables
    assert tables.slit is not None
    assert tables.slit[36:] == struct.pack("<Q", 3) + bytes([10, 17, 23, 17, 10, 29, 23, 29, 10])


def test_hmat_is_read_where_it_is_on(binary_and_machine):
    binary, name = binary_and_machine
    latency = "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    bandwidth = "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-bandwidth,bandwidth=10G"
    node = ["-numa", "node,memdev=m0,cpus=0", "-numa", latency, "-numa", bandwidth]
    tables = dump(binary, [*machine(name)[:-2], "-machine", "hmat=on", *node]).tables
    assert tables.hmat is not None
    assert tables.hmat[:9] == b"HMAT" + struct.pack("<IB", 164, 2)
    assert sum(tables.hmat) % 256 == 0


def test_without_numa_there_is_no_srat(binary_and_machine):
    binary, name = binary_and_machine
    tables = dump(binary, ["-M", name]).tables
    assert (tables.srat, tables.slit, tables.hmat) == (None, None, None)


def test_without_acpi_there_are_no_tables(binary_and_machine):
    binary, name = binary_and_machine
    with start(binary, ["-M", f"{name},acpi=off"]) as session:
        assert read_all_tables(session) == ()


def test_every_table_of_the_root_table_is_read(binary_and_machine):
    binary, name = binary_and_machine
    with start(binary, machine(name)) as session:
        tables = read_all_tables(session)
    assert {b"FACP", b"APIC", b"SRAT"} <= {table[:4] for table in tables}
    assert all(sum(table) % 256 == 0 and int.from_bytes(table[4:8], "little") == len(table) for table in tables)


def test_reading_byte_by_byte_gives_what_dma_gives(binary_and_machine):
    binary, name = binary_and_machine
    with start(binary, machine(name)) as session:
        device = session.fw_cfg()
        assert device.has_dma
        for file in device.directory().values():
            assert device._read_slowly(file.key, min(file.size, 4000)) == device.read(file.key, min(file.size, 4000))


def test_tables_are_read_from_a_device_without_dma(qemu_arm):
    arguments = machine("virt", *INITIATOR_NODES)
    with start(qemu_arm, [*arguments, "-global", "fw_cfg_mem.dma_enabled=off"]) as session:
        assert not session.fw_cfg().has_dma
        slow = read_tables(session)
    assert slow == dump(qemu_arm, arguments).tables


def test_tables_follow_the_objects_at_each_reset(binary_and_machine):
    binary, name = binary_and_machine
    handle = bytes.fromhex("00 00 00 20") + bytes(12)
    with start(binary, machine(name, *INITIATOR_NODES, *DEVICE)) as session:
        assert initiators(read_tables(session).srat) == []
        session.execute(*initiator("gi0", 1))
        assert initiators(read_tables(session).srat) == []
        session.reset()
        assert session.execute("query-status") == {"running": False, "status": "prelaunch"}
        assert initiators(read_tables(session).srat) == [(1, handle)]
        session.execute(*initiator("gi1", 2))
        session.execute("object-del", {"id": "gi0"})
        assert initiators(read_tables(session).srat) == [(1, handle)]
        session.reset()
        assert initiators(read_tables(session).srat) == [(2, handle)]


def test_an_object_added_before_the_first_read_counts(binary_and_machine):
    binary, name = binary_and_machine
    result = dump(binary, machine(name, *INITIATOR_NODES, *DEVICE), [initiator("gi0", 2)])
    assert [pxm for pxm, _ in initiators(result.tables.srat)] == [2]
    assert [reply.raw for reply in result.replies] == [{"return": {}}]


def test_one_session_serves_several_histories(qemu_x86):
    with start(qemu_x86, machine("q35", *INITIATOR_NODES, *DEVICE)) as session:
        first = run_history(session, [initiator("gi0", 1)])
        second = run_history(session, [("object-del", {"id": "gi0"}), initiator("gi0", 2)], reset=True)
    assert [[pxm for pxm, _ in initiators(result.tables.srat)] for result in (first, second)] == [[1], [2]]


def test_a_table_file_that_grew_at_a_reset_is_read_whole(qemu_x86):
    crowded = ["-smp", "1,maxcpus=255", "-m", "256M,slots=256,maxmem=8G"]
    early = [f"acpi-generic-initiator,id=early{index},pci-dev=dev0,node=1" for index in range(1650)]
    options = [word for value in early for word in ("-object", value)]
    with start(qemu_x86, machine("q35", *INITIATOR_NODES, *DEVICE, *crowded, *options)) as session:
        assert len(initiators(read_tables(session).srat)) == 1650
        assert session.fw_cfg().directory()["etc/acpi/tables"].size == 128 << 10
        for index in range(350):
            session.execute(*initiator(f"late{index}", 2))
        session.reset()
        assert len(initiators(read_tables(session).srat)) == 2000
        assert session.fw_cfg().directory()["etc/acpi/tables"].size == 256 << 10


def test_an_error_reply_is_kept_and_the_history_goes_on(qemu_x86):
    result = dump(qemu_x86, machine("q35"), [("object-del", {"id": "zz"}), ("query-status", None)])
    refused, status = result.replies
    assert refused.raw == {"error": {"class": "GenericError", "desc": "object 'zz' not found"}}
    assert status.value() == {"running": False, "status": "prelaunch"}
    with pytest.raises(QemuError, match="object 'zz' not found") as caught:
        refused.value()
    assert caught.value.error_class == "GenericError"


def test_a_node_that_does_not_exist_ends_qemu_in_the_read(binary_and_machine):
    binary, name = binary_and_machine
    with pytest.raises(LiveExit) as caught:
        dump(binary, machine(name, *INITIATOR_NODES, *DEVICE), [initiator("gi0", 9)])
    assert (caught.value.status, caught.value.doing) == (1, "reading the tables")
    assert caught.value.stderr.endswith("acpi-generic-initiator: Specified node 9 is invalid.")
    assert [reply.raw for reply in caught.value.replies] == [{"return": {}}]


def test_a_node_out_of_range_ends_qemu_in_object_add(qemu_x86):
    with pytest.raises(LiveExit) as caught:
        dump(qemu_x86, machine("q35", *DEVICE), [("query-name", None), initiator("gi0", 128)])
    assert (caught.value.status, caught.value.doing) == (1, "object-add")
    assert "acpi-generic-initiator: Invalid NUMA node specified" in caught.value.stderr
    assert [reply.command for reply in caught.value.replies] == ["query-name"]


def test_wrong_arguments_end_qemu_in_the_start(qemu_x86):
    with pytest.raises(LiveExit) as caught:
        start(qemu_x86, ["-M", "none-such"])
    assert (caught.value.status, caught.value.doing) == (1, "starting")
    assert 'unsupported machine type: "none-such"' in caught.value.stderr


def test_a_reset_that_is_a_shutdown_ends_qemu(qemu_x86):
    with start(qemu_x86, machine("q35", "-no-reboot")) as session, pytest.raises(LiveExit) as caught:
        session.reset()
    assert (caught.value.status, caught.value.doing) == (0, "system_reset")


def test_a_killed_qemu_gives_the_signal(qemu_x86):
    with start(qemu_x86, machine("q35")) as session:
        os.kill(session.pid, signal.SIGKILL)
        with pytest.raises(LiveExit) as caught:
            read_tables(session)
    assert caught.value.status == -signal.SIGKILL


def test_a_machine_without_fw_cfg_files_is_a_plain_error(qemu_x86):
    with start(qemu_x86, ["-M", "none"]) as session, pytest.raises(LiveError, match="no fw_cfg device") as caught:
        read_tables(session)
    assert not isinstance(caught.value, LiveExit)


def test_qtest_reads_what_it_wrote(qemu_x86):
    with start(qemu_x86, machine("q35")) as session:
        qtest = session.qtest
        qtest.write_memory(0x20000, bytes(range(256)))
        assert qtest.read_memory(0x20000, 256) == bytes(range(256))
        assert [qtest.readb(0x20001), qtest.readw(0x20001), qtest.readl(0x20001)] == [1, 0x201, 0x4030201]
        assert qtest.readq(0x20001) == 0x807060504030201
        qtest.writeb(0x20000, 0xAB)
        qtest.writew(0x20002, 0xCDEF)
        qtest.writel(0x20004, 0x01020304)
        qtest.writeq(0x20008, 0x05060708090A0B0C)
        assert qtest.read_memory(0x20000, 16).hex() == "ab01efcd040302010c0b0a0908070605"
        qtest.outl(0xCF8, 0x80000000)
        assert (qtest.inl(0xCFC), qtest.inw(0xCFC), qtest.inb(0xCFC)) == (0x29C08086, 0x8086, 0x86)
        qtest.outw(0x510, 0)
        assert qtest.inb(0x511) == ord("Q")
        qtest.outb(0x70, 0x10)
        with pytest.raises(LiveError, match="qtest"):
            qtest.run(["nonsense"])


def test_nothing_is_left_behind(qemu_x86, tmp_path):
    odd = tmp_path / "a,b"
    odd.mkdir()
    root = SocketRoot(odd, str(odd))
    with start(qemu_x86, machine("q35"), socket_root=root) as session:
        pid = session.pid
        (directory,) = odd.iterdir()
        assert directory.stat().st_mode & 0o777 == 0o700
        read_tables(session)
    assert list(odd.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_exception_in_the_body_ends_qemu(qemu_x86):
    with pytest.raises(ZeroDivisionError), start(qemu_x86, machine("q35")) as session:
        raise ZeroDivisionError
    with pytest.raises(ProcessLookupError):
        os.kill(session.pid, 0)
