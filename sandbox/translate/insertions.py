"""What QEMU puts into ``/objects`` as it starts, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.machine.startup import FIRST_OBJECTS, is_late

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.machine.config import MachineConfig
    from sandbox.qom.tree import ObjectTree
    from sandbox.translate.ascending import Unnamed


def insertions(
    config: MachineConfig, tree: ObjectTree, unnamed: Sequence[Unnamed], places: Collection[str]
) -> list[str | Unnamed]:
    """Return what QEMU puts into ``/objects`` as it starts, in its order.

    Early objects come first, contexts of threads ahead of them, then the late ones, then monitors, and last the RAM
    that the machine makes itself.

    Args:
        config: what the command line asks for.
        tree: the tree of its machine.
        unnamed: the objects that are to get an id, in the order in which they shall stand on the command line.
        places: the ids of the objects of the command line in whose places they stand.
    """
    given = config.objects
    early = [it for it in given if not is_late(it.values["qom-type"])]
    early.sort(key=lambda it: it.values["qom-type"] not in FIRST_OBJECTS)
    late = [it.values["id"] for it in given if is_late(it.values["qom-type"])]
    waiting = iter(unnamed)
    monitors = [monitor.name for monitor in config.monitors]
    known = {it.values["id"] for it in given}.union(monitors)
    of_machine = [name for name in tree.objects.instance if name not in known]
    first = [next(waiting) if it.values["id"] in places else it.values["id"] for it in early]
    return [*first, *late, *monitors, *of_machine]
