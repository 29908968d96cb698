"""The human monitor's ``info``: what there is, as text.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.machine.virtio_memory import VirtioMemory
from sandbox.monitor import query_cpus, query_identity, query_memory, query_objects, virtio_memory
from sandbox.qom.tree import AmbiguousPathError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.machine.machine import Machine
    from sandbox.qom.objects import QomObject

MIB: Final = 1 << 20


def _name(machine: Machine, _path: str | None) -> str:
    name = query_identity.name_of(machine)
    return "" if name is None else f"{name}\n"


def _version(machine: Machine, _path: str | None) -> str:
    return f"{'.'.join(map(str, machine.config.dialect.qemu_version))}\n"


def _status(machine: Machine, _path: str | None) -> str:
    running = "running" if machine.status == "running" else "paused"
    return f"VM status: {running}" + ("" if machine.status in ("running", "paused") else f" ({machine.status})") + "\n"


def _uuid(machine: Machine, _path: str | None) -> str:
    return f"{query_identity.uuid_of(machine)}\n"


def _kvm(machine: Machine, _path: str | None) -> str:
    if not machine.board.type.is_x86:
        return "kvm support: not compiled\n"
    return f"kvm support: {'enabled' if query_identity.uses_kvm(machine) else 'disabled'}\n"


def _numa(machine: Machine, _path: str | None) -> str:
    board = machine.board
    nodes = board.numa.nodes
    plugged = [0] * len(nodes)
    for device, _ in query_memory.memory_devices(machine):
        if device.node < len(nodes):
            plugged[device.node] += device.plugged_size
    present = [slot.index for slot, _ in query_cpus.present_cpus(machine)]
    text = f"{len(nodes)} nodes\n"
    for node in nodes:
        cpus = "".join(f" {index}" for index in present if board.numa.cpu_nodes[index] == node.pxm)
        own = plugged[node.pxm]
        text += f"node {node.pxm} cpus:{cpus}\nnode {node.pxm} size: {(node.memory + own) // MIB} MB\n"
        text += f"node {node.pxm} plugged: {own // MIB} MB\n"
    return text


def _cpus(machine: Machine, _path: str | None) -> str:
    cpus = query_cpus.present_cpus(machine)
    return "".join(
        f"{' ' if place else '*'} CPU #{slot.index}: thread_id={query_objects.FIRST_THREAD + slot.index}\n"
        for place, (slot, _) in enumerate(cpus)
    )


def _hotpluggable_cpus(machine: Machine, _path: str | None) -> str:
    text = "Hotpluggable CPUs:\n"
    names = ("node-id", "socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id")
    for board, slot, path in query_cpus.cpu_places(machine):
        text += f'  type: "{query_cpus.cpu_typename(board)}"\n  vcpus_count: "1"\n'
        text += f'  qom_path: "{path}"\n' if path is not None else ""
        text += "  CPUInstance Properties:\n"
        ids = query_cpus.cpu_ids(board, slot)
        text += "".join(f'    {name}: "{ids[name]}"\n' for name in names if name in ids)
    return text


def _memdev(machine: Machine, _path: str | None) -> str:
    text = ""
    for backend in query_objects.memory_backends(machine):
        nodes = ",".join(map(str, backend.host_nodes))
        text += f"memory backend: {backend.name}\n  size:  {backend.size}\n"
        for name in ("merge", "dump", "prealloc", "share", "reserve"):
            text += f"  {name}: {_word(getattr(backend, name))}\n"
        text += f"  policy: {backend.policy}\n  host nodes: {nodes}\n"
    return f"{text}\n"


def _memory_devices(machine: Machine, _path: str | None) -> str:
    text = ""
    for dimm, hotplugged in query_memory.memory_devices(machine):
        if isinstance(dimm, VirtioMemory):
            text += virtio_memory.as_text(dimm)
            continue
        text += f'Memory device [{"nvdimm" if dimm.is_nvdimm else "dimm"}]: "{dimm.id or ""}"\n'
        text += f"  addr: {dimm.address:#x}\n  slot: {dimm.slot}\n  node: {dimm.node}\n  size: {dimm.size}\n"
        text += f"  memdev: /objects/{dimm.backend}\n"
        text += f"  hotplugged: {_word(hotplugged)}\n  hotpluggable: true\n"
    return text


def _memory_size_summary(machine: Machine, _path: str | None) -> str:
    base, plugged = query_memory.memory_sizes(machine)
    return f"base memory: {base}\nplugged memory: {plugged}\n"


def _iothreads(machine: Machine, _path: str | None) -> str:
    text = ""
    has_weight = machine.config.dialect.interface_version >= query_objects.FIRST_WEIGHT
    for number, found in enumerate(query_objects.io_threads(machine)):
        text += f"{found.name}:\n  thread_id={query_objects.FIRST_THREAD + number}\n"
        text += f"  poll-max-ns={found.poll_max_ns}\n  poll-grow={found.poll_grow}\n"
        text += f"  poll-shrink={found.poll_shrink}\n"
        text += f"  poll-weight={found.poll_weight}\n" if has_weight else ""
        text += f"  aio-max-batch={found.aio_max_batch}\n"
    return text


def _pci(machine: Machine, _path: str | None) -> str:
    from sandbox.monitor.query_pci import pci_buses

    return "".join(_pci_device(device) for bus in pci_buses(machine) for device in bus["devices"])


def _pci_device(device: Mapping[str, Any]) -> str:
    kind, ids = device["class_info"], device["id"]
    called = kind.get("desc", f"Class {kind['class']:04d}")
    text = f"  Bus {device['bus']:2d}, device {device['slot']:3d}, function {device['function']}:\n"
    text += f"    {called}: PCI device {ids['vendor']:04x}:{ids['device']:04x}\n"
    if "subsystem" in ids:
        text += f"      PCI subsystem {ids['subsystem-vendor']:04x}:{ids['subsystem']:04x}\n"
    if "irq" in device:
        text += f"      IRQ {device['irq']}, pin {'ABCD'[device['irq_pin'] - 1]}\n"
    bridge = device.get("pci_bridge")
    if bridge is not None:
        text += _pci_bridge(bridge["bus"])
    text += "".join(map(_pci_region, device["regions"]))
    text += f'      id "{device["qdev_id"]}"\n'
    return text + "".join(map(_pci_device, (bridge or {}).get("devices", ())))


def _pci_bridge(bus: Mapping[str, Any]) -> str:
    io, memory, prefetchable = bus["io_range"], bus["memory_range"], bus["prefetchable_range"]
    return (
        f"      BUS {bus['number']}.\n      secondary bus {bus['secondary']}.\n"
        f"      subordinate bus {bus['subordinate']}.\n"
        f"      IO range [0x{io['base']:04x}, 0x{io['limit']:04x}]\n"
        f"      memory range [0x{memory['base']:08x}, 0x{memory['limit']:08x}]\n"
        f"      prefetchable memory range [0x{prefetchable['base']:08x}, 0x{prefetchable['limit']:08x}]\n"
    )


def _pci_region(region: Mapping[str, Any]) -> str:
    if region["type"] == "io":
        return f"      BAR{region['bar']}: I/O (not mapped)\n"
    bits = 64 if region["mem_type_64"] else 32
    prefetchable = " prefetchable" if region["prefetch"] else ""
    return f"      BAR{region['bar']}: {bits} bit{prefetchable} memory (not mapped)\n"


def _qom_tree(machine: Machine, path: str | None) -> str:
    try:
        found = machine.tree.resolve("/machine" if path is None else path)
    except AmbiguousPathError:
        found = None
    return f"Path '{path}' could not be resolved.\n" if found is None else _qom_subtree(found, 0)


def _qom_subtree(found: QomObject, depth: int) -> str:
    children = sorted(found.children(), key=lambda child: child.name.encode())
    line = f"{'  ' * depth}/{found.name} ({found.info.name})\n"
    return line + "".join(_qom_subtree(child, depth + 1) for child in children)


def _word(value: bool) -> str:
    return "true" if value else "false"


TOPICS: Final[Mapping[str, tuple[Callable[[Machine, str | None], str], str]]] = {
    "cpus": (_cpus, "  -- show infos for each CPU"),
    "hotpluggable-cpus": (_hotpluggable_cpus, "  -- Show information about hotpluggable CPUs"),
    "iothreads": (_iothreads, "  -- show iothreads"),
    "kvm": (_kvm, "  -- show KVM information"),
    "memdev": (_memdev, "  -- show memory backends"),
    "memory-devices": (_memory_devices, "  -- show memory devices"),
    "memory_size_summary": (
        _memory_size_summary,
        "  -- show the amount of initially allocated and present hotpluggable (if enabled) memory in bytes.",
    ),
    "name": (_name, "  -- show the current VM name"),
    "numa": (_numa, "  -- show NUMA information"),
    "pci": (_pci, "  -- show PCI info"),
    "qom-tree": (_qom_tree, " [path] -- show QOM composition tree"),
    "status": (_status, "  -- show the current VM status (running|paused)"),
    "uuid": (_uuid, "  -- show the current VM UUID"),
    "version": (_version, "  -- show the version of QEMU"),
}
"""What each topic tells, and what ``help`` says of it."""

OTHER_TOPICS: Final = frozenset(
    """
    balloon block block-jobs blockstats capture chardev cryptodev dirty_rate dump history irq jit lapic mem mice migrate
    migrate_capabilities migrate_parameters mtree network opcount pic qdm qtree ramblock registers replay rocker
    rocker-of-dpa-flows rocker-of-dpa-groups rocker-ports roms sev sgx snapshots spice stats sync-profile tlb tpm
    trace-events usb usbhost usernet vcpu_dirty_limit virtio virtio-queue-element virtio-queue-status virtio-status
    virtio-vhost-queue-status vm-generation-id vnc
    """.split()
)
"""Topics that QEMU has and that are not answered."""
