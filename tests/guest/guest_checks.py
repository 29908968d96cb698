"""Holding a booted guest against what it must see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.app import Sandbox
from sandbox.guest.boot import as_asked_for
from sandbox.guest.observe import observe, seen
from sandbox.live import qemu_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guest_machines import Machine

    from sandbox.guest.boot import Boot

TABLES: Final = ("srat", "slit", "hmat")


def check_guest(machine: Machine, booted: Boot, binary: Sequence[str]) -> None:
    """Check every item that is expected of a guest, and that it had the tables that it was to have."""
    checks = observe(machine.seen, seen(booted))
    assert [check for check in checks if not check.passed] == [], booted.console[-3000:]
    assert len(checks) >= (1 if booted.outcome == "panics" else 7)
    if booted.view is None:
        return
    if machine.given is not None:
        given = {name: table for name, table in machine.tables().items() if table is not None}
        assert {name: as_asked_for(booted.view.tables[name], table) for name, table in given.items()} == dict.fromkeys(
            given, True
        )
        return
    dialect = "11.1" if qemu_version(binary) >= (11, 0, 0) else "10.0"
    vm = Sandbox(booted.arguments, dialect=dialect)
    for name, arguments in machine.commands:
        vm.execute(name, arguments)
    vm.reset()
    assert {name: booted.view.tables.get(name.upper()) for name in TABLES} == {
        name: getattr(vm.tables(), name) for name in TABLES
    }
