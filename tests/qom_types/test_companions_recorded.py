"""Objects beside initiators as QEMU 10.0.2 and 11.1.3 make and refuse them, recorded in tests/data/companions."""

from __future__ import annotations

import pytest
from companion_cases import CASES, ORDERS, TYPENAMES, WORDS, load, own_call, own_machine, put

DIALECTS = ("10.0", "11.1")


@pytest.fixture(scope="module", params=DIALECTS)
def machine(request):
    return request.param, own_call(own_machine(WORDS, request.param))


@pytest.mark.parametrize("case", CASES)
def test_an_object_is_made_or_refused_as_recorded(case, machine):
    dialect, call = machine
    assert put(case, call) == load(dialect)["cases"][case]


def test_types_have_the_recorded_properties(machine):
    dialect, call = machine
    own = {name: call("qom-list-properties", {"typename": name}) for name in TYPENAMES}
    assert own == load(dialect)["types"]


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_objects_stand_and_entries_come_in_the_recorded_order(dialect, name, recorded):
    known = load(dialect)["orders"][name]
    vm = own_machine(known["arguments"], dialect)
    assert vm.execute("qom-list", {"path": "/objects"}) == known["listed"]
    assert vm.tables().srat == recorded.read(f"companions/{dialect}-{name.replace(' ', '-')}")
