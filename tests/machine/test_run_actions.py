"""``-no-reboot``, ``-no-shutdown`` and ``-action``; the messages are those of QEMU 10.0.2."""

from __future__ import annotations

import pytest

from sandbox.app import Sandbox
from sandbox.errors import InputError, MachineExit, QemuError


def vm(options: str) -> Sandbox:
    return Sandbox(f"-M q35 -m 128M {options}", dialect="10.0")


@pytest.mark.parametrize(
    "options", ["-no-reboot", "-action reboot=shutdown", "-no-reboot -S", "-action panic=none -no-reboot"]
)
def test_a_reset_ends_the_machine_with_status_0(options):
    machine = vm(options)
    with pytest.raises(MachineExit) as ended:
        machine.execute("system_reset")
    assert (ended.value.status, ended.value.stderr) == (0, "")
    with pytest.raises(MachineExit):
        vm(options).reset()


@pytest.mark.parametrize(
    "options", ["-no-shutdown", "-no-reboot -action reboot=reset", "-action reboot=shutdown,reboot=reset"]
)
def test_the_last_word_decides_and_no_shutdown_alone_changes_nothing(options):
    machine = vm(options)
    machine.execute("system_reset")
    assert machine.execute("query-status") == {"status": "running", "running": True}


def test_a_halted_machine_keeps_its_tables_and_does_not_run_again():
    machine = Sandbox(
        "-M q35 -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0 -numa node "
        "-device pci-testdev,id=dev0 -no-reboot -no-shutdown",
        dialect="10.0",
    )
    before = machine.tables()
    machine.execute("object-add", {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "dev0", "node": 1})
    machine.reset()
    assert machine.tables() == before
    assert machine.execute("query-status") == {"status": "shutdown", "running": False}
    with pytest.raises(QemuError, match="Resetting the Virtual Machine is required"):
        machine.execute("cont")
    with pytest.raises(MachineExit):
        machine.execute("quit")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("reboot=foo", "Parameter 'reboot' does not accept value 'foo'"),
        ("shutdown=foo", "Parameter 'shutdown' does not accept value 'foo'"),
        ("reboot=foo,foo=1", "Invalid parameter 'foo'"),
        ("reboot=shutdown,,", "Parameter 'reboot' does not accept value 'shutdown,'"),
        ("id=x", "Invalid parameter 'id'"),
        ("=", "Invalid parameter ''"),
    ],
)
def test_a_wrong_action_is_refused(value, message):
    with pytest.raises(MachineExit) as ended:
        vm(f"-action {value}")
    assert ended.value.stderr == f"qemu-system-x86_64: -action {value}: {message}"


def test_a_wish_for_help_is_no_machine():
    with pytest.raises(InputError, match="asks QEMU for help"):
        vm("-action help")
