"""What the memory of a machine's nodes lies on, as far as libvirt is to be told: pages of hugetlbfs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.machine.config import MachineConfig

KIB: Final = 1024
DEFAULT_SIZE: Final = 0
"""Stands for the host's usual size of huge pages."""

MOUNTED: Final = "/hugepages"
"""What is in the path of hugetlbfs where it is mounted as distributions do."""


def huge_pages(config: MachineConfig) -> tuple[int | None, str]:
    """Return the size of the huge pages that all memory is to lie on, and what cannot be said of it.

    Returns:
        KiB, 0 for the host's usual size, None where there are none; and a sentence, or "".
    """
    backends = {it.values["id"]: it.values for it in config.objects}
    used = {given.values["memdev"] for given in config.numa if "memdev" in given.values}
    used |= {name for name in [config.machine_options.get("memory-backend")] if isinstance(name, str)}
    sizes = {name: _size(backends[name]) for name in sorted(used & backends.keys())}
    huge = [name for name, size in sizes.items() if size is not None]
    if huge and len(set(sizes.values())) > 1:
        return None, f"the huge pages of {', '.join(huge)} are left out: <hugepages> with a nodeset says such a thing"
    return (sizes[huge[0]], "") if huge else (None, "")


def _size(values: Mapping[str, Any]) -> int | None:
    """Return the size of a backend's huge pages in KiB; None where it has none."""
    if not values.get("hugetlb") and MOUNTED not in str(values.get("mem-path", "")):
        return None
    size = values.get("hugetlbsize", DEFAULT_SIZE)
    return size // KIB if isinstance(size, int) else DEFAULT_SIZE
