"""Objects that only keep what they are given: they matter because each takes a place in ``/objects``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qom_types.contract import backends_of
from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property
from sandbox.qom.types import USER_CREATABLE, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.qom.tree import ObjectTree

    Check = Callable[["PlainBackend", Any], None]


class ChardevUser(QomObject):
    """An object that may take character devices for itself."""

    __slots__ = ()

    def taken_chardevs(self) -> tuple[object, ...]:
        """Return the ids of those that it has taken."""
        return ()


class PlainBackend(ChardevUser):
    """An object of whose values the tables see nothing.

    Attributes:
        values: what it was given, by property.
        chardev_members: the properties that name character devices, which serve one object each.
    """

    __slots__ = ("values",)

    chardev_members: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        super().__init__(tree, info)
        self.values: dict[str, object] = {}

    def taken_chardevs(self) -> tuple[object, ...]:
        """Return the values of ``chardev_members``."""
        return tuple(self.values.get(member) for member in self.chardev_members)


def kept(
    name: str,
    type_: str,
    visits: str,
    default: object = "",
    *,
    readable: bool = True,
    check: Check | None = None,
    description: str | None = None,
) -> Property:
    """Return a property that keeps its value in ``values``.

    Args:
        name: its name.
        type_: the type that ``qom-list`` shows.
        visits: the QAPI type of its values.
        default: what is read before it is set.
        readable: whether it can be read.
        check: raises QemuError for a value that the setter refuses.
        description: what ``qom-list-properties`` tells of it.
    """

    def get(obj: PlainBackend) -> object:
        return obj.values.get(name, default)

    def set_(obj: PlainBackend, value: object) -> None:
        if check is not None:
            check(obj, value)
        obj.values[name] = value

    return Property(name, type_, visits, get if readable else None, set_, description)


def plain(name: str, parent: str, *properties: Property, instance_class: type[QomObject] | None = None) -> TypeInfo:
    """Return a user-creatable type; without a class of its own, its objects are of the parent's, or plain."""
    if instance_class is None and parent == "object":
        instance_class = PlainBackend
    return TypeInfo(name, parent, interfaces=(USER_CREATABLE,), properties=properties, instance_class=instance_class)


def not_zero(name: str) -> Check:
    """Return the check of a property that cannot be 0."""

    def check(obj: PlainBackend, value: int) -> None:
        if value == 0:
            raise QemuError(f"Property '{obj.info.name}.{name}' doesn't take value '0'")

    return check


def check_chardev(obj: QomObject, name: str, called: str = "Device") -> None:
    """Look up a character device that an object takes for itself.

    Raises:
        QemuError: the machine has none of that id, or another object has taken it.
    """
    if not backends_of(obj).has_chardev(name):
        raise QemuError(f"{called} '{name}' not found", "DeviceNotFound")
    check_chardev_is_free(obj, name)


def check_chardev_is_free(obj: QomObject, name: str) -> None:
    """Check that no other object has taken a character device.

    Raises:
        QemuError: one has.
    """
    others = (other for other in obj.tree.objects.children() if other is not obj and isinstance(other, ChardevUser))
    if not backends_of(obj).shares_chardev(name) and any(name in other.taken_chardevs() for other in others):
        raise QemuError(f"chardev '{name}' is already in use")
