"""Holding forecasts against what guests saw."""

from __future__ import annotations

import pytest

from sandbox.guest.boot.parse import Panic
from sandbox.guest.boot.runner import Boot
from sandbox.guest.boot.view import GuestView
from sandbox.guest.observe import is_said, memory_agrees, observe, observe_tables, observe_unforeseen, seen
from sandbox.machine.tables import Tables

GUEST = {
    "outcome": "boots",
    "possible": "0-2",
    "online": "0-1",
    "has_cpu": "0",
    "has_memory": "0",
    "has_generic_initiator": "1",
    "nodes": [
        {"node": 0, "cpus": "0-3", "memory_kib": 990744, "distances": [10, 20]},
        {"node": 1, "cpus": "", "memory_kib": 0, "distances": [20, 10]},
    ],
    "access": {"node0": {"access0": {"initiators": [0], "targets": [0]}}},
    "pci": {"0000:00:04.0": {"class": "0x00ff00", "numa_node": -1}, "0000:00:1f.0": {"numa_node": -1}},
    "kernel_lines": ["ACPI: SRAT: Node 0 PXM 0 [mem 0x0-0x1]", "other"],
}
FORECAST = {
    **GUEST,
    "nodes": [
        {"node": 0, "pxm": 0, "cpus": "0-3", "memory_kib": 1048576, "distances": (10, 20)},
        {"node": 1, "pxm": 7, "cpus": "", "memory_kib": 0, "distances": (20, 10)},
    ],
    "access": {"node0": {"access0": {"targets": (0,), "initiators": (0,)}}},
    "pci": {"0000:00:04.0": {"id": "dev0", "numa_node": -1}},
    "kernel_lines": ["SRAT: Node 0 PXM 0 [mem 0x0-0x1]"],
}


def failed(forecast: dict[str, object], guest: dict[str, object] = GUEST) -> dict[str, tuple[str, str]]:
    """What differs: forecast and guest by item."""
    checks = [check for check in observe(forecast, guest) if not check.passed]
    return {check.what: (check.differences[0].expected, check.differences[0].actual) for check in checks}


def test_a_right_forecast_passes_in_every_item():
    checks = observe(FORECAST, GUEST)
    assert [check.what for check in checks if not check.passed] == []
    assert [check.what for check in checks] == [
        "outcome",
        *("possible", "online", "has_cpu", "has_memory", "has_generic_initiator"),
        "nodes",
        *("node 0 cpus", "node 0 distances", "node 0 memory_kib"),
        *("node 1 cpus", "node 1 distances", "node 1 memory_kib"),
        *("access", "pci 0000:00:04.0 numa_node", "kernel_lines"),
    ]


def test_a_device_that_a_whole_forecast_lacks_is_a_difference():
    (check,) = observe_unforeseen(FORECAST, GUEST)
    assert (check.what, check.passed) == ("pci 0000:00:1f.0 numa_node", False)
    assert list(observe_unforeseen({**FORECAST, "pci": GUEST["pci"]}, GUEST)) == []
    assert list(observe_unforeseen({"outcome": "panics", "pci": {}}, GUEST)) == []
    assert list(observe_unforeseen(FORECAST, {"outcome": "panics"})) == []


@pytest.mark.parametrize("item", ["possible", "online", "has_cpu", "has_memory", "has_generic_initiator"])
def test_each_mask_counts(item):
    assert failed({**FORECAST, item: "5"}) == {item: ('"5"', f'"{GUEST[item]}"')}


@pytest.mark.parametrize(("item", "value"), [("cpus", "1"), ("distances", [10, 21]), ("memory_kib", 0)])
def test_each_item_of_a_node_counts(item, value):
    changed = {**FORECAST, "nodes": [{**FORECAST["nodes"][0], item: value}, FORECAST["nodes"][1]]}
    assert list(failed(changed)) == [f"node 0 {item}"]


def test_bounds_of_a_nodes_memory_go_before_our_own():
    def with_bounds(*bounds: int) -> dict[str, object]:
        return {**FORECAST, "nodes": [{**FORECAST["nodes"][0], "meminfo_kib": bounds}, FORECAST["nodes"][1]]}

    assert failed(with_bounds(990744, 990744)) == {}
    assert failed(with_bounds(990745, 1048576)) == {"node 0 memory_kib": ("990745 to 1048576", "990744")}


def test_access_devices_and_lines_count():
    assert list(failed({**FORECAST, "access": {}})) == ["access"]
    moved = {"0000:00:04.0": {"numa_node": 1}, "0000:01:00.0": {"numa_node": -1}}
    assert failed({**FORECAST, "pci": moved}) == {
        "pci 0000:00:04.0 numa_node": ("1", "-1"),
        "pci 0000:01:00.0 numa_node": ("-1", "nothing"),
    }
    assert failed({**FORECAST, "kernel_lines": ["SRAT: Node 1"]}) == {"kernel_lines": ("SRAT: Node 1", "nothing")}


@pytest.mark.parametrize(
    ("foretold", "said", "agrees"),
    [
        ("Node 0 [mem 0x1000-0x3ffdffff]", "NUMA: Node 0 [mem 0x1000-0x3ffdefff] x", True),  # a page more is firmware's
        ("Node 0 [mem 0x1000-0x3ffdffff]", "NUMA: Node 1 [mem 0x1000-0x3ffdffff]", False),
        ("Node 0 [mem 0x1000-0x3ffdffff]", "NUMA: Node 0 [mem 0x1000-0x2ffdffff]", False),
        ("node 16 [mem 0x60000000-0x7fffffff]", "node 16 [mem 0x60000000-0x7fdf9fff]", True),  # the cut of arm64
        ("coverage for 512MB of 1024MB RAM", "no nodes coverage for 511MB of 1024MB RAM", True),
        ("coverage for 512MB of 1024MB RAM", "no nodes coverage for 510MB of 1024MB RAM", False),
        ("node 3 PXM 4", "node 3 PXM 5", False),
        ("nothing else", "nothing more", False),
    ],
)
def test_addresses_in_lines_may_differ_by_what_firmware_keeps(foretold, said, agrees):
    assert is_said(foretold, said) is agrees


def test_the_tables_of_a_guest_are_compared():
    view = GuestView("6.12", "x86_64", {}, {}, (), tables={"SRAT": b"a", "SLIT": b"b"})
    booted = Boot("boots", view, None, "", (), {}, (), 1.0)
    checks = observe_tables(Tables(srat=b"a", slit=b"c"), booted)
    assert {check.what: check.passed for check in checks} == {"srat": True, "slit": False, "hmat": True}
    assert observe_tables(Tables(), Boot("panics", None, Panic("x"), "", (), {}, (), 1.0)) == ()


def test_long_values_are_compared_to_their_end():
    row = [10, *[20] * 100]
    longer = {**GUEST, "nodes": [{**GUEST["nodes"][0], "distances": [*row, 20]}, GUEST["nodes"][1]]}
    other = {**GUEST, "nodes": [{**GUEST["nodes"][0], "distances": [*row, 21]}, GUEST["nodes"][1]]}
    assert list(failed(longer, other)) == ["node 0 distances"]


def test_nodes_too_many_and_too_few_are_told():
    assert failed({**FORECAST, "nodes": FORECAST["nodes"][:1]}) == {"nodes": ("[0]", "[0, 1]")}
    surplus = {"node": 2, "cpus": "", "memory_kib": 0, "distances": []}
    assert failed({**FORECAST, "nodes": [*FORECAST["nodes"], surplus]}) == {"nodes": ("[0, 1, 2]", "[0, 1]")}


def test_what_a_forecast_does_not_say_is_not_compared():
    assert [check.what for check in observe({"outcome": "boots", "online": "0-1"}, GUEST)] == ["outcome", "online"]


def test_a_panic_is_compared_by_outcome_alone():
    panic = {"outcome": "panics"}
    assert failed({**FORECAST, "outcome": "panics"}) == {"outcome": ('"panics"', '"boots"')}
    assert failed(FORECAST, panic) == {"outcome": ('"boots"', '"panics"')}
    assert list(failed({**panic, "kernel_lines": ["a"]}, panic)) == ["kernel_lines"]
    assert [check.passed for check in observe(panic, panic)] == [True]


def test_a_boot_that_panicked_is_seen_as_such():
    panic = Panic("Kernel panic - not syncing: x", "BUG: y")
    assert seen(Boot("panics", None, panic, "[    0.000000] z\r\n", (), {}, (), 1.0)) == {
        "outcome": "panics",
        "panic": "Kernel panic - not syncing: x",
        "cause": "BUG: y",
        "kernel_lines": ["z"],
    }


@pytest.mark.parametrize(
    ("foretold", "found", "agrees"),
    [
        (262144, 218744, True),  # the kernel's image lies there
        (262144, 153132, True),  # and bounce buffers
        (524288, 512828, True),
        (1048576, 524288, False),
        (262144, 0, False),
        (262144, 262148, False),
        (0, 4, False),
        (0, 0, True),
    ],
)
def test_memory_may_lack_what_linux_takes(foretold, found, agrees):
    assert memory_agrees(foretold, found) is agrees
