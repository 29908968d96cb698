from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import MachineExit, QemuError, UnmodelledError
from sandbox.machine.cpu_models import arm_cpu, check_cpu_model, cpu_model, parse_cpu, x86_cpu
from sandbox.machine.cpu_nodes import assign_cpu, select_cpus, settle_cpus, split_cluster_notices
from sandbox.machine.cpus import (
    ID_PROPERTIES,
    check_apic_ids,
    check_gic_cpus,
    check_gic_name,
    gic_version,
    possible_cpus,
)
from sandbox.machine.families import machine_type
from sandbox.machine.refusals import ConfigurationError
from sandbox.machine.smp import SmpConfig, smp_config

TOPOLOGIES = json.loads(
    (Path(__file__).parents[1] / "data" / "machine" / "topologies.json").read_text(encoding="utf-8")
)["cases"]
COUNTS = st.integers(1, 5)


@pytest.mark.parametrize("case", TOPOLOGIES, ids=lambda case: f"{case['machine']} {case['smp']}")
def test_cpus_have_the_ids_that_qmp_shows(case):
    first, *rest = case["smp"].split(",")
    options = {"cpus": int(first)} | {key: int(value) for key, _, value in (part.partition("=") for part in rest)}
    machine = machine_type(case["machine"])
    slots = possible_cpus(machine, smp_config(machine, options))
    ours = [
        {name: value for name, value in zip(ID_PROPERTIES, slot.ids, strict=True) if value is not None}
        for slot in slots
    ]
    assert ours == case["props"]


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_apic_ids_rise_and_pack_each_level_into_its_own_bits(sockets, dies, modules, cores, threads):
    total = sockets * dies * modules * cores * threads
    smp = SmpConfig(total, total, sockets=sockets, dies=dies, modules=modules, cores=cores, threads=threads)
    slots = possible_cpus(machine_type("q35"), smp)
    ids = [slot.apic_id for slot in slots]
    assert ids == sorted(set(ids))
    if all(count & (count - 1) == 0 for count in (dies, modules, cores, threads)):
        assert ids == list(range(total))


def test_apic_id_of_the_last_of_288_cpus_in_odd_groups():
    smp = smp_config(machine_type("q35"), {"maxcpus": 300, "cpus": 1, "sockets": 20, "cores": 5, "threads": 3})
    assert possible_cpus(machine_type("q35"), smp)[299].apic_id == 19 << 5 | 4 << 2 | 2


def test_a_cpu_without_x2apic_cannot_have_apic_id_255():
    machine = machine_type("q35")
    smp = smp_config(machine, {"cpus": 256})
    slots = possible_cpus(machine, smp)
    with pytest.raises(MachineExit, match="APIC ID 255 requires x2APIC feature in CPU") as caught:
        check_apic_ids(machine, slots, smp, x86_cpu("qemu64"))
    assert caught.value.status == -6
    with pytest.raises(ConfigurationError, match=r"^APIC ID 255 requires x2APIC feature in CPU$"):
        check_apic_ids(machine_type("q35", qemu=(11, 1)), slots, smp, x86_cpu("qemu64"))
    check_apic_ids(machine, slots, smp, x86_cpu("max"))
    check_apic_ids(machine, slots, smp_config(machine, {"cpus": 1, "maxcpus": 256}), x86_cpu("qemu64"))


def test_select_cpus_takes_all_that_agree_and_ignores_levels_of_other_machines():
    machine = machine_type("q35")
    slots = possible_cpus(machine, smp_config(machine, {"cpus": 8, "sockets": 2, "dies": 2}))
    assert select_cpus(slots, {"die-id": 1}) == (2, 3, 6, 7)
    assert select_cpus(slots, {"die-id": 1, "socket-id": 1, "drawer-id": 7}) == (6, 7)
    assert select_cpus(slots, {}) == tuple(range(8))
    with pytest.raises(QemuError, match=r"^no match found$"):
        select_cpus(slots, {"socket-id": 2})
    with pytest.raises(QemuError, match=r"^cluster-id is not supported$"):
        select_cpus(slots, {"cluster-id": 0})


def test_assign_cpu_takes_the_same_node_twice_but_no_other():
    nodes = [None, 0]
    assign_cpu(nodes, 0, 1)
    assign_cpu(nodes, 0, 1)
    with pytest.raises(QemuError, match=r"^CPU is already assigned to node-id: 1$"):
        assign_cpu(nodes, 0, 0)
    assert nodes == [1, 0]


def test_settle_cpus_deals_out_sockets_when_nothing_is_given():
    machine = machine_type("virt")
    slots = possible_cpus(machine, smp_config(machine, {"cpus": 6, "sockets": 3}))
    assert settle_cpus(slots, [None] * 6, 2) == ((0, 0, 1, 1, 0, 0), ())


def test_settle_cpus_puts_the_left_out_into_node_0_and_warns():
    machine = machine_type("virt")
    slots = possible_cpus(machine, smp_config(machine, {"cpus": 3}))
    nodes, notices = settle_cpus(slots, [None, 1, None], 2)
    assert nodes == (0, 1, 0)
    assert notices[0].text == (
        "CPU(s) not present in any NUMA nodes: CPU 0 [socket-id: 0, cluster-id: 0, core-id: 0, thread-id: 0], "
        "CPU 2 [socket-id: 0, cluster-id: 0, core-id: 2, thread-id: 0]"
    )


def test_clusters_that_span_nodes_are_warned_about_on_virt_since_8_1():
    smp = SmpConfig(4, 4, cores=4)
    for name, qemu, count in (("virt", (10, 0), 4), ("virt", (7, 2), 0), ("q35", (10, 0), 0)):
        machine = machine_type(name, qemu=qemu)
        assert len(split_cluster_notices(machine, possible_cpus(machine, smp), (0, 0, 1, 1), 2)) == count


def test_gic_version_follows_the_number_of_cpus():
    assert gic_version(None, 8) == 2
    assert gic_version(None, 9) == 3
    assert gic_version("max", 1) == 3
    assert gic_version("max", 1, virtualization=True) == 4
    with pytest.raises(ConfigurationError, match="does not support GICv4"):
        gic_version("4", 1)


@pytest.mark.parametrize(("gic", "high", "most"), [(2, True, 8), (3, False, 123), (3, True, 635), (4, True, 317)])
def test_each_gic_has_room_for_its_number_of_cpus(gic, high, most):
    check_gic_cpus(most, gic, high_redistributors=high)
    with pytest.raises(ConfigurationError, match=rf"\({most + 1}\) exceeds max CPUs .* \({most}\)"):
        check_gic_cpus(most + 1, gic, high_redistributors=high)


def test_gic_names_are_checked_with_the_hint_of_their_qemu():
    hints = {(10, 0): "Valid values are 3, 2, host, max.", (11, 1): "Valid values are 2, 3, 4, x-5, host, and max."}
    for qemu, hint in hints.items():
        with pytest.raises(ConfigurationError) as caught:
            check_gic_name(machine_type("virt", qemu=qemu), "1")
        assert caught.value.hint == hint
    with pytest.raises(UnmodelledError, match="gic-version=x-5"):
        check_gic_name(machine_type("virt", qemu=(11, 1)), "x-5")


def test_parse_cpu_reads_signs_and_values():
    assert parse_cpu("max,+x2apic,-lm,phys-bits=46,pmu") == (
        "max",
        {"x2apic": "on", "lm": "off", "phys-bits": "46", "pmu": "on"},
    )


def test_x86_models_have_qemus_vendor_bits_and_x2apic():
    expected = {
        "qemu64": (40, True, True, False),
        "max": (40, True, True, True),
        "EPYC-Genoa-v1": (40, True, True, False),
        "Dhyana": (40, True, False, False),
        "Haswell-v4": (40, True, False, True),
        "Nehalem-IBRS": (40, True, False, False),
        "pentium": (32, False, False, False),
        "pentium2-v1": (36, False, False, False),
        "486-v1": (32, False, False, False),
        "athlon": (36, False, True, False),
        "kvm32": (36, False, False, False),
        "YongFeng-v2": (40, True, False, True),
    }
    for name, values in expected.items():
        cpu = x86_cpu(name)
        assert (cpu.address_bits, cpu.is_64bit, cpu.is_amd, cpu.has_x2apic) == values, name


def test_features_change_what_a_model_is():
    assert x86_cpu("Haswell", {"vendor": "AuthenticAMD"}).is_amd
    assert x86_cpu("max", {"lm": "off"}).address_bits == 36
    assert x86_cpu("486", {"pae": "on"}).address_bits == 36
    assert x86_cpu("qemu64", {"phys-bits": "0x30"}).address_bits == 48


def test_under_kvm_the_host_decides_vendor_and_for_some_models_bits():
    assert x86_cpu("Haswell", host_decides=True).is_amd is None
    assert x86_cpu("Haswell", host_decides=True).address_bits == 40
    assert x86_cpu("host", host_decides=True).address_bits is None
    assert arm_cpu("host", host_decides=True).address_bits is None
    assert arm_cpu("cortex-a57", host_decides=True).address_bits == 44


def test_models_are_known_or_not_before_the_machine_is_made():
    check_cpu_model(machine_type("virt"), "cortex-m3")
    check_cpu_model(machine_type("q35"), "EPYC-Turin-v1")
    for name, model in (("q35", "EPYC-Nowhere"), ("virt", "max2"), ("virt", "host")):
        with pytest.raises(ConfigurationError, match=f"^unable to find CPU model '{model}'$"):
            check_cpu_model(machine_type(name), model)


def test_each_machine_has_its_own_default_cpu():
    assert cpu_model(machine_type("pc"), None).name == "qemu64"
    assert cpu_model(machine_type("virt"), None).name == "cortex-a15"
    assert cpu_model(machine_type("virt"), "max,sve=off").address_bits == 52
