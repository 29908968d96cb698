"""What rules say of GPUs is what their driver does: it reads SRAT on arm64 only, and takes a GPU's nodes as a set."""

from __future__ import annotations

import pytest
from lint_cases import (
    BEHIND_PORT,
    CPU,
    GPU,
    MEMORY,
    TESTDEV,
    found,
    initiator,
    machine,
    merged,
    only,
    scenario,
    several,
    slit,
    srat,
)

from sandbox.lint.model import NOTE, WARNING
from sandbox.lint.rules import rule_of
from sandbox.lint.view import View

PORTS = (
    "-device pcie-root-port,id=rp0,chassis=1,hotplug=off -device pcie-root-port,id=rp1,chassis=2,hotplug=off "
    "-device vfio-pci-nohotplug,host=01:00.0,id=dev0,bus=rp0 -device vfio-pci-nohotplug,host=02:00.0,id=dev1,bus=rp1"
)

BUSES = (
    "-device pcie-root-port,id=rp0,chassis=1 -device pcie-root-port,id=rp1,chassis=2 "
    "-device pcie-pci-bridge,id=br0,bus=rp1"
)


def codes(*words, dialect="10.0"):
    return {it.code for it in found(scenario(*words, dialect=dialect))}


def test_a_gpu_with_eight_nodes_behind_a_root_port_is_sound():
    ids = ("gi1m", "gi2l", "gi3k", "gi4", "gi5i", "gi6h", "gi7g", "gi8")
    eight = [merged(node, name) for node, name in enumerate(ids, 1)]
    assert codes(machine(9, "virt"), BEHIND_PORT, *eight) == {"GI601"}


@pytest.mark.parametrize("place", ["addr=04.0", "bus=br0,addr=01.0", "bus=rp0,addr=00.1"])
def test_a_gpu_elsewhere_than_at_device_0_function_0_is_named(place):
    gpu = GPU.replace("addr=04.0", place)
    multi = "-device pci-testdev,bus=rp0,addr=00.0,multifunction=on" if "00.1" in place else ""
    one = only(found(scenario(machine(2, "virt"), BUSES, multi, gpu, merged(1), dialect="10.0")), "GI202")
    assert one.severity == WARNING
    where = place.partition("addr=")[2]
    bus = place.partition(",")[0].removeprefix("bus=") if "bus=" in place else "pcie.0"
    assert f"is device {where} of '{bus}'" in one.message


def test_devices_of_x86_and_emulated_ones_are_not_taken_for_gpus():
    assert not {"GI202", "GI304"} & codes(machine(2), GPU, merged(1))
    assert not {"GI202", "GI304"} & codes(machine(2, "virt"), TESTDEV, merged(1))


def test_v2_has_no_place_where_the_driver_finds_a_gpu():
    on_root = only(found(scenario(machine(9, "virt"), GPU, several(1, 8))), "GI202")
    assert on_root.remedy.startswith("Translate it with 'qom-sandbox translate --to 10.0'")
    behind = found(scenario(machine(9, "virt"), BEHIND_PORT, several(1, 8)))
    assert "GI202" not in {it.code for it in behind}


def test_no_remedy_sends_a_gpu_to_the_root_bus():
    for code in ("GI201", "GI202", "GI402"):
        assert "root bus" not in rule_of(code).remedy
        assert "root port" in rule_of(code).remedy


@pytest.mark.parametrize(
    ("distances", "severity"),
    [
        ("", NOTE),
        ("-numa dist,src=0,dst=1,val=80 -numa dist,src=0,dst=2,val=80 -numa dist,src=1,dst=2,val=255", NOTE),
        ("-numa dist,src=0,dst=1,val=80 -numa dist,src=0,dst=2,val=90 -numa dist,src=1,dst=2,val=255", WARNING),
    ],
)
def test_the_order_of_one_devices_nodes_matters_only_with_unequal_distances(distances, severity):
    case = scenario(machine(3, "virt"), TESTDEV, merged(2, "a"), merged(1, "c"), distances, dialect="10.0")
    assert only(found(case), "GI501").severity == severity


@pytest.mark.parametrize("firmware", ["none", "enumerated"])
def test_nodes_of_two_devices_that_change_places_are_a_warning(firmware):
    """Before firmware has run both devices have the same handle, which says nothing about them."""
    case = scenario(machine(3, "virt"), PORTS, merged(2, "a"), merged(1, "c", "dev1"), dialect="10.0")
    from sandbox.records import replace

    assert only(found(replace(case, firmware=firmware)), "GI501").severity == WARNING


def test_in_brought_tables_handles_tell_devices_apart():
    same = srat(CPU, MEMORY, initiator(2), initiator(1))
    others = srat(CPU, MEMORY, initiator(2, devfn=8), initiator(1))
    near, far = slit([10, 20, 20], [20, 10, 20], [20, 20, 10]), slit([10, 20, 30], [20, 10, 20], [30, 20, 10])
    for view, severity in [
        (View(same), NOTE),
        (View(same, near), NOTE),
        (View(same, far), WARNING),
        (View(same, slit([10, 20], [20, 10])), WARNING),
        (View(same, hmat=b""), WARNING),
        (View(others), WARNING),
        (View(others, near), WARNING),
    ]:
        assert only(found(view), "GI501").severity == severity
