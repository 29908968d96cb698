"""What of a domain no QEMU argument has, for one that is made of its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.records import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.libvirt.domain import Domain, MemoryModule

NOT_CARRIED: Final = (
    "only what decides on nodes is in it: disks, interfaces, the loader, <memoryBacking>, the UUID and all else of the "
    "domain that was given are not carried over"
)


def with_details(made: Domain, source: Domain) -> Domain:
    """Return a domain with the details of the one whose arguments it was made of.

    These are its name, whether it runs under KVM, how libvirt takes devices of the host from their drivers, the ids
    that the user gave, and what memory devices lie on.

    Args:
        made: the domain that was made of arguments.
        source: the domain whose arguments those are.
    """
    known = {it.host: it for it in source.hostdevs}
    hostdevs = tuple(
        replace(it, managed=known[it.host].managed, driver=known[it.host].driver, alias=known[it.host].alias)
        if it.host in known
        else it
        for it in made.hostdevs
    )
    modules = tuple(_modules(made, source))
    return replace(made, name=source.name, kvm=source.kvm, hostdevs=hostdevs, modules=modules)


def _modules(made: Domain, source: Domain) -> Iterator[MemoryModule]:
    """Give the memory devices of the source in the slots and at the PCI addresses that they have come to."""
    known = sorted(source.modules, key=lambda it: it.is_pci)
    if [it.model for it in known] != [it.model for it in made.modules]:
        yield from made.modules
        return
    for it, settled in zip(known, made.modules, strict=True):
        yield replace(it, slot=settled.slot, address=settled.address)
