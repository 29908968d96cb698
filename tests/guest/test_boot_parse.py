"""Reading consoles of guests."""

from __future__ import annotations

import base64

import pytest

from sandbox.guest.boot.parse import Panic, Untold, kernel_lines, read_console
from sandbox.guest.boot.view import Access, GuestNode, GuestView, PciDevice

TABLE = bytes(range(100))

TOLD = [
    "kernel 6.12.5-cloud",
    "machine x86_64",
    "mask possible 0-2",
    "mask online 0-1",
    "mask has_cpu 0",
    "mask has_generic_initiator ",
    "cpus present 0-3",
    "node 10",
    "cpulist 10 ",
    "distance 10 20 10",
    "memory 10 0",
    "node 9",
    "cpulist 9 0-1,3",
    "distance 9 10 20",
    "memory 9 12345",
    "access 9 0",
    "initiator 9 0 4",
    "initiator 9 0 2",
    "performance 9 0 read_latency 5",
    "access 9 1",
    "target 9 1 10",
    "pci 0000:00:04.0 0x1b36:0x0005 0x00ff00 -1",
    *(f"table SRAT {line}" for line in base64.encodebytes(TABLE).decode().split()),
    "said [    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",
]


def console(told: list[str], count: int | None = None) -> str:
    """A console with firmware's and the kernel's lines around what is told; lines end as on a terminal."""
    lines = ["\x1b[2J\x1b[01;01Hfirmware", "[    0.000000] Linux version 6.12", "", *(f"== {line}" for line in told)]
    lines += [f"== end {len(told) if count is None else count}", "[    2.840696] reboot: Power down", ""]
    return "\r\n".join(lines)


def test_everything_that_is_told_is_read():
    assert read_console(console(TOLD)) == GuestView(
        release="6.12.5-cloud",
        machine="x86_64",
        masks={"possible": "0-2", "online": "0-1", "has_cpu": "0", "has_generic_initiator": ""},
        cpus={"present": "0-3"},
        nodes=(
            GuestNode(
                9,
                "0-1,3",
                12345,
                (10, 20),
                (Access(0, (2, 4), (), {"read_latency": 5}), Access(1, (), (10,))),
            ),
            GuestNode(10, "", 0, (20, 10)),
        ),
        pci=(PciDevice("0000:00:04.0", "0x1b36:0x0005", "0x00ff00", -1),),
        tables={"SRAT": TABLE},
        said=("[    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",),
    )


def test_the_view_has_the_shape_of_a_forecast():
    view = read_console(console(TOLD))
    assert isinstance(view, GuestView)
    found = view.as_json()
    assert found["outcome"] == "boots"
    assert found["possible"] == "0-2"
    assert found["nodes"][1] == {"node": 10, "cpus": "", "memory_kib": 0, "distances": [20, 10]}
    assert found["access"] == {
        "node9": {
            "access0": {"initiators": [2, 4], "targets": [], "read_latency": 5},
            "access1": {"initiators": [], "targets": [10]},
        }
    }
    assert found["pci"]["0000:00:04.0"]["numa_node"] == -1
    assert base64.b64decode(found["tables"]["srat"]) == TABLE


def test_lost_lines_are_noticed():
    with pytest.raises(Untold, match="of 25 lines that it told 24 came through"):
        read_console(console(TOLD[:-1], count=len(TOLD)))


def test_a_guest_that_stops_in_the_middle_has_not_told_all():
    text = console(TOLD)
    with pytest.raises(Untold, match="did not come to the end"):
        read_console(text[: text.index("== pci")])


@pytest.mark.parametrize("text", ["", "firmware\r\nsays nothing more"])
def test_a_silent_guest_told_nothing(text):
    with pytest.raises(Untold, match="told nothing of itself"):
        read_console(text)


@pytest.mark.parametrize("told", ["memory 9 much", "pci 0000:00:04.0", "table SRAT ?"])
def test_what_cannot_be_read_is_no_view(told):
    with pytest.raises(Untold, match="cannot be read"):
        read_console(console([*TOLD, told]))


PANIC = """\
[    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]
[    0.000000] NUMA: Node 0 [mem 0x00001000-0x0009ffff]
[    0.041236] clocksource: refined-jiffies
[    0.066056] BUG: unable to handle page fault for address: 0000000000029e40
[    0.066302] #PF: supervisor read access in kernel mode
[    0.072883] Kernel panic - not syncing: Attempted to kill the idle task!
[    0.073000] ---[ end Kernel panic - not syncing: Attempted to kill the idle task! ]---
"""


def test_a_panic_is_told_with_its_cause_and_what_was_said_before():
    assert read_console(PANIC.replace("\n", "\r\n")) == Panic(
        "Kernel panic - not syncing: Attempted to kill the idle task!",
        "BUG: unable to handle page fault for address: 0000000000029e40",
        (
            "[    0.000000] ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0x0009ffff]",
            "[    0.000000] NUMA: Node 0 [mem 0x00001000-0x0009ffff]",
        ),
    )


def test_the_kernels_lines_come_without_time_stamps():
    lines = kernel_lines("BIOS\r\n[    0.000000] one [mem 0x0-0x1]\r\n== said [    0.000001] two\r\n[   12.5] x\r\n")
    assert lines == ("one [mem 0x0-0x1]", "two")


def test_an_early_exception_is_a_panic():
    found = read_console("PANIC: early exception 0x0e IP 10:ffffffff81\r\n")
    assert found == Panic("PANIC: early exception 0x0e IP 10:ffffffff81")


def test_a_guest_that_told_all_did_not_panic():
    assert isinstance(read_console(PANIC + console(TOLD)), GuestView)
