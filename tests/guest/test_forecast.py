"""What a forecast says beside the numbers: what is lost, what surprises, what a node is made of."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from srat_bytes import ALL_RAM, CPUS, MIB, RAM, gicc, initiator, memory, processor, slit, srat

from sandbox.app import Sandbox
from sandbox.errors import DecodeError, InputError
from sandbox.guest.facts import ARM64, X86, GuestCpu, GuestMachine, facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import KERNELS, find_kernel
from sandbox.guest.memory import Range
from sandbox.machine.tables import Tables
from sandbox.scenario.origins import origins_of

TWO_CPUS = (GuestCpu(0, 0), GuestCpu(1, 1))
PC = GuestMachine(X86, (Range(0x1000, RAM),), TWO_CPUS)
VIRT = GuestMachine(ARM64, (Range(1 << 30, 2 << 30),), TWO_CPUS)
KERNEL = find_kernel(X86, "6.12")

EIGHT = (
    "-M q35 -m 512 -smp 2 -object memory-backend-ram,id=m0,size=512M -numa node,memdev=m0 "
    + "-numa node " * 9
    + "-device pci-testdev,id=dev0,addr=4 "
    + " ".join(f"-object acpi-generic-initiator,id=gi{n},pci-dev=dev0,node={n + 2}" for n in range(8))
)


def seen(srat_table, *, slit_table=None, machine=PC, kernel=KERNEL, declared=0):
    return forecast(Tables(srat_table, slit_table), machine, kernel, (), declared)


def reasons(found):
    return {loss.what: loss.why for loss in found.lost}


@pytest.fixture(scope="module")
def eight():
    vm = Sandbox(EIGHT, dialect="10.0")
    machine = vm.machine
    return forecast(vm.tables(), facts_of(machine), KERNEL, origins_of(machine.tree), len(machine.board.numa.nodes))


def test_the_order_of_the_hash_table_is_given_as_the_reason_for_other_numbers(eight):
    assert [node.pxm for node in eight.nodes] == [0, 7, 6, 5, 4, 3, 9, 2, 8]
    headline, order, gap = eight.surprises
    assert "node 1 is PXM 7" in headline
    assert "gi5 gi4 gi3 gi2 gi1 gi7 gi0 gi6" in order
    assert "There is nothing in PXM 1 that makes a node" in gap


def test_a_node_names_the_object_and_the_device_behind_it(eight):
    (part,) = eight.nodes[1].parts
    assert (part.kind, part.object_id, part.device, part.device_id) == ("initiator", "gi5", "0000:00:04.0", "dev0")


def test_a_node_of_the_command_line_without_anything_in_it_is_lost(eight):
    assert reasons(eight)["PXM 1"].startswith("there is no processor, memory or initiator in it")


def test_numbers_that_are_pxms_surprise_nobody():
    assert seen(srat(CPUS, ALL_RAM, initiator(2))).surprises == ()


def test_initiators_ahead_of_processors_are_named_as_the_reason():
    found = seen(srat(initiator(2), CPUS, ALL_RAM))
    assert [node.pxm for node in found.nodes] == [2, 0, 1]
    assert any("ahead of the processors" in text for text in found.surprises)


def test_memory_only_domains_come_last():
    entries = (CPUS, memory(0, 0, RAM // 4), memory(1, RAM // 4, RAM // 4), memory(2, RAM // 2, RAM // 2), initiator(3))
    found = seen(srat(*entries))
    assert [node.pxm for node in found.nodes] == [0, 1, 3, 2]
    assert any("numbers last" in text and "node 3" in text for text in found.surprises)


def test_an_initiator_with_flags_0_is_lost_and_so_are_those_behind_it():
    found = seen(srat(CPUS, ALL_RAM, initiator(2), initiator(3, flags=0), initiator(4)))
    assert found.masks.has_generic_initiator == "2"
    assert "do not say Enabled" in reasons(found)["Generic Initiator entry 5 of PXM 3"]
    assert "PXM 3 ahead of it is not enabled" in reasons(found)["Generic Initiator entry 6 of PXM 4"]


def test_a_bad_cell_of_slit_is_named():
    found = seen(srat(CPUS, ALL_RAM), slit_table=slit([10, 20], [9, 10]))
    assert "ACPI: SLIT table looks invalid. Not used." in found.said
    assert "from PXM 1 to PXM 0 is 9" in reasons(found)["all distances of SLIT"]
    assert found.nodes[0].distances == (10, 20)


def test_a_small_slit_leaves_the_other_domains_at_20():
    found = seen(srat(CPUS, ALL_RAM, initiator(2)), slit_table=slit([10, 33], [44, 10]))
    assert [node.distances for node in found.nodes] == [(10, 33, 20), (44, 10, 20), (20, 20, 10)]
    assert "SLIT has 2 rows only" in reasons(found)["distances of PXM 2"]


def test_x86_panics_where_srat_is_rejected_after_an_initiator_on_another_node_than_0():
    entries = (CPUS, memory(0, 0, RAM // 2), initiator(2))
    found = seen(srat(*entries))
    assert (found.outcome, found.masks, found.nodes) == ("panics", None, ())
    assert "node 2" in found.why
    assert "NUMA: no nodes coverage for 256MB of 511MB RAM" in found.said
    assert seen(srat(*entries[:2], initiator(0))).outcome == "boots"


def test_arm64_boots_where_x86_panics_and_keeps_the_mark_of_the_initiators():
    entries = (gicc(0, 0), gicc(1, 1), memory(0, 1 << 30, RAM), initiator(2))
    found = seen(srat(*entries, revision=3), machine=VIRT, kernel=find_kernel(ARM64, "6.12"))
    assert (found.outcome, found.masks.possible, found.masks.has_generic_initiator) == ("boots", "0", "2")
    assert (found.nodes[0].pxm, found.nodes[0].cpus) == (None, "0-1")


def test_ram_on_no_node_that_is_too_little_to_reject_srat_crashes_the_kernel():
    found = seen(srat(CPUS, memory(0, 0, RAM // 2), memory(1, RAM // 2, RAM // 2 - MIB // 2)))
    assert found.outcome == "panics"
    assert "0x1ff80000" in found.why


def test_arm64_has_room_for_16_nodes_only():
    many = [initiator(pxm) for pxm in range(2, 20)]
    entries = (gicc(0, 0), gicc(1, 1), memory(0, 1 << 30, RAM), memory(1, (1 << 30) + RAM, RAM), *many)
    found = seen(srat(*entries, revision=3), machine=VIRT, kernel=find_kernel(ARM64, "6.12"))
    assert found.masks.has_generic_initiator == "2-15"
    assert "room for 16 nodes only" in reasons(found)["Generic Initiator entry 18 of PXM 16"]
    assert found.said.count("ACPI: SRAT: Too many proximity domains.") == 1


def test_a_range_for_hot_plugged_memory_makes_a_node_that_is_possible_but_offline():
    found = seen(srat(CPUS, ALL_RAM, memory(9, 4 << 30, 1 << 30, flags=3)))
    assert (found.masks.possible, found.masks.online) == ("0-2", "0-1")
    assert "range for hot-plugged memory" in reasons(found)["node 2 (PXM 9)"]


def test_processors_that_are_not_there_make_an_offline_node():
    found = seen(srat(CPUS, processor(2, 7), ALL_RAM))
    assert (found.masks.possible, found.masks.online) == ("0-2", "0-1")
    assert "CPUs that are not there (APIC id 7)" in reasons(found)["node 2 (PXM 2)"]


def test_a_file_name_as_debian_12_has_it_is_taken_for_its_firmware_and_that_is_said():
    words = (
        "-M virt,acpi=on -cpu cortex-a57 -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0 "
        "-drive if=pflash,format=raw,unit=0,readonly=on,file=AAVMF_CODE.fd"
    )
    vm = Sandbox(shlex.split(words), dialect="10.0")
    kernel = find_kernel(ARM64, "6.12")
    old, new = (forecast(vm.tables(), facts_of(vm.machine, edk2), kernel) for edk2 in (None, "2025.02"))
    assert "64 MiB of RAM from 0x4000000" in old.why
    assert "Debian 12" in old.notes[0]
    assert (new.why, new.notes) == ("", ())


def test_an_unknown_kernel_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match=r"no rules are known for Linux 5\.10 on x86; there are: x86 6\.1"):
        find_kernel("x86", "5.10")


def test_a_table_without_a_header_is_refused():
    with pytest.raises(DecodeError):
        seen(b"SRAT")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_bytes_break_a_forecast(data):
    kernel = data.draw(st.sampled_from(list(KERNELS.values())))
    machine = PC if kernel.is_x86 else VIRT
    pieces = st.one_of(
        st.binary(max_size=60),
        st.builds(initiator, st.integers(0, 40), st.integers(0, 3)),
        st.builds(memory, st.integers(0, 40), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 7)),
        st.sampled_from([CPUS, ALL_RAM, gicc(0, 0), memory(0, 1 << 30, 1 << 30)]),
    )
    entries = data.draw(st.lists(pieces, max_size=12))
    made = srat(*entries, revision=data.draw(st.integers(0, 3)))
    distances = data.draw(st.none() | st.binary(max_size=80).map(lambda body: slit(body, count=len(body) % 5)))
    found = seen(made, slit_table=distances, machine=machine, kernel=kernel)
    if found.outcome == "boots":
        width = len(found.online)
        assert all(
            len(node.distances) == width and node.distances[place] == 10 for place, node in enumerate(found.online)
        )
        assert sum(len(node.cpus.replace("-", ",").split(",")) for node in found.online if node.cpus) >= 1
    else:
        assert kernel.is_x86


def split_threads(arch, *nodes, threads=2, version="6.12"):
    """What may kill the guest where CPU n is on nodes[n], with that many threads in each core."""
    family = {X86: "q35", ARM64: "virt -cpu cortex-a57"}[arch]
    words = f"-M {family} -m 512M -object memory-backend-ram,id=m0,size=512M -numa node,memdev=m0 "
    words += "-numa node " * max(nodes) + f"-smp {len(nodes)},sockets=1,threads={threads} "
    words += " ".join(
        f"-numa cpu,node-id={node},socket-id=0,core-id={cpu // threads},thread-id={cpu % threads}"
        for cpu, node in enumerate(nodes)
    )
    vm = Sandbox(words, dialect="10.0")
    return forecast(vm.tables(), facts_of(vm.machine), find_kernel(arch, version)).hazards


@pytest.mark.parametrize(
    ("nodes", "named"),
    [
        ((0, 1, 1, 1), ["CPUs 0-1 in nodes 0-1"]),
        ((0, 1, 0, 1), ["CPUs 0-1 in nodes 0-1", "CPUs 2-3 in nodes 0-1"]),
        ((0, 0, 0, 1), ["CPUs 2-3 in nodes 0-1"]),
    ],
)
@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_threads_of_a_core_in_several_nodes_endanger_an_arm64_guest(nodes, named, version):
    (hazard,) = split_threads(ARM64, *nodes, version=version)
    assert f"({'; '.join(named)})" in hazard


def test_nothing_else_in_the_places_of_processors_is_a_danger():
    assert split_threads(ARM64, 0, 0, 1, 1) == ()
    assert split_threads(ARM64, 0, 1, 0, 1, threads=1) == ()
    assert split_threads(ARM64, 0, 1) == ()
    assert split_threads(X86, 0, 1, 1, 1) == ()


def test_a_lost_domain_is_not_said_to_have_nothing_in_it():
    table = srat(processor(0, 0), initiator(1), initiator(2, flags=0), initiator(3), memory(4, 0, RAM))
    found = seen(table, declared=5)
    told = " ".join(found.surprises)
    assert "PXM 2-3 got lost, as is told below." in told
    assert "nothing in PXM" not in told


@pytest.mark.parametrize(
    ("machine", "dialect", "outcome"),
    [
        ("virt,gic-version=3,its=off", "10.0", "panics"),
        ("virt,gic-version=max,its=off", "10.0", "panics"),
        ("virt-6.2,gic-version=3,its=off", "10.0", "panics"),
        ("virt-6.1,gic-version=3,its=off", "10.0", "boots"),
        ("virt,gic-version=3", "10.0", "boots"),
        ("virt,gic-version=2,its=off", "10.0", "boots"),
        ("virt,gic-version=3,its=off", "11.1", "boots"),
    ],
)
def test_a_kernel_dies_as_it_looks_for_an_its_that_is_not_there(machine, dialect, outcome):
    vm = Sandbox(f"-M {machine} -cpu cortex-a57 -m 640M", dialect=dialect)
    found = forecast(vm.tables(), facts_of(vm.machine), find_kernel(ARM64, "6.12"))
    assert found.outcome == outcome
    assert ("its=off" in found.why) == (outcome == "panics")
