"""Rules about the nodes that initiators have: whose they are, how many, and what else is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.lint.devices import NVIDIA_DRIVER
from sandbox.lint.memory_devices import brings_memory, name_of, place_of
from sandbox.lint.model import NOTE, WARNING, Found, Rule
from sandbox.lint.setup import is_passed_through, listed, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.lint.setup import Setup, Use
    from sandbox.lint.view import View
    from sandbox.machine.device_objects import PciDeviceObject

GPU_NODES: Final = 8
DEBIAN_ARM64_NODES: Final = 16


def node_in_use(setup: Setup) -> Iterator[Found]:
    """An initiator's node has memory or CPUs."""
    if setup.board is None:
        return
    numa = setup.board.numa
    with_cpus = frozenset(numa.cpu_nodes)
    for use, _ in setup.placed():
        for node in setup.nodes(use)[: setup.node_count]:
            if node >= setup.node_count:
                break
            held = ["memory"] * bool(numa.nodes[node].memory) + ["CPUs"] * (node in with_cpus)
            if held:
                yield Found(f"node {node} of {use.id} has {' and '.join(held)}", use.where)
    for moment in setup.moments:
        for device in moment.memory:
            ids = [it.id for it in moment.uses if device.node in setup.nodes(it)]
            if ids and brings_memory(device):
                message = f"node {device.node} of {ids[0]} is that of the memory of {name_of(device)}"
                yield Found(message, place_of(setup, device), NO_MEMORY_THERE)


def nodes_overlap(setup: Setup) -> Iterator[Found]:
    """Two objects give one device the same node."""
    for one, other, common in _pairs(setup, same_device=True):
        yield Found(f"{one.id} and {other.id} both give {numbers(common)} to '{other.device}'", other.where)


def nodes_shared(setup: Setup) -> Iterator[Found]:
    """Two devices have the same node."""
    for one, other, common in _pairs(setup, same_device=False):
        message = f"'{one.device}' ({one.id}) and '{other.device}' ({other.id}) share {numbers(common)}"
        yield Found(message, other.where)


def few_nodes(setup: Setup) -> Iterator[Found]:
    """A GPU has fewer nodes than its kind has on the host."""
    for device, (uses, count) in _gpus(setup).items():
        if count < GPU_NODES:
            said = "1 node" if count == 1 else f"{count} nodes"
            message = f"'{device.name}' has {said}: if it is a GPU that is to be cut up with MIG, {GPU_NODES} are usual"
            yield Found(message, uses[0].where)


def many_nodes(setup: Setup) -> Iterator[Found]:
    """A GPU has more nodes than its kind has on the host."""
    for device, (uses, count) in _gpus(setup).items():
        if count > GPU_NODES:
            message = f"'{device.name}' has {count} nodes: if it is a GPU, no more than {GPU_NODES} are of use"
            yield Found(message, uses[-1].where)


def hotplug_node(setup: Setup) -> Iterator[Found]:
    """With maxmem an initiator's node is that of memory that is plugged in later."""
    if setup.board is None or setup.board.device_memory is None:
        return
    last = setup.node_count - 1
    for use, device in setup.placed():
        if last in setup.nodes(use):
            option = next((it for it in setup.options if it.name == "m" and "maxmem" in it.text), None)
            message = (
                f"maxmem makes node {last} of '{device.name}' ({use.id}) the node of memory that is plugged in later"
            )
            is_needed = any(moment.memory for moment in setup.moments)
            yield Found(message, setup.where(option), ONE_MORE_NODE if is_needed and not setup.is_libvirt else "")


def unused_node(setup: Setup) -> Iterator[Found]:
    """A declared node that a guest does not see."""
    if setup.board is None or setup.config is None or not setup.makes_srat or setup.end is not None:
        return
    numa = setup.board.numa
    seen = {node.pxm for node in numa.nodes if node.memory} | set(numa.cpu_nodes)
    seen |= {int(str(it.values["node"]), 0) for it in setup.config.devices if str(it.values.get("node")).isdecimal()}
    for use in setup.uses():
        named = range(use.start or 0, (use.start or 0) + use.count)
        seen |= set(named[: setup.node_count])
    if setup.board.device_memory is not None:
        seen.add(setup.node_count - 1)
    unseen = [node for node in range(setup.node_count) if node not in seen]
    if unseen:
        message = f"a guest does not see {listed(unseen)}: no memory, no CPU and no initiator is there"
        yield Found(message, setup.where())


def beyond_arm64(view: View) -> Iterator[Found]:
    """More nodes than an arm64 kernel takes."""
    count = len(view.guest_nodes())
    if view.is_arm and count > DEBIAN_ARM64_NODES:
        lost = view.guest_nodes()[DEBIAN_ARM64_NODES:]
        message = (
            f"SRAT has {count} nodes; a kernel with room for {DEBIAN_ARM64_NODES} leaves out {listed(sorted(lost))}"
        )
        yield Found(message, view.where("SRAT"))


def _pairs(setup: Setup, *, same_device: bool) -> Iterator[tuple[Use, Use, range]]:
    """Give each object that has nodes in common with an earlier one of the same moment, with the first such."""
    for moment in setup.moments:
        found = ((use, use.found, setup.nodes(use)) for use in moment.uses)
        earlier = [(use, device, nodes) for use, device, nodes in found if device is not None and nodes]
        for place, (other, device, nodes) in enumerate(earlier):
            for one, its_device, its_nodes in earlier[:place]:
                common = range(max(nodes.start, its_nodes.start), min(nodes.stop, its_nodes.stop))
                if common and (device is its_device) is same_device:
                    yield one, other, common
                    break


def _gpus(setup: Setup) -> Mapping[PciDeviceObject, tuple[tuple[Use, ...], int]]:
    """Return what may be GPUs with their objects, and how many nodes those name, at the most.

    Those are devices of an Arm host: elsewhere the driver of NVIDIA's GPUs does not look at nodes.
    """
    found: dict[PciDeviceObject, tuple[tuple[Use, ...], int]] = {}
    if not setup.is_arm:
        return found
    for moment in setup.moments:
        for device, uses in setup.by_device(moment).items():
            count = _node_count(setup, uses)
            if is_passed_through(device) and count > found.get(device, ((), 0))[1]:
                found[device] = uses, count
    return found


def _node_count(setup: Setup, uses: tuple[Use, ...]) -> int:
    count = end = 0
    for nodes in sorted((setup.nodes(use) for use in uses), key=lambda it: it.start):
        count += max(0, nodes.stop - max(nodes.start, end))
        end = max(end, nodes.stop)
    return count


NO_MEMORY_THERE: Final = "Give the memory device the node of other memory, or one of its own."
ONE_MORE_NODE: Final = "Declare one more -numa node behind the initiators'."

NODES: Final = (
    Rule(
        "GI301",
        "node-in-use",
        WARNING,
        "An initiator's node also has memory or CPUs, of the start or of a memory device.",
        "The guest takes the node as the initiator's and as that of the memory or CPUs, and memory that a GPU's driver "
        "adds lands among it.",
        "Linux 6.1 to 7.3 as booted",
        "Give the initiator nodes of its own, without memory and CPUs.",
        of_setup=node_in_use,
    ),
    Rule(
        "GI302",
        "nodes-overlap",
        WARNING,
        "Two objects give the same node to the same device.",
        "SRAT gets the entry twice; QEMU, iasl, fwts and Linux all accept that.",
        "QEMU 10.0 behaviour, the v2 series as recorded",
        "Let the ranges of the objects follow each other without a node in common.",
        of_setup=nodes_overlap,
    ),
    Rule(
        "GI303",
        "nodes-shared",
        WARNING,
        "Two devices have a node in common.",
        "A guest cannot tell by the node which of them memory belongs to, and both drivers add theirs to it.",
        "Linux 6.1 to 7.3 as booted: the node is there once",
        "Give each device nodes of its own.",
        of_setup=nodes_shared,
    ),
    Rule(
        "GI304",
        "few-nodes",
        NOTE,
        "A device that is passed through on arm64 has fewer than 8 nodes, as many as a GH200's or GB200's GPU has.",
        "If it is a GPU, its driver gives each of MIG's instances, of which NVIDIA's guide has up to 7, a node for its "
        "memory; the series and the driver count on 8 nodes, and with fewer MIG cannot be used to the fullest.",
        f"the v2 series' cover letter; {NVIDIA_DRIVER}; NVIDIA MIG User Guide, Supported GPUs",
        "Declare 8 nodes for a GPU if its instances are to be used; leave it at that for any other device.",
        of_setup=few_nodes,
    ),
    Rule(
        "GI305",
        "many-nodes",
        WARNING,
        "A device that is passed through on arm64 has more than 8 nodes, more than a GH200's or GB200's GPU has.",
        "NVIDIA's guide has up to 7 of MIG's instances for a GPU, and the series and the driver count on 8 nodes; "
        "further ones stay empty and take room from a kernel's node numbers.",
        f"the v2 series' cover letter; {NVIDIA_DRIVER}; NVIDIA MIG User Guide, Supported GPUs",
        "Give a GPU 8 nodes.",
        of_setup=many_nodes,
    ),
    Rule(
        "GI306",
        "hotplug-node",
        WARNING,
        "With maxmem the last node, which is an initiator's, is also that of memory that is plugged in later.",
        "QEMU adds a hot-pluggable memory entry for the last declared node; the guest then counts ordinary memory to a "
        "GPU's node.",
        "QEMU 10.0 behaviour",
        "Declare one more -numa node behind the initiators', or leave maxmem out.",
        of_setup=hotplug_node,
    ),
    Rule(
        "GI307",
        "unused-node",
        NOTE,
        "A declared node has no memory, no CPU and no initiator.",
        "Nothing in SRAT names it, so that the guest has no such node.",
        "Linux 6.1 to 7.3 as booted",
        "Leave the node out, or give it to an initiator.",
        of_setup=unused_node,
    ),
    Rule(
        "GI308",
        "beyond-arm64",
        WARNING,
        "SRAT has more nodes than an arm64 kernel with the usual configuration takes.",
        "Debian's arm64 kernels have room for 16 nodes and leave the rest out without a word; x86 ones have room for "
        "1024.",
        "Linux 6.1 and 6.12 as booted",
        "Use a kernel built with a larger CONFIG_NODES_SHIFT, or fewer nodes.",
        of_view=beyond_arm64,
    ),
)
