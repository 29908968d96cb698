"""What ``-object``, ``object-add`` and ``object-del`` do to the tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sandbox.errors import QemuError
from sandbox.qapi.qdict import walk_order
from sandbox.qom.types import USER_CREATABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.qom.objects import QomObject
    from sandbox.qom.tree import ObjectTree

WELL_FORMED_ID: Final = re.compile(r"[A-Za-z][-A-Za-z0-9._]*")


def object_add(
    tree: ObjectTree,
    typename: str,
    object_id: str,
    properties: Mapping[str, object],
    *,
    failure_may_resize: bool = True,
) -> QomObject:
    """Make a user-creatable object and put it into ``/objects``.

    An object that cannot be completed is taken out again, which leaves a tombstone among the buckets; every other
    failure leaves the tree as it was.

    Args:
        tree: where the object goes.
        typename: its type, as in ``qom-type``.
        object_id: its name in ``/objects``.
        properties: values that have passed the rules of the type's QAPI members.
        failure_may_resize: whether taking out an object that could not be completed may resize the buckets; QEMU 10.0
            does so, 11.1 does not.

    Raises:
        QemuError: QEMU refuses the object; the message is QEMU's.
        MachineExit: a property's setter ends the machine.
    """
    if not WELL_FORMED_ID.fullmatch(object_id):
        raise QemuError(
            "Parameter 'id' expects an identifier",
            hint="Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
        )
    if typename not in tree.registry:
        raise QemuError(f"invalid object type: {typename}")
    if not tree.registry.is_a(typename, USER_CREATABLE):
        raise QemuError(f"object type '{typename}' isn't supported by object-add")
    if tree.registry.info(typename).abstract:
        raise QemuError(f"object type '{typename}' is abstract")
    created = tree.new(typename)
    for name in walk_order(properties):
        created.write(name, properties[name])
    tree.objects.add_child(object_id, created)
    try:
        created.complete()
    except QemuError:
        tree.objects.remove_child(object_id, may_resize=failure_may_resize)
        raise
    return created


def object_del(tree: ObjectTree, object_id: str, *, gives_reasons: bool = False) -> None:
    """Remove an object from ``/objects``.

    Args:
        tree: where the object is.
        object_id: its name in ``/objects``.
        gives_reasons: whether types say why an object must stay, as QEMU 11.1 does.

    Raises:
        QemuError: there is none of that id, or it is in use.
    """
    found = tree.objects.component(object_id)
    if found is None:
        raise QemuError(f"object '{object_id}' not found")
    if not found.before_delete():
        reason = found.reason_to_stay() if gives_reasons else ""
        raise QemuError(reason or f"object '{object_id}' is in use, can not be deleted")
    tree.objects.remove_child(object_id, may_resize=False)
