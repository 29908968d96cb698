"""Properties of QOM objects: what a type declares and what an instance gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.qom.objects import QomObject


@record
class Property:
    """A named value of an object.

    Attributes:
        name: the wire name, with hyphens.
        type: the type that QMP's ``qom-list`` prints; for people, it need not name a QAPI type (``node`` of a merged
            Generic Initiator is an "int" that takes a uint32).
        visits: the QAPI type whose rules a value must pass in ``qom-set``.
        get: reads the value from the object; None: "is not readable".
        set: stores a value that has passed the rules; None: "is not writable".
        description: what ``qom-list-properties`` tells of it, or None.
    """

    name: str
    type: str
    visits: str = "any"
    get: Callable[[Any], object] | None = None
    set: Callable[[Any, Any], None] | None = None
    description: str | None = None


@record
class Link:
    """A property that points to an object elsewhere in the tree; None where it points to nothing."""

    typename: str
    target: QomObject | None = None


def attribute(
    name: str,
    type_: str,
    visits: str | None = None,
    *,
    readable: bool = True,
    writable: bool = True,
    description: str | None = None,
) -> Property:
    """Return a property that keeps its value in the Python attribute of its name (hyphens become underscores)."""
    field = name.replace("-", "_")

    def get(obj: object) -> object:
        return getattr(obj, field)

    def set_(obj: object, value: object) -> None:
        setattr(obj, field, value)

    return Property(name, type_, visits or type_, get if readable else None, set_ if writable else None, description)
