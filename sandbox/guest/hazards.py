"""What kills a kernel, or may kill it, though nothing in its tables is wrong.

Source: boots of Linux 6.1 and 6.12 (Debian, arm64) on QEMU 10.0.2, with threads of cores in several nodes, and without
an interrupt translation service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.guest.result import PANICS, Loss
from sandbox.records import replace
from sandbox.runs import list_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.guest.facts import GuestMachine
    from sandbox.guest.kernels import Kernel
    from sandbox.guest.result import Forecast


def hazards(machine: GuestMachine, nodes: Mapping[int, int], kernel: Kernel) -> tuple[str, ...]:
    """Return what may kill the kernel, as sentences.

    Args:
        machine: the machine.
        nodes: the node of each processor number.
        kernel: the kernel.
    """
    if kernel.is_x86:  # it takes no notice of threads in another node
        return ()
    cores: dict[int, list[int]] = {}
    for cpu in machine.cpus:
        cores.setdefault(cpu.core, []).append(cpu.number)
    split = [threads for threads in cores.values() if len({nodes[number] for number in threads}) > 1]
    if not split or len(cores) == 1:
        return ()
    told = "; ".join(
        f"CPUs {list_text(threads)} in nodes {list_text(nodes[number] for number in threads)}" for threads in split
    )
    what = (
        f"Threads of one core are in several nodes ({told}): the scheduler of Linux on arm64 says that the"
        " topology is broken, and then may corrupt memory, so that the guest panics or hangs. Put all threads of a core"
        " into one node."
    )
    return (what,)


def doomed(found: Forecast, why: str) -> Forecast:
    """Return what is left of a forecast where the kernel dies after it has set up its nodes."""
    lost = (Loss("everything", why), *found.lost)
    return replace(
        found, outcome=PANICS, masks=None, nodes=(), devices=(), access={}, why=why, lost=lost, surprises=(), hazards=()
    )
