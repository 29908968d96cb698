"""Boots that fail: what is told of them, and that nothing is left behind."""

from __future__ import annotations

import pytest

from sandbox.errors import InputError, MachineExit
from sandbox.guest.boot import BootFailed, boot, guest_kernel, prepare_boot
from sandbox.live import LiveExit
from sandbox.records import replace

pytestmark = [pytest.mark.live, pytest.mark.guest]

MACHINE = ["-M", "q35", "-nodefaults", "-m", "256M"]
NODE = [*MACHINE, "-object", "memory-backend-ram,id=m0,size=256M", "-numa", "node,memdev=m0"]


def fitted(words):
    return prepare_boot(words, "x86")


@pytest.fixture
def kernel(guests):
    guests.needs("x86", "6.12")
    return guest_kernel("x86", "6.12")


@pytest.fixture
def arm_kernel(guests):
    guests.needs("arm64", "6.12")
    return guest_kernel("arm64", "6.12")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("QOM_SANDBOX_CACHE", str(tmp_path))
    return tmp_path


def test_a_boot_that_takes_too_long_is_ended_and_its_console_kept(qemu_x86, kernel, cache):
    stages = []
    with pytest.raises(BootFailed, match=r"not done within 0\.4 s") as failure:
        boot(qemu_x86, fitted(MACHINE), kernel, seconds=0.4, progress=stages.append)
    assert failure.value.log is not None
    assert failure.value.log.parent == cache / "logs"
    assert failure.value.log.read_bytes().decode() == failure.value.console
    assert str(failure.value.log) in str(failure.value)
    assert stages[0] == "QEMU starts"


def test_a_file_that_is_no_kernel_is_told_by_qemu(qemu_x86, kernel, cache):
    (cache / "noise").write_bytes(b"no kernel" * 1000)
    with pytest.raises(LiveExit) as end:
        boot(qemu_x86, fitted(MACHINE), replace(kernel, image=cache / "noise"), seconds=20)
    assert end.value.status == 1
    assert "linux kernel" in end.value.stderr


def test_a_refused_command_line_ends_with_qemus_message(qemu_x86, kernel):
    initiator = "acpi-generic-initiator,id=g,pci-dev=absent,node=7"
    with pytest.raises(LiveExit) as end:
        boot(qemu_x86, fitted([*NODE, "-object", initiator]), kernel)
    assert (end.value.status, end.value.stderr) == (1, "acpi-generic-initiator: Specified node 7 is invalid.")


def test_a_machine_that_ends_as_its_guest_reads_the_tables_tells_why(qemu_x86, kernel):
    members = {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "absent", "node": 0}
    with pytest.raises(LiveExit) as end:
        boot(qemu_x86, fitted(NODE), kernel, commands=[("object-add", members)])
    assert end.value.status == 1
    assert "acpi-generic-initiator" in end.value.stderr


def test_edk2_dies_where_the_first_node_has_little_memory(qemu_arm, arm_kernel, cache):
    nodes = [("m0", "64M"), ("m1", "448M")]
    words = "-M virt,gic-version=3 -cpu cortex-a57 -nodefaults -m 512M".split()
    for name, size in nodes:
        words += ["-object", f"memory-backend-ram,id={name},size={size}", "-numa", f"node,memdev={name}"]
    with pytest.raises(BootFailed, match="its firmware died before any kernel ran") as failure:
        boot(qemu_arm, prepare_boot(words, "arm64"), arm_kernel)
    assert "Synchronous Exception" in failure.value.console


def test_edk2_does_not_start_a_kernel_that_has_no_room(qemu_arm, arm_kernel, cache):
    words = "-M virt,gic-version=3 -cpu cortex-a57 -nodefaults -m 128M".split()
    with pytest.raises(BootFailed, match="its firmware could not start the kernel, and went to its shell"):
        boot(qemu_arm, prepare_boot(words, "arm64"), arm_kernel)


def test_a_wrong_table_is_refused_before_anything_starts(kernel):
    with pytest.raises(InputError, match="has no header"):
        boot(["absent-program"], fitted(MACHINE), kernel, tables={"SRAT": b"short"})


def test_a_program_that_is_not_there_is_named(kernel):
    with pytest.raises(InputError, match="absent-program"):
        boot(["absent-program"], fitted(MACHINE), kernel)


def test_an_unknown_option_ends_as_in_qemu(kernel):
    with pytest.raises(MachineExit, match="invalid option"):
        boot(["absent-program"], fitted([*MACHINE, "-bogus"]), kernel)
