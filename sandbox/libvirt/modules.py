"""Memory devices of a domain: what its XML says of them, and what QEMU gets.

Source: libvirt 12.8, ``virsh domxml-to-native qemu-argv``. Memory whose file only libvirt knows is given as plain RAM.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sandbox.errors import UnmodelledError
from sandbox.libvirt.devices import pci_address, user_alias
from sandbox.libvirt.domain import MemoryModule
from sandbox.libvirt.elements import kib, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.libvirt.domain import Address, Domain
    from sandbox.libvirt.elements import Element

KIB: Final = 1024
UNIT: Final = 1024
"""The KiB of which libvirt makes the size of a memory device a multiple."""

TYPES: Final = {
    "dimm": "pc-dimm",
    "nvdimm": "nvdimm",
    "virtio-mem": "virtio-mem-pci",
    "virtio-pmem": "virtio-pmem-pci",
}
"""QEMU's device for each model."""

FLAGS: Final = {"pmem": "source/pmem", "readonly": "target/readonly"}


def read_modules(root: Element) -> Iterator[MemoryModule]:
    """Give the memory devices.

    Raises:
        InputError: one has no size, or a wrong number.
        UnmodelledError: a model is not modelled.
    """
    for element in root.every("devices/memory"):
        model = element.get("model")
        if model not in TYPES:
            raise UnmodelledError(f"a memory device of model '{model}' is not modelled", element.place)
        node, path, nodes = (_text(element, it) for it in ("target/node", "source/path", "source/nodemask"))
        place, lies = element.find("address"), element.find("target/address")
        if place is not None and place.get("type") == "dimm":
            lies = place
        flags = [name for name, where in FLAGS.items() if element.find(where) is not None]
        target = element.find("target")
        if target is not None and target.get("dynamicMemslots") == "yes":
            flags.append("dynamicMemslots")
        size = _amount(element, "target/size")
        if size is None:
            whole_number(None, "<target><size>", element.place)
        yield MemoryModule(
            model=model,
            size=-(-(size or 0) // UNIT) * UNIT,
            node=whole_number(node, "<node>", element.place) if node else None,
            slot=lies.number("slot") if lies is not None and lies.get("slot") else None,
            base=lies.number("base") if lies is not None and lies.get("base") else None,
            address=pci_address(element),
            block=_amount(element, "target/block"),
            requested=_amount(element, "target/requested"),
            label=_amount(element, "target/label/size"),
            path=path,
            align=_amount(element, "source/alignsize"),
            page=_amount(element, "source/pagesize"),
            nodes=nodes,
            access=element.get("access"),
            flags=tuple(flags),
            alias=user_alias(element),
        )


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return found.text if found is not None else ""


def _amount(element: Element, path: str) -> int | None:
    found = element.find(path)
    return None if found is None else kib(found)


def module_arguments(domain: Domain) -> Iterator[str]:
    """Give the options of a domain's memory devices: backend and device of each."""
    taken = {it.slot for it in domain.modules if it.slot is not None}
    counts: dict[str, int] = {}
    for module in domain.modules:
        slot = module.slot
        if slot is None and not module.is_pci:
            slot = next(number for number in range(len(taken) + 1) if number not in taken)
            taken.add(slot)
        number = slot
        if number is None:
            number = counts.get(module.model, 0)
            counts[module.model] = number + (not module.alias)
        name = module.alias or f"{module.model.replace('-', '')}{number}"
        yield from ("-object", json.dumps({**_backend(module), "id": f"mem{name}"}))
        yield from ("-device", json.dumps({**_device(module, slot, name), **placed(module.address, domain)}))


def _backend(module: MemoryModule) -> dict[str, object]:
    size = {"size": module.size * KIB}
    if not module.path:
        return {
            "qom-type": "memory-backend-ram",
            **({"reserve": False} if module.model == "virtio-mem" else {}),
            **size,
        }
    share = module.access == "shared" or module.model == "virtio-pmem"
    return {
        "qom-type": "memory-backend-file",
        "mem-path": module.path,
        **({"share": True} if share else {}),
        **({"pmem": True} if "pmem" in module.flags else {}),
        **({} if module.align is None else {"align": module.align * KIB}),
        **size,
    }


def _device(module: MemoryModule, slot: int | None, name: str) -> dict[str, object]:
    members: dict[str, object] = {"driver": TYPES[module.model]}
    given = {
        "node": module.node,
        "label-size": None if module.label is None else module.label * KIB,
        "unarmed": True if "readonly" in module.flags else None,
        "block-size": None if module.block is None else module.block * KIB,
        "requested-size": module.requested * KIB if module.requested else None,
        "dynamic-memslots": True if "dynamicMemslots" in module.flags else None,
        "memdev": f"mem{name}",
        "id": name,
        "slot": slot,
        "memaddr" if module.is_pci else "addr": module.base,
    }
    return {**members, **{key: value for key, value in given.items() if value is not None}}


def placed(address: Address | None, domain: Domain) -> dict[str, object]:
    """Return the properties that say where a device sits."""
    if address is None:
        return {}
    function = f".{address.function:#x}" if address.function else ""
    several = {"multifunction": True} if address.multifunction else {}
    return {"bus": domain.bus(address.bus), **several, "addr": f"{address.slot:#x}{function}"}
