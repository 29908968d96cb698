"""What ``-object`` made: memory backends and I/O threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qom_types.common.backends import MemoryBackend
from sandbox.monitor.wire import on_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qom_types.common.companions import EventLoop
    from sandbox.machine.machine import Machine
    from sandbox.monitor.monitor import Monitor

FIRST_THREAD: Final = 1
"""Numbers of threads are facts of QEMU's host; here they count upward: I/O threads by id, CPUs by index."""


FIRST_WEIGHT: Final = (11, 1)
"""The first QEMU whose I/O threads have a ``poll-weight``."""


def query_memdev(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-memdev``: the memory backends, in reversed walking order."""
    return [
        on_wire(
            {
                "id": found.name,
                "size": found.size,
                "merge": found.merge,
                "dump": found.dump,
                "prealloc": found.prealloc,
                "share": found.share,
                "reserve": found.reserve,
                "host-nodes": list(found.host_nodes),
                "policy": found.policy,
            }
        )
        for found in memory_backends(monitor.machine)
    ]


def memory_backends(machine: Machine) -> list[MemoryBackend]:
    """Return the memory backends in reversed walking order."""
    return [found for found in machine.tree.objects.children() if isinstance(found, MemoryBackend)][::-1]


def query_iothreads(monitor: Monitor, _arguments: Mapping[str, Any]) -> object:
    """``query-iothreads``: in walking order; ``thread-id``, which is the host's, counts upward."""
    version = monitor.machine.config.dialect.interface_version
    return [
        on_wire(
            {
                "id": found.name,
                "thread-id": FIRST_THREAD + number,
                "poll-max-ns": found.poll_max_ns,
                "poll-grow": found.poll_grow,
                "poll-shrink": found.poll_shrink,
                **({"poll-weight": found.poll_weight} if version >= FIRST_WEIGHT else {}),
                "aio-max-batch": found.aio_max_batch,
            }
        )
        for number, found in enumerate(io_threads(monitor.machine))
    ]


def io_threads(machine: Machine) -> list[EventLoop]:
    """Return the I/O threads in walking order."""
    from qom_types.common.companions import EventLoop

    children = machine.tree.objects.children()
    return [found for found in children if isinstance(found, EventLoop) and found.info.name == "iothread"]


COMMANDS: Final = {"query-memdev": query_memdev, "query-iothreads": query_iothreads}
