"""PCI controllers and devices of the host, from domain XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import InputError, UnmodelledError
from sandbox.libvirt.domain import DRIVERS, ROOTS, Address, Controller, Hostdev
from sandbox.libvirt.elements import whole_number
from sandbox.translate.nodesets import parse_node_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.libvirt.elements import Element

USER_ALIAS = "ua-"
"""What the ids that users give start with; libvirt chooses all others."""


def read_controllers(root: Element) -> Iterator[Controller]:
    """Give the PCI controllers.

    Raises:
        InputError: one has no index or a wrong number.
        UnmodelledError: a model is not modelled.
    """
    for element in root.every("devices/controller"):
        if element.get("type") != "pci":
            continue
        model = element.get("model")
        if model not in DRIVERS and model not in ROOTS:
            raise UnmodelledError(f"a PCI controller of model '{model}' is not modelled", element.place)
        target, name = element.find("target"), element.find("model")
        node = element.find("target/node")
        hotplug = target.get("hotplug") if target else ""
        yield Controller(
            index=element.number("index"),
            model=model,
            address=pci_address(element),
            chassis=_optional(target, "chassis", "chassisNr"),
            port=_optional(target, "port"),
            bus_number=_optional(target, "busNr"),
            node=whole_number(node.text, "<node>", node.place) if node else None,
            hotplug=hotplug != "off" if hotplug else None,
            alias=user_alias(element),
            name=name.get("name") if name else "",
        )


def read_hostdevs(root: Element) -> Iterator[Hostdev]:
    """Give the PCI devices of the host.

    Raises:
        InputError: one has no address of the host, or a wrong node set.
    """
    networks = sum(element.get("type") == "hostdev" for element in root.every("devices/interface"))
    for number, element in enumerate(root.every("devices/hostdev"), networks):
        if element.get("type") != "pci":
            continue
        source = element.find("source/address")
        if source is None:
            raise InputError("<hostdev> has no <source><address/></source>", element.place)
        acpi, rom, driver = (element.find(tag) for tag in ("acpi", "rom", "driver"))
        nodes = acpi.get("nodeset") if acpi else ""
        yield Hostdev(
            host=_host(source),
            nodes=parse_node_set(nodes, acpi.place) if acpi and nodes else (),
            address=pci_address(element),
            alias=user_alias(element),
            managed=element.get("managed") == "yes",
            rom_bar=rom is None or rom.get("bar") != "off",
            iommufd=driver is not None and driver.get("iommufd") == "yes",
            driver=tuple((it, driver.get(it)) for it in ("name", "model") if driver.get(it)) if driver else (),
            number=number,
            place=element.place,
        )


def _host(source: Element) -> str:
    parts = [source.number(name, 0) for name in ("domain", "bus", "slot", "function")]
    return f"{parts[0]:04x}:{parts[1]:02x}:{parts[2]:02x}.{parts[3]:x}"


def pci_address(element: Element) -> Address | None:
    """Return where a device sits; None where nothing is said of it."""
    found = element.find("address")
    if found is None or found.get("type") != "pci":
        return None
    bus, slot, function = (found.number(name, 0) for name in ("bus", "slot", "function"))
    return Address(bus, slot, function, multifunction=found.get("multifunction") == "on")


def user_alias(element: Element) -> str:
    """Return the id that the user gave to a device, or ""."""
    alias = element.find("alias")
    name = alias.get("name") if alias else ""
    return name if name.startswith(USER_ALIAS) else ""


def _optional(element: Element | None, *names: str) -> int | None:
    for name in names:
        if element is not None and element.get(name):
            return element.number(name)
    return None
