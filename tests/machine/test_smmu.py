"""SMMUs before root buses, and other devices of QEMU 11.1, as recorded in tests/data/smmu."""

import pytest
from smmu_cases import CASES, GPUS, RECORDED, WITHOUT, own

from sandbox.app import Sandbox
from sandbox.errors import QemuError


@pytest.mark.parametrize("case", CASES)
def test_devices_of_11_1_are_plugged_or_refused_as_recorded(case):
    assert own(case, "11.1") == RECORDED.load("11.1")[case]


@pytest.mark.parametrize("case", CASES[:WITHOUT])
def test_qemu_10_0_has_no_such_devices(case):
    assert own(case, "10.0") == RECORDED.load("10.0")[case]


def test_an_accelerated_smmu_is_taken_where_the_hosts_kernel_runs_the_guest():
    device = "arm-smmuv3,primary-bus=pcie.0,id=s,accel=on,ats=on,ril=off,oas=48,ssidsize=20"
    words = f"qemu-system-aarch64 -M virt -accel kvm -cpu host -device {device}"
    listed = Sandbox(words, dialect="11.1").execute("qom-list", {"path": "/machine/peripheral"})
    assert {"name": "s", "type": "child<arm-smmuv3>"} in listed


def test_smmus_take_nothing_from_the_devices_behind_them(recorded):
    vm = Sandbox(f"qemu-system-aarch64 {GPUS}", dialect="11.1", firmware="none")
    assert vm.tables().srat == recorded.read("smmu/gpus")


def test_an_smmu_does_not_come_later():
    vm = Sandbox("qemu-system-aarch64 -M virt", dialect="11.1")
    with pytest.raises(QemuError, match="Device 'arm-smmuv3' does not support hotplugging"):
        vm.execute("device_add", {"driver": "arm-smmuv3", "primary-bus": "pcie.0"})
