"""Boots of more kernels, with tables that no QEMU makes: broken, out of order, at random; all as forecast."""

import pytest
from guest_boots import boots, expected, machine_of, seen

from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.records import replace

BOOTS = boots("more-boots.json")
CASES = [(name, version) for name, boot in BOOTS.items() for version in boot["seen"]]


def forecast_of(boot, version):
    machine = machine_of(boot["args"])
    given = {name: bytes.fromhex(data) for name, data in boot["given"].items()}
    return forecast(replace(machine.tables(), **given), facts_of(machine), find_kernel(boot["arch"], version))


@pytest.mark.parametrize(("name", "version"), CASES, ids=lambda value: value)
def test_a_boot_is_as_forecast(name, version):
    boot = BOOTS[name]
    view = boot["seen"][version]
    found = forecast_of(boot, version)
    assert expected(found) == seen(view)
    for node in found.online:
        least, most = node.meminfo_kib
        assert least <= view["node"][str(node.node)][1] <= most
    printed = view.get("pci", {})
    assert {place.address: node for place, node in found.devices if place.address in printed}.items() <= printed.items()
