"""What rules foretell of QEMU, held against a live one."""

from __future__ import annotations

import contextlib
import shlex
from random import Random
from typing import TYPE_CHECKING

import pytest
from lint_cases import FILTER, FILTERED, TESTDEV, TWO, add, do, machine, merged, scenario

from sandbox.acpi.srat import decode_srat
from sandbox.lint.model import ENDS_AT_READING, ENDS_AT_START, ENDS_IN_SETTER
from sandbox.lint.rules import lint_scenario
from sandbox.live import LiveExit, dump, read_tables, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.scenario.model import Scenario

pytestmark = pytest.mark.live

COMES = do("device_add", driver="pci-testdev", id="hot")
GOES = do("device_del", id="hot")
PORT = "-object acpi-generic-port,id=gp0,node=1,pci-bus="

ENDS = {
    "too high at start": scenario(machine(2), TESTDEV, merged(128), dialect="10.0"),
    "too high in a command": scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(128),)),
    "too high in qom-set": scenario(
        machine(2),
        TESTDEV,
        merged(1),
        dialect="10.0",
        steps=(do("qom-set", path="/objects/gi0", property="node", value=128),),
    ),
    "undeclared at start": scenario(machine(2), TESTDEV, merged(2), dialect="10.0"),
    "undeclared in a command": scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(2),)),
    "no device": scenario(machine(2), TESTDEV, merged(1, device="x"), dialect="10.0"),
    "no device in a command": scenario(machine(2), TESTDEV, dialect="10.0", steps=(add(1, device="x"),)),
    "no PCI device": scenario(
        machine(2), "-device qemu-xhci -device usb-tablet,id=tab", merged(1, device="tab"), dialect="10.0"
    ),
    "no host bridge": scenario(machine(2), TESTDEV, f"{PORT}dev0", dialect="10.0"),
    "sound": scenario(machine(2), TESTDEV, merged(1), dialect="10.0", steps=(add(1, "gi1"),)),
    "deleted in time": scenario(
        machine(2), TESTDEV, dialect="10.0", steps=(add(9), do("object-del", id="gi0"), do("system_reset"))
    ),
    "ACPI off": scenario(machine(2, "q35,acpi=off"), TESTDEV, merged(9), dialect="10.0"),
    "no node": scenario("-M q35 -m 128M", TESTDEV, merged(9), dialect="10.0"),
    "a device that came": scenario(machine(2, "pc"), dialect="10.0", steps=(COMES, add(1, device="hot"))),
    "a device that came late": scenario(machine(2, "pc"), dialect="10.0", steps=(add(1, device="hot"), COMES)),
    "a device that went": scenario(
        machine(2, "pc"), dialect="10.0", steps=(COMES, add(1, device="hot"), GOES, do("system_reset"))
    ),
    "a device that went with its object": scenario(
        machine(2, "pc"),
        dialect="10.0",
        steps=(COMES, add(1, device="hot"), do("object-del", id="gi0"), GOES, do("system_reset")),
    ),
    "an abort of another kind": scenario(
        FILTERED, dialect="10.0", steps=(do("object-add", qom_type="iothread", id="io0"), FILTER)
    ),
    "an id twice": scenario(machine(2), "-device pcie-root-port,id=dev0 -device pci-testdev,id=dev0"),
}


def foretold(subject: Scenario) -> str:
    """The way in which QEMU ends, by lint; "" if it lives."""
    ways = (ENDS_AT_START, ENDS_IN_SETTER, ENDS_AT_READING)
    return next((it.consequence for it in lint_scenario(subject) if it.consequence in ways), "")


def happened(binary: Sequence[str], subject: Scenario) -> str:
    """The way in which a live QEMU ends, by trying; "" if it lives, also after a reset."""
    try:
        session = start(binary, subject.command_line)
    except LiveExit:
        return ENDS_AT_START
    with contextlib.closing(session):
        try:
            for step in subject.steps:
                command = step.command
                session.execute(command.name, command.arguments)
        except LiveExit:
            return ENDS_IN_SETTER
        try:
            session.reset()
            read_tables(session)
        except LiveExit:
            return ENDS_AT_READING
    return ""


@pytest.mark.parametrize("name", ENDS)
def test_qemu_ends_when_lint_says_so(name, qemu_x86):
    assert happened(qemu_x86, ENDS[name]) == foretold(ENDS[name])


@pytest.mark.parametrize("seed", range(4))
def test_random_objects_end_qemu_when_lint_says_so(seed, qemu_x86):
    random = Random(seed)
    nodes = random.randrange(1, 5)
    objects = [
        merged(
            random.choice((0, nodes - 1, nodes - 1, nodes, 127, 128)), f"gi{n}", random.choice(("dev0", "dev1", "x"))
        )
        for n in range(random.randrange(1, 3))
    ]
    subject = scenario(machine(nodes), TWO, *objects, dialect="10.0")
    assert happened(qemu_x86, subject) == foretold(subject)


def test_a_vm_whose_device_was_unplugged_dies_at_its_next_reboot(qemu_x86):
    words = f"{machine(2)} -device pcie-root-port,id=rp0,chassis=1 -device pci-testdev,id=dev0,bus=rp0 {merged(1)}"
    assert "GI201" in {it.code for it in lint_scenario(scenario(words))}
    with start(qemu_x86, shlex.split(words)) as session:
        session.execute("device_del", {"id": "dev0"})
        session.reset()
        with pytest.raises(LiveExit, match="Specified device must be a PCI device"):
            read_tables(session)


def test_virt_warns_of_tables_above_64_kib_and_q35_does_not(qemu_arm, qemu_x86):
    many = " ".join(merged(1, f"gi{n}") for n in range(2060))
    arm = scenario(machine(2, "virt"), TESTDEV, many, dialect="10.0")
    assert "GI701" in {it.code for it in lint_scenario(arm)}
    assert "migration may not work" in dump(qemu_arm, arm.command_line).stderr
    iommu = "-device intel-iommu,intremap=on,eim=on -smp 1,maxcpus=2900"
    x86 = scenario(machine(2, "q35,kernel-irqchip=split"), TESTDEV, merged(1), iommu, dialect="10.0")
    assert "GI701" not in {it.code for it in lint_scenario(x86)}
    result = dump(qemu_x86, x86.command_line)
    assert len(result.tables.srat) > 0x10000
    assert "migration may not work" not in result.stderr


@pytest.mark.parametrize("family", ["virt", "q35"])
def test_ids_of_the_remedy_put_the_nodes_in_order(family, qemu_arm, qemu_x86):
    binary = qemu_arm if family == "virt" else qemu_x86
    eight = [merged(node, f"gi{node - 2}") for node in range(2, 10)]
    subject = scenario(machine(10, family), TESTDEV, *eight, dialect="10.0")
    (found,) = [it for it in lint_scenario(subject) if it.code == "GI501"]
    assert listed(dump(binary, subject.command_line).tables.srat) == [7, 6, 5, 4, 3, 9, 2, 8]
    pairs = [pair.split(" ") for pair in found.remedy.partition("ids: ")[2].partition(" (")[0].split(", ")]
    named = [merged(int(pair[-1]), pair[0]) for pair in pairs]
    again = scenario(machine(10, family), TESTDEV, *named, dialect="10.0")
    assert listed(dump(binary, again.command_line).tables.srat) == list(range(2, 10))


def listed(srat: bytes | None) -> list[int]:
    assert srat is not None
    return [entry.pxm for entry in decode_srat(srat).entries if entry.type == 5]


V2S_OBJECTS = [
    "acpi-generic-initiator,id=gi0,device=dev0,node=1",
    "acpi-generic-initiator,id=gi0,pci-dev=dev0,device=dev0,node=1",
    "nvidia-acpi-generic-initiator,id=gi0,device=dev0,numa-node-start=1,numa-node-count=1",
    '{"qom-type": "nvidia-acpi-generic-initiator", "id": "gi0", "device": "dev0"}',
    '{"qom-type": "acpi-generic-initiator", "id": "gi0", "device": "dev0", "node": 1}',
]


@pytest.mark.parametrize("given", V2S_OBJECTS)
def test_a_released_qemu_ends_over_v2s_objects_in_these_words(given, qemu_x86):
    subject = scenario(machine(2), TESTDEV, "-object", shlex.quote(given), dialect="10.0")
    (found,) = [it for it in lint_scenario(subject) if it.code == "GI001"]
    assert "'qom-sandbox translate --to 10.0' translates" in found.remedy
    with pytest.raises(LiveExit) as ended:
        dump(qemu_x86, subject.command_line)
    words = found.message.partition("-object ")[2]
    assert words
    assert ended.value.stderr.strip().endswith(f"-object {words}")


@pytest.mark.parametrize("hotplug", ["on", "off"])
def test_a_root_port_without_hotplug_keeps_its_device(qemu_arm, hotplug):
    port = f"-device pcie-root-port,id=rp0,chassis=1,hotplug={hotplug} -device pci-testdev,id=dev0,bus=rp0"
    case = scenario(machine(2, "virt"), port, merged(1), dialect="10.0")
    with start(qemu_arm, case.command_line) as session:
        reply = session.reply("device_del", {"id": "dev0"})
    is_kept = "does not support hotplugging" in str(reply)
    assert is_kept is (hotplug == "off")
    assert is_kept is not ("GI201" in {it.code for it in lint_scenario(case)})
