"""The Python interface: when firmware reads, and what becomes of a machine that has ended."""

import pytest

from sandbox.app import Sandbox
from sandbox.errors import InputError, MachineExit

MACHINE = (
    "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
    "-device pci-testdev,id=dev0"
)
ADD = {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "dev0", "node": 1}


def initiators(vm: Sandbox) -> list[int]:
    return [entry.pxm for entry in vm.tables().decoded_srat().entries if entry.type == 5]


def test_firmware_reads_at_the_start_and_after_a_reset():
    vm = Sandbox(MACHINE, dialect="10.0")
    vm.execute("object-add", ADD)
    assert initiators(vm) == []
    vm.reset()
    assert initiators(vm) == [1]


def test_a_machine_that_s_holds_reads_when_it_may_run():
    vm = Sandbox(f"-S {MACHINE}", dialect="10.0")
    vm.execute("object-add", ADD)
    vm.execute("cont")
    assert initiators(vm) == [1]


def test_a_machine_that_has_ended_meets_every_wish_with_its_end():
    vm = Sandbox(MACHINE, dialect="10.0")
    with pytest.raises(MachineExit):
        vm.execute("object-add", ADD | {"node": 128})
    for wish in (lambda: vm.execute("query-status"), vm.reset, vm.tables):
        with pytest.raises(MachineExit, match="Invalid NUMA node specified"):
            wish()


def test_a_machine_of_a_younger_version_tells_the_dialect():
    assert Sandbox("-M pc-q35-10.0").config.dialect.name == "11.1"
    assert Sandbox("-M pc-q35-7.2").config.dialect.name == "v2"


def test_an_open_quotation_is_wrong_input():
    with pytest.raises(InputError, match="no closing quotation"):
        Sandbox("-M 'q35")


@pytest.mark.parametrize(
    "machine",
    [
        "q35,pflash0=x",
        "q35,kernel_irqchip=split",
        "q35,accel=kvm,kernel-irqchip=on,kvm_shadow_mem=1M",
        "virt,pflash0=x",
    ],
)
def test_options_that_libvirt_writes_are_taken(machine):
    Sandbox(f"-M {machine}", dialect="10.0")
