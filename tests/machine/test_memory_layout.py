from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import UnmodelledError
from sandbox.machine.cpu_models import arm_cpu, x86_cpu
from sandbox.machine.families import machine_type
from sandbox.machine.memory_config import memory_config, with_ram_backend
from sandbox.machine.memory_map import (
    ISA_HOLE_END,
    ISA_HOLE_START,
    DeviceMemory,
    MemoryEntry,
    device_memory_entry,
    pc_padding,
    pc_ram_entries,
    virt_ram_entries,
)
from sandbox.machine.pc_memory import pc_memory
from sandbox.machine.refusals import ConfigurationError
from sandbox.machine.virt_memory import VirtOptions, check_mmio_size, virt_memory

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = st.lists(st.integers(0, 3 * GIB // (64 * KIB)).map(lambda count: count * 64 * KIB), min_size=1, max_size=6)
LIMITS = st.sampled_from([0, MIB, GIB, 4 * GIB])


@given(SIZES.filter(lambda sizes: sum(sizes) > MIB), st.sampled_from(["pc", "q35"]), LIMITS)
def test_ram_entries_of_a_pc_do_not_overlap_and_lack_only_the_isa_hole(sizes, name, low):
    machine = machine_type(name)
    layout = pc_memory(machine, memory_config(machine, sum(sizes)), x86_cpu("qemu64"), max_ram_below_4g=low)
    entries = pc_ram_entries(sizes, layout)
    ends = [entry.base + entry.length for entry in entries]
    assert all(end <= entry.base for end, entry in zip(ends, entries[1:], strict=False))
    crosses = any(
        sum(sizes[:place]) <= ISA_HOLE_START < sum(sizes[: place + 1]) and sum(sizes[: place + 1]) > ISA_HOLE_END
        for place in range(len(sizes))
    )
    if crosses and low != MIB:
        assert sum(entry.length for entry in entries) == sum(sizes) - (ISA_HOLE_END - ISA_HOLE_START)


@given(SIZES)
def test_ram_entries_of_virt_follow_each_other_from_1_gib(sizes):
    entries = virt_ram_entries(sizes)
    assert sum(entry.length for entry in entries) == sum(sizes)
    assert all(entry.base == GIB + sum(sizes[: entry.pxm]) for entry in entries)


def test_the_split_below_4_gib_is_that_of_the_chipset():
    for name, size, below in (
        ("pc", 3584 * MIB - 8 * KIB, 3584 * MIB - 8 * KIB),
        ("pc", 3584 * MIB, 3 * GIB),
        ("q35", 2816 * MIB - 8 * KIB, 2816 * MIB - 8 * KIB),
        ("q35", 2816 * MIB, 2 * GIB),
    ):
        machine = machine_type(name)
        assert pc_memory(machine, memory_config(machine, size), x86_cpu("qemu64")).below_4g == below


def test_ram_of_amd_cpus_keeps_clear_of_the_hypertransport_range():
    machine = machine_type("q35")
    for size, cpu, base in (
        (978 * GIB, x86_cpu("qemu64", {"phys-bits": "48"}), 4 * GIB),
        (979 * GIB, x86_cpu("qemu64", {"phys-bits": "48"}), 1 << 40),
        (979 * GIB, x86_cpu("Haswell", {"phys-bits": "48"}), 4 * GIB),
    ):
        assert pc_memory(machine, memory_config(machine, size), cpu).above_4g_base == base
    old = machine_type("pc-q35-7.0")
    assert pc_memory(old, memory_config(old, 979 * GIB), x86_cpu("qemu64")).above_4g_base == 4 * GIB


def test_where_the_hosts_vendor_would_matter_the_layout_is_not_modelled():
    machine = machine_type("q35")
    cpu = x86_cpu("host", host_decides=True)
    assert pc_memory(machine, memory_config(machine, 64 * GIB), cpu).above_4g_base == 4 * GIB
    with pytest.raises(UnmodelledError, match="whether the host's CPU is AMD's"):
        pc_memory(machine, memory_config(machine, 1000 * GIB), cpu)


def test_a_smaller_pci_window_leaves_more_room_below_the_hypertransport_range():
    machine = machine_type("q35")
    cpu = x86_cpu("qemu64", {"phys-bits": "48"})
    layout = pc_memory(machine, memory_config(machine, 1000 * GIB), cpu, pci_window=2 * GIB)
    assert layout.above_4g_base == 4 * GIB


def test_an_error_keeps_the_warnings_that_came_before_it():
    machine = machine_type("pc")
    memory = memory_config(machine, 2000 * GIB)
    with pytest.raises(ConfigurationError, match=r"phys-bits too low \(40\)") as caught:
        pc_memory(machine, memory, x86_cpu("qemu64"), max_ram_below_4g=1500 * MIB)
    assert "not a multiple of 1G" in caught.value.notices[0].text


def test_machines_before_2_1_have_no_room_for_memory_devices():
    machine = machine_type("pc-i440fx-2.0", qemu=(7, 2))
    with pytest.raises(ConfigurationError) as caught:
        pc_memory(machine, memory_config(machine, GIB, 2 * GIB), x86_cpu("qemu64"))
    assert caught.value.desc == "\"-memory 'slots|maxmem'\" is not supported by: pc-i440fx-2.0"


def test_device_memory_starts_at_the_next_gib_and_grows_with_slots():
    machine = machine_type("pc")
    layout = pc_memory(machine, memory_config(machine, 4 * GIB + 8 * KIB, 6 * GIB, 3), x86_cpu("qemu64"))
    assert layout.device_memory == DeviceMemory(6 * GIB, 5 * GIB - 8 * KIB, 2 * GIB - 8 * KIB)
    old = machine_type("pc-i440fx-2.1", qemu=(7, 2))
    assert pc_memory(old, memory_config(old, GIB, 2 * GIB, 3), x86_cpu("qemu64")).device_memory.size == GIB


def test_virts_device_memory_starts_at_the_next_gib_behind_ram():
    machine = machine_type("virt")
    layout = virt_memory(machine, memory_config(machine, 1029 * MIB, 3 * GIB, 3), arm_cpu("cortex-a57"))
    assert layout.device_memory == DeviceMemory(3 * GIB, 2043 * MIB + 3 * GIB, 2043 * MIB)


def test_virts_regions_above_ram_vanish_where_they_do_not_fit():
    machine = machine_type("virt")
    memory = memory_config(machine, GIB)
    full = virt_memory(machine, memory, arm_cpu("cortex-a53"))
    assert (full.high_redistributors, full.high_ecam) == (True, True)
    low = virt_memory(machine, memory, arm_cpu("cortex-a53"), VirtOptions(highmem=False))
    assert (low.high_redistributors, low.high_ecam) == (False, False)
    tight = virt_memory(machine, memory_config(machine, 1023 * GIB), arm_cpu("cortex-a53"))
    assert (tight.high_redistributors, tight.high_ecam) == (False, False)
    old = machine_type("virt-2.12")
    assert not virt_memory(old, memory, arm_cpu("cortex-a53")).high_ecam


def test_virts_pci_window_is_a_power_of_two_of_at_least_512_gib():
    check_mmio_size(1 << 40)
    with pytest.raises(ConfigurationError, match=r"^highmem-mmio-size is not a power of 2$"):
        check_mmio_size(600 * GIB)
    with pytest.raises(ConfigurationError, match=r"cannot be set to a lower value than the default \(512 GiB\)$"):
        check_mmio_size(256 * GIB)


def test_a_ram_backend_gives_ram_its_size_and_leaves_the_limit_alone():
    machine = machine_type("virt")
    memory = with_ram_backend(memory_config(machine), "m0", 2 * GIB, size_given=False)
    assert (memory.ram_size, memory.max_ram_size) == (2 * GIB, 128 * MIB)
    with pytest.raises(ConfigurationError, match=r"^maxmem/slots too huge$"):
        virt_memory(machine, memory, arm_cpu("cortex-a57"))


def test_ram_is_rounded_up_to_8_kib_and_0_means_the_default():
    machine = machine_type("q35")
    assert memory_config(machine, 1).ram_size == 8192
    assert memory_config(machine, 0).ram_size == 128 * MIB


def test_padding_fills_up_to_two_entries_more_than_nodes():
    assert pc_padding(2, 1) == (MemoryEntry(0, 0, 0, 0),) * 3
    assert pc_padding(1, 5) == ()


def test_the_room_for_memory_devices_belongs_to_the_last_node():
    assert device_memory_entry(DeviceMemory(4 * GIB, GIB, GIB), 3) == (MemoryEntry(2, 4 * GIB, GIB, 3),)
    assert device_memory_entry(None, 3) == ()
