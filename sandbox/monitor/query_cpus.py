"""The CPUs: those that are there, and the places for more.

Source: QEMU 10.0 behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.errors import QemuError
from sandbox.machine.cpus import ID_PROPERTIES
from sandbox.monitor.query_objects import FIRST_THREAD
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.board import Board
    from sandbox.machine.cpus import CpuSlot
    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor

FIRST_TYPE: Final = (11, 1)
"""The first QEMU that tells of a CPU's type in query-cpus-fast."""

SUFFIXES: Final = {"x86_64": "-x86_64-cpu", "aarch64": "-arm-cpu"}


def query_cpus_fast(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-cpus-fast``: ``thread-id``, which is the host's, counts upward."""
    board = monitor.machine.board
    has_type = monitor.machine.config.dialect.interface_version >= FIRST_TYPE
    return [
        on_wire(
            {
                "cpu-index": slot.index,
                "qom-path": path,
                "thread-id": FIRST_THREAD + slot.index,
                "props": cpu_ids(board, slot),
                **({"qom-type": cpu_typename(board)} if has_type else {}),
                "target": board.type.architecture,
            }
        )
        for slot, path in present_cpus(monitor.machine)
    ]


def query_hotpluggable_cpus(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-hotpluggable-cpus``: all places for CPUs, the last one first."""
    return [
        on_wire(
            {
                "type": cpu_typename(board),
                "vcpus-count": 1,
                "props": cpu_ids(board, slot),
                **({} if path is None else {"qom-path": path}),
            }
        )
        for board, slot, path in cpu_places(monitor.machine)
    ]


def cpu_places(machine: Machine) -> list[tuple[Board, CpuSlot, str | None]]:
    """Return the places for CPUs, the last first, each with the path of its CPU or None.

    Raises:
        QemuError: the machine's CPUs cannot come later.
    """
    board = machine.board
    if not board.type.is_x86:
        raise QemuError("machine does not support hot-plugging CPUs")
    paths = {slot.index: path for slot, path in present_cpus(machine)}
    return [(board, slot, paths.get(slot.index)) for slot in reversed(board.slots)]


def cpu_typename(board: Board) -> str:
    """Return the QOM type of a board's CPUs."""
    return board.cpu.name + SUFFIXES[board.type.architecture]


def cpu_ids(board: Board, slot: CpuSlot) -> dict[str, int]:
    """Return the ids that place a CPU: its node where there are nodes, socket, core and so on."""
    node = {"node-id": board.numa.cpu_nodes[slot.index]} if board.numa.nodes else {}
    pairs = zip(ID_PROPERTIES, slot.ids, strict=True)
    return on_wire({**node, **{name: value for name, value in pairs if value is not None}})


def present_cpus(machine: Machine) -> list[tuple[CpuSlot, str]]:
    """Return the CPUs that are there, with their paths: those of ``-smp`` first, then those of ``-device``."""
    board = machine.board
    found = [(slot, f"/machine/unattached/device[{_number(board, slot.index)}]") for slot in board.slots]
    found = found[: board.smp.cpus]
    for path, ids in machine.bay.cpus.items():
        for slot in board.slots[board.smp.cpus :]:
            if all(ids.get(name, 0) == (value or 0) for name, value in zip(ID_PROPERTIES, slot.ids, strict=True)):
                found.append((slot, path))
    return sorted(found, key=lambda entry: entry[0].index)


def _number(board: Board, index: int) -> int:
    """Return the number of a CPU among the unattached devices; on x86 the second is the first CPU's helper."""
    return index + 1 if index and board.type.is_x86 else index


COMMANDS: Final = {"query-cpus-fast": query_cpus_fast, "query-hotpluggable-cpus": query_hotpluggable_cpus}
