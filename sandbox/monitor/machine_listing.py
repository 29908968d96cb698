"""In which order ``/machine`` lists its properties, with those that only QEMU has.

The order follows from what was put into the object and taken out of it while the machine was made.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.buckets import BucketTable
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.machine import Machine
    from sandbox.machine.machine_types import MachineObject

_BASE: Final = "nvdimm nvdimm-persistence hmat"
_CONTAINERS: Final = "unattached peripheral peripheral-anon"
_PC: Final = f"{_BASE} pcspk-audiodev cxl cxl-fmw system.flash0 pflash0 system.flash1 pflash1 {_CONTAINERS}"
_NO_FLASH: Final = "-pflash0 -system.flash0 -pflash1 -system.flash1"

HISTORY: Final[Mapping[str, str]] = {
    "q35": f"{_PC} q35 acpi-device {_NO_FLASH} rtc-time fw_cfg smram",
    "pc": f"{_PC} i440fx smram acpi-device {_NO_FLASH} rtc-time fw_cfg",
    "virt": f"{_BASE} virt.flash0 pflash0 virt.flash1 pflash1 {_CONTAINERS} fw_cfg",
}
"""What is put in, and with a minus sign taken out, in order."""

LACKING: Final = {("pc", "acpi"): "acpi-device", ("q35", "smm"): "smram"}
"""What is not there when a property of the machine is off."""

ONLY_QEMUS: Final[Mapping[str, str]] = {
    "acpi-device": "link<hotplug-handler>",
    "rtc-time": "struct tm",
    "smram": "link<memory-region>",
    "system.flash0": "child<cfi.pflash01>",
    "system.flash1": "child<cfi.pflash01>",
    "virt.flash0": "child<cfi.pflash01>",
    "virt.flash1": "child<cfi.pflash01>",
}
"""Properties of which only the type is known here."""


def own_properties(machine: Machine, found: MachineObject) -> list[dict[str, str]]:
    """Return names and types of the properties that ``/machine`` has beside its type's."""
    family = machine.board.type.family
    table: BucketTable[None] = BucketTable()
    lacking = LACKING.get((family, "acpi" if family == "pc" else "smm"), "")
    for step in HISTORY[family].split():
        if step == lacking and found.options.get("acpi" if family == "pc" else "smm") == "off":
            continue
        if step.startswith("-"):
            table.remove(step[1:], may_resize=True)
        else:
            table.insert(step, None)
    return [{"name": name, "type": _type(found, name)} for name in reversed(table)]


def _type(found: MachineObject, name: str) -> str:
    declared = found.instance.get(name)
    if isinstance(declared, QomObject):
        return f"child<{declared.info.name}>"
    if declared is not None and not isinstance(declared, Link):
        return declared.type
    if name == "fw_cfg":
        return "child<fw_cfg_mem>" if found.info.name.startswith("virt") else "child<fw_cfg_io>"
    return ONLY_QEMUS[name]
