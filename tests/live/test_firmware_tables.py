"""What SeaBIOS and edk2 install in guest memory, against the sandbox with firmware's bus numbers."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from firmware_machines import (
    PATIENCE,
    dialect_of,
    gi_nodes,
    initiator,
    installed_tables,
    node_words,
    predicted,
    running,
    tree_words,
)

from sandbox.campaign.pci_trees import random_tree
from sandbox.errors import MachineExit, QemuError
from sandbox.live import LiveError, LiveExit, LiveTables, LiveTimeout, read_tables, start
from sandbox.live.firmware import FirmwareTables
from sandbox.live.installed import Installed
from sandbox.live.machine import LiveMachine
from sandbox.live.ram import RamMap, ram_of_words
from sandbox.records import replace

pytestmark = pytest.mark.live

PC_SEEDS = [(seed, ("pc", "q35", "q35")[seed % 3]) for seed in range(33)]
VIRT_SEEDS = (1, 3, 4, 11, 23)
BRIDGES = {"pci-bridge", "pcie-pci-bridge", "pcie-root-port", "x3130-upstream", "xio3130-downstream", "pxb", "pxb-pcie"}
NONE = LiveTables(None, None, None)
DEVICE = ["-device", "pcie-root-port,id=rp,chassis=1", "-device", "pci-testdev,id=dev0,bus=rp"]


def q35(*more: str) -> list[str]:
    return [*node_words("q35", nodes=3), *DEVICE, *more]


def test_the_machines_have_every_kind_of_bridge_and_several_levels():
    trees = [random_tree(Random(seed), family) for seed, family in PC_SEEDS]
    assert BRIDGES | {"levels-3", "levels-4", "levels-5"} <= frozenset().union(*(tree.features for tree in trees))


@pytest.mark.parametrize(("seed", "family"), PC_SEEDS)
def test_seabios_installs_the_predicted_tables(qemu_x86, seed, family):
    dialect, words = dialect_of(qemu_x86), tree_words(seed, family)
    assert installed_tables(qemu_x86, words, dialect) == predicted(words, dialect), " ".join(words)


def test_edk2_installs_the_predicted_tables(qemu_arm):
    dialect = dialect_of(qemu_arm)
    machines = [tree_words(seed, "virt") for seed in VIRT_SEEDS]
    with ThreadPoolExecutor(2) as two_at_once:
        found = list(two_at_once.map(lambda words: installed_tables(qemu_arm, words, dialect), machines))
    assert found == [predicted(words, dialect) for words in machines]


def test_hmat_and_slit_are_read_from_memory_too(qemu_x86):
    latency = "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=10"
    bandwidth = "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-bandwidth,bandwidth=10G"
    node = ["-numa", "node,memdev=m0,cpus=0,initiator=0", "-numa", "node", "-numa", "dist,src=0,dst=1,val=33"]
    words = ["-M", "q35,hmat=on", "-m", "256M", "-object", "memory-backend-ram,id=m0,size=256M", *node]
    words += ["-numa", latency, "-numa", bandwidth]
    tables = installed_tables(qemu_x86, words, dialect_of(qemu_x86))
    assert None not in (tables.srat, tables.slit, tables.hmat)
    assert tables == predicted(words, dialect_of(qemu_x86))


def test_after_a_reset_nothing_of_before_is_read(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, _ = running(session, q35(), "10.0")
        nodes = [gi_nodes(machine.tables().srat)]
        for node in (1, 2, 3):
            machine.execute(*initiator(f"gi{node}", "dev0", node))
            assert sorted(gi_nodes(machine.tables().srat)) == nodes[-1]
            machine.execute("system_reset", None)
            nodes.append(sorted(gi_nodes(machine.tables().srat)))
    assert nodes == [[], [1], [1, 2], [1, 2, 3]]


def test_after_a_reset_over_the_human_monitor_nothing_of_before_is_read(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, _ = running(session, q35(), "10.0")
        assert gi_nodes(machine.tables().srat) == []
        machine.execute(*initiator("gi0", "dev0", 2))
        machine.execute("human-monitor-command", {"command-line": "system_reset"})
        assert gi_nodes(machine.tables().srat) == [2]


def test_resets_right_behind_each_other_let_firmware_finish_in_between(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, _ = running(session, q35(), "10.0")
        for node in (1, 2, 3):
            machine.execute("system_reset", None)
            machine.execute(*initiator(f"gi{node}", "dev0", node))
        machine.execute("system_reset", None)
        assert sorted(gi_nodes(machine.tables().srat)) == [1, 2, 3]


def test_a_reset_that_qemu_refuses_forgets_nothing(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, firmware = running(session, q35(), "10.0")
        before = machine.tables()
        with pytest.raises(QemuError, match="Parameter 'x' is unexpected"):
            machine.execute("system_reset", {"x": 1})
        assert firmware.tables() == before
        assert session.execute("query-status") == {"running": True, "status": "running"}


def test_a_machine_that_runs_goes_on_running_after_a_reset(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, _ = running(session, q35(), "10.0")
        machine.tables()
        assert machine.execute("system_reset", None) == {}
        assert session.execute("query-status") == {"running": True, "status": "running"}


def test_edk2_resets_leave_nothing_of_before_and_a_set_that_lacks_a_table_is_not_taken(qemu_arm):
    words = [*node_words("virt", nodes=3), *DEVICE]
    with start(qemu_arm, words) as session:
        machine, firmware = running(session, words, "10.0")
        assert gi_nodes(machine.tables().srat) == []
        whole = firmware.wait()
        assert firmware._is_whole(whole)
        for left_out in range(len(whole.tables)):
            rest = whole.tables[:left_out] + whole.tables[left_out + 1 :]
            assert not firmware._is_whole(replace(whole, tables=rest))
        machine.execute(*initiator("gi0", "dev0", 2))
        machine.execute("system_reset", None)
        assert gi_nodes(machine.tables().srat) == [2]


def test_a_node_that_does_not_exist_ends_qemu_when_firmware_reads_the_tables(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, firmware = running(session, q35(), "10.0")
        machine.tables()
        machine.execute(*initiator("gi0", "dev0", 9))
        machine.execute("system_reset", None)
        with pytest.raises(MachineExit) as caught:
            machine.tables()
        assert caught.value.status == 1
        assert caught.value.stderr.endswith("acpi-generic-initiator: Specified node 9 is invalid.")
        with pytest.raises(LiveExit):
            firmware.tables()


def test_firmware_reads_the_tables_before_a_reset_that_comes_at_once(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, _ = running(session, q35(), "10.0")
        machine.tables()
        machine.execute(*initiator("gi0", "dev0", 9))
        machine.execute("system_reset", None)
        with pytest.raises(MachineExit, match="Specified node 9 is invalid"):
            machine.execute("system_reset", None)


def test_a_qemu_that_is_killed_meanwhile_has_ended(qemu_x86):
    with start(qemu_x86, q35()) as session:
        firmware = FirmwareTables(session, ram_of_words(q35(), "10.0"), PATIENCE)
        os.kill(session.pid, signal.SIGKILL)
        with pytest.raises(LiveExit) as caught:
            firmware.tables()
    assert caught.value.status == -signal.SIGKILL


def test_a_machine_that_is_held_at_the_start_has_no_tables(qemu_x86):
    with start(qemu_x86, q35()) as session:
        firmware = FirmwareTables(session, ram_of_words(q35(), "10.0"), PATIENCE)
        machine = LiveMachine(session, "10.0", "", runs=True, paused=True, installed=firmware)
        with pytest.raises(LiveError, match=r"not running \(prelaunch\): let it run with 'cont'"):
            machine.tables()
        machine.execute(*initiator("gi0", "dev0", 3))
        machine.execute("cont", None)
        assert gi_nodes(machine.tables().srat) == [3]


def test_a_machine_that_was_stopped_keeps_its_tables_until_it_is_reset(qemu_x86):
    with start(qemu_x86, q35()) as session:
        machine, firmware = running(session, q35(), "10.0")
        before = machine.tables()
        machine.execute("stop", None)
        assert firmware.tables() == before
        machine.execute("system_reset", None)
        assert session.execute("query-status") == {"running": False, "status": "prelaunch"}
        with pytest.raises(LiveError, match="not running"):
            machine.tables()
        machine.execute("cont", None)
        assert machine.tables() == before


def test_without_acpi_nothing_is_waited_for(qemu_x86):
    words = ["-M", "q35,acpi=off", "-m", "256M"]
    assert installed_tables(qemu_x86, words, "10.0") == NONE


def test_firmware_that_installs_nothing_is_waited_for_no_longer_than_asked(qemu_x86, tmp_path):
    idle = tmp_path / "idle.bin"
    idle.write_bytes(b"\xf4" * 0x10000)
    with start(qemu_x86, ["-M", "q35", "-m", "64M", "-bios", str(idle)]) as session:
        firmware = FirmwareTables(session, RamMap(is_x86=True, ranges=()), 0.2)
        session.execute("cont")
        with pytest.raises(LiveTimeout, match="waiting until firmware has installed its tables"):
            firmware.tables()


def test_firmware_changes_bus_numbers_and_nothing_else(qemu_x86):
    words = q35("-object", "acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1")
    with start(qemu_x86, words) as session:
        before = read_tables(session).srat
        session.reset()
        after = running(session, words, "10.0")[0].tables().srat
    assert before is not None
    assert after is not None
    differing = [at for at in range(len(before)) if before[at] != after[at]]
    (entry,) = [at for at in range(48, len(after)) if after[at : at + 4] == bytes([5, 32, 0, 1])]
    assert differing == [9, entry + 10]
    assert (before[entry + 10], after[entry + 10]) == (0, 1)


def test_an_installed_set_says_where_it_was(qemu_x86):
    with start(qemu_x86, q35()) as session:
        found = running(session, q35(), "10.0")[1].wait()
    assert isinstance(found, Installed)
    assert found.in_bios_area
    assert 0xE0000 <= found.rsdp < 0x100000
    assert {table[:4] for table in found.tables} >= {b"FACP", b"APIC", b"MCFG", b"SRAT"}
