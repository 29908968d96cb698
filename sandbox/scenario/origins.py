"""Which objects the device structures of SRAT come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qom_types.contract import SratContributor, host_of
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.qom.tree import ObjectTree


@record
class Origin:
    """Where a Generic Initiator or Generic Port structure of SRAT comes from.

    Attributes:
        object_id: the object in ``/objects``.
        typename: its type.
        device_id: the name in the tree of the device that it is about; "" if that is not known.
        device_type: that one's type.
    """

    object_id: str
    typename: str
    device_id: str = ""
    device_type: str = ""


def origins_of(tree: ObjectTree) -> tuple[Origin, ...]:
    """Return where each structure that objects contribute to SRAT comes from, in table order, as of now."""
    contributors = [found for found in tree.root.walk() if isinstance(found, SratContributor)]
    contributors.sort(key=lambda found: found.srat_pass)
    origins: list[Origin] = []
    for found in contributors:
        origins += [_origin(found)] * sum(1 for _ in found.srat_entries(host_of(found)))
    return tuple(origins)


def _origin(found: SratContributor) -> Origin:
    for text in _texts(found):
        device = found.tree.resolve_quietly(text, "device")
        if device is not None:
            return Origin(found.name, found.info.name, device.name, device.info.name)
    return Origin(found.name, found.info.name)


def _texts(found: SratContributor) -> Iterator[str]:
    """Give the texts among an object's values; a property keeps its value in the attribute of its name."""
    for declared in found.tree.registry.class_properties(found.info.name):
        value = getattr(found, declared.name.replace("-", "_"), None)
        if isinstance(value, str):
            yield value
