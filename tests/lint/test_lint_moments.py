"""What lint says of machines that change: devices and objects that come and go, and ends of other kinds."""

from __future__ import annotations

import pytest
from lint_cases import GPU, TESTDEV, add, do, found, machine, merged, only, scenario

from sandbox.lint.model import ENDS_AT_READING, ERROR, reaches
from sandbox.scenario.model import Scenario


def test_a_device_that_comes_before_its_object_is_there():
    steps = (do("device_add", driver="pci-testdev", id="hot"), add(1, device="hot"), do("system_reset"))
    subject = scenario(machine(2, "pc"), dialect="10.0", steps=steps)
    assert {it.code for it in found(subject)} == {"GI201", "GI601"}
    one = only(found(scenario(machine(2, "pc"), dialect="10.0", steps=(*steps[1:2], *steps[:1], steps[2]))), "GI201")
    assert one.where.about == "step 1 (object-add gi0)"


@pytest.mark.parametrize("held", ["", " -S"])
def test_a_device_that_goes_while_its_object_stays_ends_qemu_at_the_next_reading(held):
    steps = (do("device_del", id="hot"), do("system_reset"), do("cont"))
    words = f"{machine(2, 'pc')} -device pci-testdev,id=hot {merged(1, device='hot')}{held}"
    one = only(found(scenario(words, dialect="10.0", steps=steps)), "GI103")
    assert one.message.startswith("gi0: there is no device 'hot' any more")
    assert (one.severity, one.consequence, one.where.about) == (ERROR, ENDS_AT_READING, "step 2 (system_reset)")
    without = (do("object-del", id="gi0"), *steps)
    assert not reaches(found(scenario(words, dialect="10.0", steps=without)), ERROR)


def test_a_wrong_object_ends_a_held_machine_after_cont():
    held = scenario(machine(2), TESTDEV, "-S", dialect="10.0", steps=(add(7),))
    assert only(found(held), "GI102").message.endswith("QEMU ends after cont, as firmware reads the tables")
    running = scenario(machine(2), TESTDEV, dialect="10.0", steps=(do("stop"), add(7)))
    assert only(found(running), "GI102").message.endswith("a running VM dies at its next reboot")


@pytest.mark.parametrize("words", ["", "-M q35", "-M pc -m 1G", machine(2, "q35,acpi=off"), "-M virt,acpi=off -m 1G"])
def test_a_machine_without_srat_leaves_no_ram_out_of_it(words):
    assert found(scenario(words)) == ()


@pytest.mark.parametrize(
    ("dialect", "said"),
    [("10.0", "Assertion `vms->acpi_dev' failed."), ("11.1", "signal 11 ends it, without a message")],
)
def test_a_crash_at_the_start_is_told_as_what_it_is(dialect, said):
    one = only(found(scenario("-M virt,ras=on -cpu max", dialect=dialect)), "GI001")
    assert one.message.endswith(said)
    assert one.remedy.startswith("Give the machine firmware, with -bios or -drive if=pflash")


def test_an_object_of_the_human_monitor_that_ends_qemu_is_told_of_once():
    line = "object_add acpi-generic-initiator,id=gi0,pci-dev=dev0,node=200"
    steps = (do("human-monitor-command", command_line=line),)
    findings = found(scenario(machine(2), TESTDEV, dialect="10.0", steps=steps))
    assert [it.code for it in findings if it.severity == ERROR] == ["GI101"]


def test_a_gpu_that_gets_its_nodes_one_by_one_is_judged_by_the_most_that_it_has():
    words = scenario(machine(9, "virt"), GPU, merged(1)).command_line
    steps = [add(node, f"gi{node}") for node in range(2, 9)]
    every = [step for one in steps for step in (one, do("system_reset"))]
    few = Scenario("a case", words, dialect="10.0", steps=tuple(every[:6]))
    one = only(found(few), "GI304")
    assert one.message.startswith("'dev0' has 4 nodes")
    assert "GI304" not in {it.code for it in found(Scenario("a case", words, dialect="10.0", steps=tuple(every)))}


def test_a_guest_with_a_single_node_needs_no_distances():
    assert "GI601" not in {it.code for it in found(scenario(machine(1), TESTDEV, merged(0)))}
    assert "GI601" in {it.code for it in found(scenario(machine(2), TESTDEV, merged(1)))}
