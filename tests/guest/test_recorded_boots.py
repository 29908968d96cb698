"""Every recorded boot is forecast right, item by item.

``MemTotal`` alone is held between two bounds: the kernel, and with it some 30 to 60 MiB, comes to lie on a node that
chance picks at each boot (address space layout randomisation); the same machine and kernel give different values.
"""

import pytest
from guest_boots import ITEMS, boots, expected, forecast_of, machine_of, seen

BOOTS = boots("boots.json")
CASES = [(name, item) for name in BOOTS for item in ITEMS]


@pytest.mark.parametrize(("name", "item"), CASES, ids=lambda value: value)
def test_a_boot_is_as_forecast(name, item):
    boot = BOOTS[name]
    assert expected(forecast_of(boot, boot["kernel"]))[item] == seen(boot)[item]


@pytest.mark.parametrize("name", BOOTS)
def test_memory_is_within_the_forecast_bounds(name):
    boot = BOOTS[name]
    nodes = {node.node: node for node in forecast_of(boot, boot["kernel"]).online}
    for number, (_, kib, _) in boot["node"].items():
        least, most = nodes[int(number)].meminfo_kib
        assert least <= kib <= most <= nodes[int(number)].memory_kib


@pytest.mark.parametrize("name", BOOTS)
def test_devices_are_on_the_forecast_node(name):
    boot = BOOTS[name]
    found = {place.address: node for place, node in forecast_of(boot, boot["kernel"]).devices}
    known = {address: node for address, node in boot["pci"].items() if address in found}
    assert known.keys() >= {address for address in boot["pci"] if not address.startswith("0000:00:1f")}
    assert {address: found[address] for address in known} == known


OWN = [name for name, boot in BOOTS.items() if not boot["given"]]


@pytest.mark.parametrize("name", OWN)
def test_the_tables_of_the_sandbox_are_those_that_the_guest_saw(name):
    boot = BOOTS[name]
    made = machine_of(boot["args"]).tables()
    for table in ("srat", "slit", "hmat"):
        data = getattr(made, table)
        assert (data.hex() if data else None) == boot["tables"].get(table)
