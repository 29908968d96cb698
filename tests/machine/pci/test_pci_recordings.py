"""The model against what live QEMUs did; test_pci_live.py says how it was recorded."""

from __future__ import annotations

from typing import Any

import pytest
from pci_replay import load, plugged, refusal, split

from sandbox.errors import QemuError
from sandbox.machine.pci.builtin import builtin_topology
from sandbox.machine.pci.defaults import startup_requests
from sandbox.machine.pci.enumerate import USUAL_FIRMWARE, enumerate_buses


def cases(name: str) -> list[Any]:
    return [
        pytest.param(case, id=case.get("name") or " ".join(case.get("arguments") or case["devices"])[:100])
        for case in load(name)["cases"]
    ]


@pytest.mark.parametrize("case", cases("numbers-seabios.json") + cases("numbers-edk2.json"))
def test_buses_have_the_numbers_that_firmware_gave_them(case):
    topology = plugged(case["machine"], case["devices"])
    numbers = enumerate_buses(topology, USUAL_FIRMWARE[topology.machine])
    on = {name: numbers[device.bus] for name in case["on"] if (device := topology.device(name))}
    assert on == case["on"]
    behind = {bus.parent.id: numbers[bus] for bus in topology.buses if bus.parent and not bus.is_root}
    assert {name: behind[name] for name in case["behind"]} == case["behind"]


@pytest.mark.parametrize("case", cases("builtin.json"))
def test_machines_have_the_devices_that_qemu_gives_them(case):
    machine, options, requests = split(case["arguments"])
    topology = builtin_topology(machine, options)
    for asked in startup_requests(machine, options.drives, requests):
        if asked.driver != "isa-serial":
            topology.plug(asked.driver, asked.options, asked.id, from_json=asked.from_json)
    found = sorted((device.devfn, device.path, device.typename) for device in topology.devices)
    assert [[path, typename, devfn] for devfn, path, typename in found] == case["devices"]
    assert topology.unattached == case["unattached"]


@pytest.mark.parametrize("case", cases("refusals.json"))
def test_refusals_have_qemus_words(case):
    assert refusal(case["machine"], case["devices"]) == case["refusal"]


@pytest.mark.parametrize("case", cases("hotplug.json"))
def test_devices_come_and_go_as_in_a_live_qemu(case):
    topology = plugged(case["machine"], case["devices"])
    topology.start()
    for entry in case["steps"]:
        ((kind, value),) = entry["step"].items()
        error = None
        try:
            if kind == "add":
                given = dict(value)
                driver, name = given.pop("driver"), given.pop("id")
                topology.plug(driver, given, name, from_json=True, hotplug=True)
            elif kind == "del":
                topology.request_unplug(value)
            else:
                topology.reset()
        except QemuError as refused:
            error = refused.desc
        present = {device.id: device.devfn for device in topology.devices if device.id}
        assert (error, present) == (entry["error"], entry["present"]), entry
