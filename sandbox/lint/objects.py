"""Rules about what QEMU makes of an object: whether it ends over it, now or later, or ignores it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qom_types.contract import MAX_NODES
from qom_types.v2.initiators import DEVICE_TYPE
from sandbox.lint.model import (
    ENDS_AT_READING,
    ENDS_AT_START,
    ENDS_IN_SETTER,
    ERROR,
    IGNORED,
    WARNING,
    Found,
    Rule,
)
from sandbox.lint.naming import BRIDGE_BUS
from sandbox.lint.setup import NVIDIA, Setup, Use, listed, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator


def node_too_high(setup: Setup) -> Iterator[Found]:
    """A node that QEMU has no room for."""
    for use in setup.uses():
        if use.start is None or use.start < MAX_NODES:
            continue
        what = f"{use.id} names node {use.start}, and QEMU has room for nodes 0 to {MAX_NODES - 1}"
        if setup.is_v2:
            yield Found(f"{what}: v2 ignores it", use.where, severity=WARNING, consequence=IGNORED)
        elif use.step is None:
            yield Found(f"{what}: QEMU ends as it starts", use.where, consequence=ENDS_AT_START)
        else:
            said = f"{what}: QEMU ends in the command itself, and takes a running VM along"
            yield Found(said, use.where, consequence=ENDS_IN_SETTER)


def node_not_declared(setup: Setup) -> Iterator[Found]:
    """A node that no -numa option declares."""
    if not setup.asks_objects:
        return
    declared = "0 is" if setup.node_count == 1 else f"0 to {setup.node_count - 1} are"
    for named, use, missing in _undeclared(setup):
        what = f"{named} {missing}, and {declared} declared"
        if not setup.is_v2:
            yield _ends(what, use)
        elif use.found is not None:
            yield Found(f"{what}: v2 makes the entries all the same", use.where, severity=WARNING)


def _undeclared(setup: Setup) -> Iterator[tuple[str, Use, str]]:
    """Give what names nodes that are not declared, in words, the first of its objects, and those nodes in words.

    libvirt makes an object for each node of a nodeset; they are one thing to mend there.
    """
    found: dict[object, list[Use]] = {}
    for use in setup.uses():
        if use.start is not None and use.start < MAX_NODES and use.start + use.count > setup.node_count:
            found.setdefault(use.device if setup.is_libvirt and use.count == 1 else use, []).append(use)
    for first, *others in found.values():
        missing = range(max(first.start or 0, setup.node_count), (first.start or 0) + first.count)
        if others:
            nodes = sorted({use.start for use in (first, *others) if use.start is not None})
            yield f"'{first.device}' ({first.id} to {others[-1].id}) names", first, listed(nodes)
        elif missing:
            yield f"{first.id} names", first, numbers(missing)


def device_missing(setup: Setup) -> Iterator[Found]:
    """There is no device of that name, or there are several."""
    for use in setup.uses():
        if use.missing:
            yield _ignored_or_ends(setup, f"{use.id}: {use.missing}", use)


def device_of_other_kind(setup: Setup) -> Iterator[Found]:
    """The device is not of the kind that the object takes."""
    for use in setup.uses():
        if use.other:
            wanted = BRIDGE_BUS if use.is_port else DEVICE_TYPE if setup.is_v2 else "PCI device"
            message = f"{use.id}: '{use.device}' is a {use.other}, which is no {wanted}"
            yield _ignored_or_ends(setup, message, use)


def count_zero(setup: Setup) -> Iterator[Found]:
    """An object without nodes."""
    for use in setup.uses():
        if use.typename == NVIDIA and use.count == 0:
            message = f"{use.id} has numa-node-count 0 and makes no entry"
            yield Found(message, use.where, consequence=IGNORED)


def _ignored_or_ends(setup: Setup, what: str, use: Use) -> Found:
    if setup.is_v2:
        return Found(f"{what}: v2 ignores the object", use.where, severity=WARNING, consequence=IGNORED)
    if not setup.makes_srat:
        return Found(f"{what}; without SRAT nobody looks", use.where, severity=WARNING, consequence=IGNORED)
    return _ends(what, use)


def _ends(what: str, use: Use) -> Found:
    """Say when QEMU ends over something that it finds as it makes the tables."""
    if use.step is None:
        return Found(f"{what}: QEMU ends as it starts", use.where, consequence=ENDS_AT_START)
    when = "QEMU ends after cont, as firmware reads the tables" if use.held else "a running VM dies at its next reboot"
    return Found(f"{what}: the command succeeds, and {when}", use.where, consequence=ENDS_AT_READING)


OBJECTS: Final = (
    Rule(
        "GI101",
        "node-too-high",
        ERROR,
        "An object names a node above 127.",
        "QEMU has room for 128 nodes; the merged object ends QEMU in the setter of the property, so that one "
        "object-add takes a running VM along, and v2 keeps the node that was set before, or none.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Name a node that is declared with -numa node.",
        of_setup=node_too_high,
    ),
    Rule(
        "GI102",
        "node-not-declared",
        ERROR,
        "An object names a node that no -numa node declares.",
        "The merged object accepts it, and QEMU ends when it next makes the tables: as it starts, or at the next "
        "reboot of a running VM; v2 makes the entry.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Declare the node with -numa node, or name one that is declared.",
        of_setup=node_not_declared,
    ),
    Rule(
        "GI103",
        "device-missing",
        ERROR,
        "An object names a device that is not there, or a name that several devices have.",
        "The merged object accepts it, and QEMU ends when it next makes the tables: as it starts, or at the next "
        "reboot of a running VM; v2 ignores the object.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Name the device's id, or its full path; before a device goes, object-del the objects that name it.",
        of_setup=device_missing,
    ),
    Rule(
        "GI104",
        "device-of-other-kind",
        ERROR,
        "An object names something that is not the kind of device that it takes.",
        "An acpi-generic-initiator takes a PCI device, in v2 a vfio-pci-nohotplug, and acpi-generic-port the bus of a "
        "pxb-cxl; over another one QEMU ends when it next makes the tables, and v2 ignores the object.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Name a device of the right kind.",
        of_setup=device_of_other_kind,
    ),
    Rule(
        "GI105",
        "count-zero",
        WARNING,
        "An nvidia-acpi-generic-initiator has numa-node-count 0.",
        "v2 accepts it and makes no entry.",
        "the v2 series as recorded",
        "Give the number of nodes, 8 for a GPU with MIG, or leave the object out.",
        of_setup=count_zero,
    ),
)
