"""The guest's ``/sys/devices/system`` as a forecast says it will be, for tools that read such trees.

``lstopo --input DIR --if fsroot`` of hwloc draws it; ``numactl`` has no such switch. Only what such tools read is
there: CPUs with their topology, nodes with their masks, CPUs, memory, distances and initiators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import record
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.guest.access import Access
    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.result import Forecast, GuestNode

CPUS: Final = "sys/devices/system/cpu"
NODES: Final = "sys/devices/system/node"
WORD_DIGITS: Final = 8


@record
class FileTree:
    """A tree of files: text by path, and the targets of symbolic links by path; paths are relative."""

    files: dict[str, str]
    links: dict[str, str]


def system_tree(forecast: Forecast, machine: GuestMachine) -> FileTree:
    """Return the tree of a guest that boots; for one that panics there is none to return: it is empty.

    Args:
        forecast: what the guest sees.
        machine: its processors.
    """
    tree = FileTree({}, {})
    if forecast.masks is None:
        return tree
    numbers = [cpu.number for cpu in machine.cpus]
    total = sum(node.memory_kib for node in forecast.online)
    tree.files.update({f"{CPUS}/{name}": f"{list_text(numbers)}\n" for name in ("online", "possible", "present")})
    tree.files.update(_topology(machine))
    tree.files["proc/cpuinfo"] = "".join(f"processor\t: {number}\n\n" for number in numbers)
    tree.files["proc/meminfo"] = f"MemTotal:       {total} kB\n"
    masks = forecast.masks
    for name in ("possible", "online", "has_cpu", "has_memory", "has_normal_memory", "has_generic_initiator"):
        tree.files[f"{NODES}/{name}"] = f"{getattr(masks, name)}\n"
    for node in forecast.online:
        cpus = set(_numbers(node.cpus))
        tree.files.update(_node(node, cpus, len(numbers)))
        for number in cpus:
            tree.links[f"{NODES}/node{node.node}/cpu{number}"] = f"../../cpu/cpu{number}"
        for kind, access in forecast.access.get(node.node, {}).items():
            _add_access(tree, f"{NODES}/node{node.node}/access{kind}", access)
    return tree


def mask_text(numbers: Collection[int], width: int) -> str:
    """Return a bit mask as sysfs prints it: hexadecimal words of 32 bits, the highest first.

    Args:
        numbers: the bits that are set.
        width: how many bits there are.
    """
    digits = max(1, -(-width // 4))
    text = f"{sum(1 << number for number in numbers):0{digits}x}"
    head = len(text) % WORD_DIGITS
    words = [text[at : at + WORD_DIGITS] for at in range(head, len(text), WORD_DIGITS)]
    return ",".join([text[:head], *words] if head else words)


def _topology(machine: GuestMachine) -> dict[str, str]:
    files: dict[str, str] = {}
    width = len(machine.cpus)
    for cpu in machine.cpus:
        folder = f"{CPUS}/cpu{cpu.number}"
        core = [other.number for other in machine.cpus if other.core == cpu.core]
        package = [other.number for other in machine.cpus if other.package == cpu.package]
        files |= {
            f"{folder}/online": "1\n",
            f"{folder}/topology/physical_package_id": f"{cpu.package}\n",
            f"{folder}/topology/core_id": f"{cpu.core}\n",
        }
        for names, numbers in ((("core_cpus", "thread_siblings"), core), (("package_cpus", "core_siblings"), package)):
            for name in names:
                files[f"{folder}/topology/{name}"] = f"{mask_text(numbers, width)}\n"
                files[f"{folder}/topology/{name}_list"] = f"{list_text(numbers)}\n"
    return files


def _node(node: GuestNode, cpus: Collection[int], width: int) -> dict[str, str]:
    folder = f"{NODES}/node{node.node}"
    return {
        f"{folder}/cpulist": f"{node.cpus}\n",
        f"{folder}/cpumap": f"{mask_text(cpus, width)}\n",
        f"{folder}/distance": " ".join(map(str, node.distances)) + "\n",
        f"{folder}/meminfo": f"Node {node.node} MemTotal: {node.memory_kib:14d} kB\n",
    }


def _add_access(tree: FileTree, folder: str, access: Access) -> None:
    for name, value in (access.performance or {}).items():
        tree.files[f"{folder}/initiators/{name}"] = f"{value}\n"
    for kind, numbers in (("initiators", access.initiators), ("targets", access.targets)):
        for number in numbers:
            tree.links[f"{folder}/{kind}/node{number}"] = f"../../../node{number}"


def _numbers(text: str) -> Iterator[int]:
    """Give the numbers of a list as :func:`sandbox.runs.list_text` writes it."""
    for run in filter(None, text.split(",")):
        first, _, last = run.partition("-")
        yield from range(int(first), int(last or first) + 1)
