"""What a forecast says of memory modules, virtio's memory, Generic Ports, and initiators that HMAT names."""

from __future__ import annotations

import pytest
from srat_bytes import ALL_RAM, CPUS, MIB, RAM, srat

from sandbox.app import Sandbox
from sandbox.guest.facts import X86, GuestCpu, GuestMachine, Module, facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.guest.memory import Range
from sandbox.machine.tables import Tables
from sandbox.report.forecast_text import render_forecast
from sandbox.report.style import Style
from sandbox.scenario.origins import origins_of

MODULES = (
    "-M q35 -m 512M,slots=2,maxmem=4G -smp 2 -object memory-backend-ram,id=m0,size=512M -numa node,memdev=m0,cpus=0-1 "
    "-numa node -numa node -numa node -object memory-backend-ram,id=d0,size=128M "
    "-device pc-dimm,id=dimm0,memdev=d0,node=2 "
)
VIRTIO = (
    "-object memory-backend-ram,id=v,size=1G -device virtio-mem-pci,id=vmem0,memdev=v,node=3,requested-size=64M "
    "-object memory-backend-ram,id=pm,size=128M -device virtio-pmem-pci,id=pm0,memdev=pm "
)
HMAT = (
    "-M q35,cxl=on,hmat=on -m 512M -smp 2 -object memory-backend-ram,id=m0,size=256M "
    "-object memory-backend-ram,id=m1,size=256M -numa node,memdev=m0,cpus=0-1 -numa node,memdev=m1{} -numa node "
    "-device pci-testdev,id=dev0 -device pxb-cxl,id=cxl.1,bus=pcie.0,bus_nr=12 "
    "-object acpi-generic-initiator,id=gi,pci-dev=dev0,node=2 "
)
PORT = "-object acpi-generic-port,id=gp0,pci-bus=cxl.1,node={} "


def latencies(*values: tuple[int, int, int]) -> str:
    lead = "-numa hmat-lb,hierarchy=memory,data-type=access-latency"
    return " ".join(f"{lead},initiator={one},target={other},latency={value}" for one, other, value in values)


BETTER = latencies((0, 0, 10), (0, 1, 50), (2, 0, 50), (2, 1, 5))


def seen(words: str):
    vm = Sandbox(words, dialect="10.0")
    machine = vm.machine
    declared = len(machine.board.numa.nodes)
    return forecast(vm.tables(), facts_of(machine), find_kernel(X86, "6.12"), origins_of(machine.tree), declared)


def test_a_module_of_a_domain_without_entries_is_said_to_move_to_node_0():
    found = seen(MODULES)
    lost = {loss.what: loss.why for loss in found.lost}
    assert lost["memory module dimm0 on PXM 2"].endswith("so the kernel puts the module's 128 MiB on node 0")
    assert not any(what.startswith("PXM") and "2" in what for what in lost)
    assert [part.text for part in found.nodes[0].parts][-1] == "128 MiB of memory modules"


def test_a_module_of_a_domain_that_srat_knows_does_not_move():
    machine = GuestMachine(
        X86, (Range(0x1000, RAM),), (GuestCpu(0, 0), GuestCpu(1, 1)), modules=(Module(128 * MIB, 1, 4 << 30, "d"),)
    )
    assert forecast(Tables(srat(CPUS, ALL_RAM)), machine, find_kernel(X86, "6.12")).lost == ()


def test_memory_of_virtio_comes_once_its_driver_is_there():
    found = seen(MODULES + VIRTIO)
    node = found.domains[3]
    assert found.notes == (
        f"vmem0: up to 1 GiB comes to node {node} once the guest loads virtio_mem (requested: 64 MiB)",
        "pm0: virtio-pmem is a disk to the guest, and no memory of a node",
    )
    assert [it.memory_kib for it in found.nodes] == [it.memory_kib for it in seen(MODULES).nodes]
    shown = render_forecast(found, Style.plain())
    assert "\nnotes\n  vmem0: " in shown
    assert "range for hot-plugged memory, " in shown


@pytest.mark.parametrize(("node", "part"), [(1, "port gp0: cxl.1 ACPI0016:12"), (0, "port gp0: cxl.1 ACPI0016:12")])
def test_a_node_that_is_a_port_too_shows_the_port(node, part):
    found = seen(HMAT.format("") + PORT.format(node))
    (shown,) = [it for each in found.nodes for it in each.parts if it.kind == "port"]
    assert (shown.text, shown.object_id, shown.device_id) == (part, "gp0", "cxl.1")
    assert shown in next(each for each in found.nodes if each.pxm == node).parts
    assert [part.kind for each in seen(HMAT.format("")).nodes for part in each.parts].count("port") == 0


def test_an_initiator_that_hmat_names_though_another_is_better_is_a_surprise():
    found = seen(HMAT.format(",initiator=0") + BETTER)
    memory, initiator = found.domains[1], found.domains[2]
    assert found.access[memory][0].initiators == [found.domains[0]]
    assert found.surprises[-1] == (
        f"HMAT names node 0 as the initiator of node {memory}'s memory (-numa node,initiator=), and Linux keeps to "
        f"that, though node {initiator} has better numbers."
    )
    assert "initiators of memory nodes (HMAT)" in render_forecast(found, Style.plain())


@pytest.mark.parametrize(
    ("named", "numbers"),
    [("", BETTER), (",initiator=0", latencies((0, 0, 10), (0, 1, 5), (2, 0, 50), (2, 1, 50)))],
)
def test_an_initiator_that_hmat_does_not_name_or_that_is_the_best_is_none(named, numbers):
    found = seen(HMAT.format(named) + numbers)
    assert not any("HMAT names" in text for text in found.surprises)
    assert found.access
