"""SMMUs that users put before root buses of virt: ``arm-smmuv3``. They take no place on a bus and move no table.

One for each ``pxb-pcie`` is what passthrough of several GPUs has.

Source: QEMU 11.1 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.device_objects import SMMU
from sandbox.machine.pci.catalog import DEVICE_PROPERTIES, DeviceType
from sandbox.machine.pci.values import read_properties
from sandbox.qom.tree import AmbiguousPathError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.config import MachineConfig
    from sandbox.machine.pci.topology import PciTopology

KIND: Final = DeviceType(
    SMMU,
    ("arm-smmu", "sys-bus-device", "device", "object"),
    frozenset(),
    {
        **DEVICE_PROPERTIES,
        "accel": "bool",
        "ats": "OnOffAuto",
        "bus_num": "uint8",
        "cmdqv": "OnOffAuto",
        "identifier": "uint8",
        "memory": "link<memory-region>",
        "msi-gpa": "uint64",
        "oas": "OasMode",
        "primary-bus": "link<PCI>",
        "ril": "OnOffAuto",
        "secure-memory": "link<memory-region>",
        "smmu_per_bus": "bool",
        "ssidsize": "SsidSizeMode",
        "stage": "str",
    },
    hotpluggable=False,
)

ROOTS: Final = frozenset({"PCIE", "pxb-pcie-bus"})
"""The types of bus before which there can be one, as far as they are root buses."""

MOST: Final = 16
"""How many fit: each takes 4 of the platform bus's 64 interrupts."""

NOT_IN_DEVICE_TREE: Final = "SMMUv3 device only supported with pcie.0 for DT"

ABORTED: Final = -6


class SmmuBay:
    """The SMMUs of a board.

    Attributes:
        buses: the QOM paths of the buses that have one.
    """

    def __init__(self, board: Board, config: MachineConfig, topology: PciTopology) -> None:
        self.board = board
        self.config = config
        self.topology = topology
        self.buses: set[str] = set()

    def plug(self, options: Mapping[str, Any], *, from_json: bool) -> tuple[str, ...]:
        """Plug one in; return what QEMU warns of.

        Args:
            options: its properties as given.
            from_json: whether options have their JSON types; else all are text.

        Raises:
            QemuError: QEMU refuses it.
            MachineExit: QEMU aborts.
        """
        if "bus" in options:
            self._refuse_bus(str(options["bus"]))
        values = read_properties(KIND, options, from_json=from_json)
        path = self._primary_bus(values.get("primary-bus"))
        accelerated = values.get("accel") is True
        self._check_machine(accelerated=accelerated)
        _check_features(values, accelerated=accelerated)
        if path is None:
            raise QemuError("SMMU is not attached to any PCI bus!")
        if not any(bus.path == path and bus.is_root and bus.typename in ROOTS for bus in self.topology.buses):
            raise QemuError(
                "SMMU should be attached to a default PCIe root complex(pcie.0) or a pxb-pcie based root complex"
            )
        if path in self.buses:
            raise QemuError("An iommu is already attached to this bus")
        if len(self.buses) == MOST:
            raise QemuError("Platform Bus: Can not fit IRQ line")
        self.buses.add(path)
        return () if path == self.topology.tree.root.path else (NOT_IN_DEVICE_TREE,)

    def _refuse_bus(self, name: str) -> None:
        from sandbox.machine.pci.search import find_bus

        typename = find_bus(self.topology.tree, name, SMMU).typename
        raise QemuError(f"Device '{SMMU}' can't go on {typename} bus")

    def _primary_bus(self, name: object) -> str | None:
        """Return the path of the bus that a name stands for; None where there is no name.

        Raises:
            QemuError: it stands for none.
        """
        if name is None or name == "":
            return None
        if not isinstance(name, str):
            raise QemuError("Invalid parameter type for 'primary-bus', expected: string")
        tree = self.board.tree
        try:
            found = tree.resolve(name, "PCI")
        except AmbiguousPathError as error:
            raise QemuError(f"Path '{name}' does not uniquely identify an object") from error
        if found is not None:
            return found.path
        if tree.resolve_quietly(name, "object") is None:
            raise QemuError(f"Device '{name}' not found", "DeviceNotFound")
        raise QemuError("Invalid parameter type for 'primary-bus', expected: PCI")

    def _check_machine(self, *, accelerated: bool) -> None:
        """Check it against the machine's other IOMMU and its accelerator.

        Raises:
            QemuError: it does not go with one of them.
            MachineExit: with neither, and QEMU aborts.
        """
        lacks_kernel = accelerated and not self.config.uses_host_cpu
        other = None
        if self.board.machine.options.get("iommu") == "smmuv3":
            other = "iommu=smmuv3"
        elif any(device.typename == "virtio-iommu-pci" for device in self.topology.devices):
            other = "virtio-iommu"
        if other and lacks_kernel:
            where = "util/error.c:62: error_setv"
            raise MachineExit(f"{self.config.program}: {where}: Assertion `*errp == NULL' failed.", ABORTED)
        if other:
            raise QemuError(f"virt machine already has {other} set. Doesn't support incompatible iommus")
        if lacks_kernel:
            raise QemuError("SMMUv3 accel=on requires KVM with kernel-irqchip=on support")


def _check_features(values: Mapping[str, object], *, accelerated: bool) -> None:
    """Check what only a host's SMMU can do.

    Raises:
        QemuError: it is asked for without the host's.
    """
    if values.get("oas", "auto") not in ("auto", "44", "48"):
        raise QemuError(
            "QEMU SMMUv3 model only implements auto, 44 bit, or 48 bit OAS. Other OasMode values are not supported."
        )
    if accelerated:
        return
    if values.get("ril") == "off":
        raise QemuError("ril can only be disabled if accel=on")
    if values.get("ats") == "on":
        raise QemuError("ats can only be enabled if accel=on")
    if values.get("oas") == "48":
        raise QemuError("oas must be 44 bits when accel=off")
    if values.get("ssidsize", "auto") not in ("auto", "0"):
        raise QemuError("ssidsize can only be greater than 0 bits if accel=on")
    if values.get("cmdqv") == "on":
        raise QemuError("cmdqv can only be enabled if accel=on")
