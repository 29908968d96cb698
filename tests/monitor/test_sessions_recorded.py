"""Events and replies around devices that come and go, as a QEMU 10.0.2 gave them; and how a monitor tells of events."""

from __future__ import annotations

import json

import pytest
from hotplug_cases import CASES, session
from monitor_replies import load, own_session

from sandbox.app import Sandbox
from sandbox.errors import MachineExit
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.monitor.monitor import Monitor

RECORDED = {machine["name"]: machine["wire"] for machine in load("sessions.json")["machines"]}


@pytest.mark.parametrize("name", CASES)
def test_events_and_replies_are_those_recorded(name):
    assert list(map(json.dumps, own_session(*session(name)))) == list(map(json.dumps, RECORDED[name]))


def monitor_with_events(text: str) -> tuple[Monitor, list[str]]:
    events: list[str] = []
    machine = Machine(parse_arguments(text.split(), "10.0"), "none")
    return Monitor(machine, lambda name, _data: events.append(name)), events


def test_an_event_that_follows_a_reply_comes_with_the_next_command_at_the_latest():
    monitor, events = monitor_with_events("-M virt -nodefaults -device pcie-root-port,id=rp")
    monitor.execute("device_add", {"driver": "pci-testdev", "id": "t", "bus": "rp"})
    monitor.execute("device_del", {"id": "t"})
    assert events == []
    monitor.execute("query-status")
    assert events == ["DEVICE_DELETED"]


def test_quit_tells_of_its_end_before_it():
    monitor, events = monitor_with_events("-M q35 -nodefaults")
    with pytest.raises(MachineExit):
        monitor.execute("quit")
    assert events == ["SHUTDOWN"]


def test_a_monitor_without_a_listener_works_as_well():
    assert Monitor(Machine(parse_arguments(["-M", "q35"], "10.0"))).execute("stop") == {}


PORT = (
    "-S -M q35 -nodefaults -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0 -numa node "
    "-device pcie-root-port,id=rp,addr=4"
)
INITIATOR = {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "gpu", "node": 1}


def test_an_initiator_of_a_device_that_came_later_is_in_the_tables_after_a_reset():
    vm = Sandbox(PORT, dialect="10.0")
    vm.execute("device_add", {"driver": "pci-testdev", "id": "gpu", "bus": "rp"})
    vm.execute("object-add", INITIATOR)
    vm.reset()
    handle = vm.tables().decoded_srat().entries[-1].handle
    assert (handle.bus, handle.devfn) == (1, 0)


def test_an_initiator_whose_device_has_gone_ends_the_machine_when_the_tables_are_made():
    vm = Sandbox(f"{PORT} -device pci-testdev,id=gpu,bus=rp", dialect="10.0")
    vm.execute("object-add", INITIATOR)
    vm.execute("device_del", {"id": "gpu"})
    vm.reset()
    with pytest.raises(MachineExit, match="Specified device must be a PCI device"):
        vm.tables()
