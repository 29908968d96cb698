"""A forecast for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sandbox.guest.access import Access
    from sandbox.guest.result import Forecast, GuestNode, Part

MASKS: Final = ("possible", "online", "has_cpu", "has_memory", "has_normal_memory", "has_generic_initiator")


def forecast_json(forecast: Forecast) -> dict[str, Any]:
    """Return a forecast as JSON values.

    Masks and CPU lists are as sysfs prints them, the masks of a guest that panics null. ``nodes`` are those that sysfs
    shows; ``offline`` are possible ones that it does not.
    """
    return {
        "kernel": forecast.kernel.version,
        "arch": forecast.kernel.arch,
        "outcome": forecast.outcome,
        "why": forecast.why,
        **{name: getattr(forecast.masks, name, None) for name in MASKS},
        "nodes": [node_json(node) for node in forecast.online],
        "offline": [
            {"node": node.node, "pxm": node.pxm, "made_of": [part_json(part) for part in node.parts]}
            for node in forecast.nodes
            if not node.online
        ],
        "domains": [{"pxm": pxm, "node": node} for pxm, node in forecast.domains.items()],
        "surprises": list(forecast.surprises),
        "hazards": list(forecast.hazards),
        "lost": [{"what": loss.what, "why": loss.why} for loss in forecast.lost],
        "access": {
            f"node{node}": {f"access{kind}": access_json(access) for kind, access in kinds.items()}
            for node, kinds in sorted(forecast.access.items())
        },
        "pci": {place.address: {"id": place.id, "numa_node": node} for place, node in forecast.devices},
        "kernel_lines": list(forecast.said),
        "notes": list(forecast.notes),
    }


def node_json(node: GuestNode) -> dict[str, Any]:
    """Return a node as JSON values; ``meminfo_kib`` holds the bounds of its MemTotal."""
    return {
        "node": node.node,
        "pxm": node.pxm,
        "cpus": node.cpus,
        "memory_kib": node.memory_kib,
        "meminfo_kib": list(node.meminfo_kib),
        "distances": list(node.distances),
        "made_of": [part_json(part) for part in node.parts],
    }


def part_json(part: Part) -> dict[str, str]:
    """Return a part of a node as JSON values."""
    found = {"kind": part.kind, "text": part.text}
    named = {"object": part.object_id, "device": part.device, "device_id": part.device_id}
    return found | {name: value for name, value in named.items() if value}


def access_json(access: Access) -> dict[str, Any]:
    """Return a folder ``accessM`` as JSON values: initiators, targets, and where there are any, ns and MB/s."""
    return {"initiators": sorted(access.initiators), "targets": sorted(access.targets), **(access.performance or {})}
