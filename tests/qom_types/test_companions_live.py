"""Objects beside initiators on a live QEMU; ``pytest --record`` writes what it answers into tests/data/companions."""

from __future__ import annotations

from typing import Any

import pytest
from companion_cases import CASES, ORDERS, TYPENAMES, WORDS, order_words, own_call, own_machine, put, save, seen

from qom_types.meant import dialect_of_version
from sandbox.live import dump, qemu_version, start

pytestmark = pytest.mark.live

LIST_OBJECTS = ("qom-list", {"path": "/objects"})


def test_objects_are_made_and_refused_as_by_a_live_qemu(qemu_x86, request, recorded):
    version = qemu_version(qemu_x86)
    dialect = dialect_of_version(version)[0]
    own = own_call(own_machine(WORDS, dialect))
    with start(qemu_x86, WORDS) as session:
        live = {case: put(case, lambda name, given: dict(session.reply(name, given).raw)) for case in CASES}
        types = {name: dict(session.reply("qom-list-properties", {"typename": name}).raw) for name in TYPENAMES}
    orders: dict[str, Any] = {}
    for name in ORDERS:
        result = dump(qemu_x86, order_words(name), [LIST_OBJECTS])
        arguments, listed = list(result.arguments), result.replies[0].value()
        orders[name] = {"arguments": seen(arguments), "listed": listed}
        machine = own_machine(arguments, dialect)
        assert machine.execute(*LIST_OBJECTS) == listed
        assert machine.tables().srat == result.tables.srat
        recorded.check(f"companions/{dialect}-{name.replace(' ', '-')}", result.tables.srat or b"")
    for case, theirs in live.items():
        assert put(case, own) == theirs, case
    for name, theirs in types.items():
        assert own("qom-list-properties", {"typename": name}) == theirs, name
    if request.config.getoption("--record"):
        save(dialect, {"qemu": ".".join(map(str, version)), "cases": live, "types": types, "orders": orders})
