"""Boots of more kernels, with tables that no QEMU makes: broken, out of order, at random; all as forecast."""

import shlex

import pytest
from guest_boots import boots, expected, seen

from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.given import given_by, scenario_of
from sandbox.guest.kernels import find_kernel
from sandbox.machine.tables import Tables

BOOTS = boots("more-boots.json") | boots("further-boots.json")
CASES = [(name, version) for name, boot in BOOTS.items() for version in boot["seen"]]


def forecast_of(boot, version):
    given = given_by(scenario_of(shlex.split(boot["args"]), "10.0"))
    if boot["given"]:
        given = given.with_tables(Tables(**{name: bytes.fromhex(data) for name, data in boot["given"].items()}))
    return forecast(given.tables, facts_of(given.machine), find_kernel(boot["arch"], version), behind=given.behind)


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
