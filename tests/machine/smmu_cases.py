"""Devices of QEMU 11.1 beside GPUs: command lines, and what comes of them on a QEMU or in the sandbox."""

from __future__ import annotations

import shlex
from typing import Any

from recorded_cases import Recorded

from sandbox.app import Sandbox
from sandbox.errors import MachineExit

RECORDED = Recorded("smmu")

BUSES = "-nodefaults -device pxb-pcie,id=pcie.1,bus=pcie.0,bus_nr=2 -device pcie-root-port,id=rp,bus=pcie.0"
S1 = "-device arm-smmuv3,primary-bus=pcie.1,id=s1"
SIXTEEN = " ".join(
    f"-device pxb-pcie,id=p{n},bus=pcie.0,bus_nr={4 * n + 8} -device arm-smmuv3,primary-bus=p{n}" for n in range(16)
)

CASES = (
    f"-M virt {BUSES} {S1} -device arm-smmuv3,primary-bus=pcie.0 -device pci-testdev,bus=rp,id=d",
    f"-M virt {BUSES} -device vfio-user-pci,bus=rp",
    f"-M virt {BUSES} -device virtio-rtc-pci,bus=pcie.0 -device iommu-testdev,bus=pcie.0 -device edu,bus=pcie.0",
    f"-M virt {BUSES} -device arm-smmuv3",
    f"-M virt {BUSES} -device arm-smmuv3,primary-bus=zz",
    f"-M virt {BUSES} -device arm-smmuv3,primary-bus=rp",
    f"-M virt {BUSES} -device arm-smmuv3,primary-bus=/machine/peripheral/rp",
    f"-M virt {BUSES} {S1} -device arm-smmuv3,primary-bus=pcie.1",
    f"-M virt {BUSES} {S1} -device virtio-iommu-pci,bus=pcie.0,id=v",
    f"-M virt {BUSES} -device virtio-iommu-pci,bus=pcie.0 {S1}",
    f"-M virt,iommu=smmuv3 {BUSES} {S1}",
    f"-M virt,iommu=smmuv3 {BUSES} {S1},accel=on",
    f"-M virt {BUSES} -device arm-smmuv3,primary-bus=rp,accel=on",
    f"-M virt {BUSES} -device arm-smmuv3,bus=pcie.0",
    f"-M virt {BUSES} -device arm-smmuv3,ats=on,ril=off",
    f"-M virt {BUSES} -device arm-smmuv3,ats=on,oas=48",
    f"-M virt {BUSES} -device arm-smmuv3,primary-bus=rp,oas=48,ssidsize=2",
    f"-M virt {BUSES} {S1},ssidsize=4,cmdqv=on",
    f"-M virt {BUSES} {S1},cmdqv=on",
    f"-M virt {BUSES} {S1},oas=40",
    f"-M virt {BUSES} {S1},oas=50",
    f"-M virt {BUSES} {S1},ssidsize=21",
    f"-M virt {BUSES} {S1},foo=on",
    f"-M virt {BUSES} {S1},accel=x",
    f"-M virt -nodefaults {SIXTEEN}",
    f"-M virt {BUSES} {SIXTEEN} {S1}",
)
GPUS = (
    f"-M virt,gic-version=3 -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,memdev=m0 {BUSES} {S1} "
    "-device pcie-root-port,id=rp1,bus=pcie.1,chassis=9 -device pci-testdev,bus=rp1,id=gpu1 "
    "-device arm-smmuv3,primary-bus=pcie.0 -device pci-testdev,bus=rp,id=gpu0 -numa node -numa node "
    "-object acpi-generic-initiator,id=gi0,pci-dev=gpu0,node=1 "
    "-object acpi-generic-initiator,id=gi1,pci-dev=gpu1,node=2"
)
"""A machine with a GPU behind each of two SMMUs."""

PERIPHERALS = ("qom-list", {"path": "/machine/peripheral"})
NAMELESS = ("qom-list", {"path": "/machine/peripheral-anon"})
WITHOUT = 3
"""How many are put to a QEMU that has no such devices: it refuses all."""


def children(listed: list[dict[str, str]]) -> list[list[str]]:
    return sorted([entry["name"], entry["type"]] for entry in listed)


def own(case: str, dialect: str) -> dict[str, Any]:
    """What comes of a case in the sandbox: the devices and the places on the root bus, or the end."""
    try:
        vm = Sandbox(["qemu-system-aarch64", *shlex.split(case)], dialect=dialect, firmware="none")
    except MachineExit as end:
        return {"status": end.status, "stderr": end.stderr}
    return {
        "children": [children(vm.execute(*asked)) for asked in (PERIPHERALS, NAMELESS)],
        "places": placed(vm.execute("query-pci", {})),
        "warnings": list(vm.machine.stderr),
    }


def placed(buses: list[dict[str, Any]]) -> list[list[Any]]:
    """Slot, function and id of the devices on the root bus."""
    root = next(bus for bus in buses if bus["bus"] == 0)
    return [[device["slot"], device["function"], device["qdev_id"]] for device in root["devices"]]
