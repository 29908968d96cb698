"""What to do in a libvirt domain, where a rule's own remedy is about QEMU's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBVIRT_REMEDIES: Final[Mapping[str, str]] = {
    "GI003": "Declare the nodes with <cell> in <cpu><numa>: first those with memory and vCPUs, then one with "
    "memory='0' for each node of a nodeset.",
    "GI004": "Put <acpi/> into <features>.",
    "GI101": "Name a <cell> that is declared in nodeset.",
    "GI102": "Declare a <cell> with memory='0' for each node of nodeset, or name only those that are declared.",
    "GI103": "Put <acpi nodeset='...'/> into the <hostdev> itself, rather than an -object into <qemu:commandline>.",
    "GI104": "Put <acpi nodeset='...'/> into the <hostdev> of a PCI device, rather than an -object into "
    "<qemu:commandline>.",
    "GI201": "Put the device on a root port with <target hotplug='off'/>.",
    "GI202": "Give the <hostdev> an <address> with the bus of a pcie-root-port, slot='0x00' and function='0x0'.",
    "GI301": "Name only cells without memory and vCPUs in nodeset.",
    "GI302": "Name each cell once for a <hostdev>.",
    "GI303": "Give each <hostdev> a nodeset of its own.",
    "GI304": "Name 8 nodes in a GPU's nodeset, with a <cell> with memory='0' for each, if its MIG instances are to be "
    "used.",
    "GI305": "Name 8 nodes in a GPU's nodeset.",
    "GI306": "Declare one more <cell> behind those of the nodesets, or leave <maxMemory> out.",
    "GI307": "Leave the <cell> out, or name it in a nodeset.",
    "GI309": "Name a <cell> with memory or vCPUs, or one of a nodeset, as the memory device's node.",
    "GI502": "Let cells that have only memory follow those of the nodesets.",
    "GI601": "Put <distances> into every <cell>, those of the nodesets included; 'qom-sandbox translate --to libvirt "
    "--distances-from' takes the host's.",
    "GI602": "Use <sibling> values of 11 or more between different cells, and 10 within a cell.",
}
"""The remedy of a rule by its code; a rule that is not here has one that is right for libvirt, too."""
