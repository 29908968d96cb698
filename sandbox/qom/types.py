"""The type registry: which types there are, what they descend from and which properties they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.buckets import BucketTable
from sandbox.errors import QemuError, SandboxError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Property
from sandbox.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

USER_CREATABLE: Final = "user-creatable"
"""The interface of the types that ``-object`` and ``object-add`` make."""


TYPE_PROPERTY: Final = Property("type", "string", "str", get=lambda obj: obj.info.name)


class RegistrationError(SandboxError):
    """A type that the registry cannot take: its name is used already, or its parent is unknown."""


@record
class TypeInfo:
    """A QOM type.

    Attributes:
        name: the typename, as in ``qom-type``.
        parent: the typename of the parent; None for the roots ``object`` and ``interface``.
        abstract: whether objects of the type itself cannot be made.
        interfaces: typenames of interfaces.
        properties: class properties that this type adds, in the order in which it declares them.
        instance_class: the Python class of its objects; None: the parent's.
    """

    name: str
    parent: str | None = "object"
    abstract: bool = False
    interfaces: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    instance_class: type[QomObject] | None = None


BUILT_IN: Final = (
    TypeInfo("object", None, abstract=True, properties=(TYPE_PROPERTY,)),
    TypeInfo("interface", None, abstract=True),
    TypeInfo(USER_CREATABLE, "interface", abstract=True),
    TypeInfo("container"),
)


@record
class _Class:
    """What is worked out once for a type: its ancestry and its properties in the order of QMP's lists."""

    info: TypeInfo
    ancestry: frozenset[str]
    properties: dict[str, Property]
    instance_class: type[QomObject]


class TypeRegistry:
    """The types of one sandbox. A registry is a value that a machine gets; there is no global one.

    Args:
        types: what it has from the start, parents first.
        base: a registry whose types it has as well; later changes of either do not show in the other.
    """

    def __init__(self, types: Iterable[TypeInfo] = (), base: TypeRegistry | None = None) -> None:
        self._classes: dict[str, _Class] = {} if base is None else dict(base._classes)  # noqa: SLF001 - of its own class
        for info in (*(BUILT_IN if base is None else ()), *types):
            self.register(info)

    def __contains__(self, typename: str) -> bool:
        return typename in self._classes

    def __iter__(self) -> Iterator[TypeInfo]:
        return (known.info for known in self._classes.values())

    def register(self, info: TypeInfo) -> None:
        """Add a type; its parent and interfaces must be there.

        Raises:
            RegistrationError: the name is taken, or the parent or an interface is unknown.
        """
        if info.name in self._classes:
            raise RegistrationError(f"type '{info.name}' is registered already")
        for needed in (info.parent, *info.interfaces):
            if needed is not None and needed not in self._classes:
                raise RegistrationError(f"type '{info.name}': '{needed}' is not a registered type")
        above = [self._classes[name] for name in (info.parent, *info.interfaces) if name is not None]
        parent = above[0] if info.parent is not None else None
        own: BucketTable[Property] = BucketTable()
        for declared in info.properties:
            own.insert(declared.name, declared)
        properties = dict(parent.properties) if parent else {}
        properties.update((name, own[name]) for name in reversed(own))
        instance_class = info.instance_class or (parent.instance_class if parent else QomObject)
        ancestry = frozenset({info.name}.union(*(known.ancestry for known in above)))
        self._classes[info.name] = _Class(info, ancestry, properties, instance_class)

    def info(self, typename: str) -> TypeInfo:
        """Return the type of that name.

        Raises:
            QemuError: there is none; QMP's ``DeviceNotFound``.
        """
        return self._class(typename).info

    def is_a(self, typename: str, ancestor: str) -> bool:
        """Whether ``typename`` is ``ancestor``, descends from it or has it as an interface."""
        known = self._classes.get(typename)
        return known is not None and ancestor in known.ancestry

    def class_properties(self, typename: str) -> tuple[Property, ...]:
        """Return the class properties of a type in the order of QMP's lists.

        Source: QEMU 10.0 behaviour; those of the ancestors come first, and within a class the bucket order is reversed.
        """
        return tuple(self._class(typename).properties.values())

    def class_property(self, typename: str, name: str) -> Property | None:
        """Return one class property of a type, its own or an inherited one, or None."""
        return self._class(typename).properties.get(name)

    def instance_class(self, typename: str) -> type[QomObject]:
        """Return the Python class of a type's objects."""
        return self._class(typename).instance_class

    def implementing(self, ancestor: str | None = None, *, abstract: bool = False) -> list[TypeInfo]:
        """Return ``ancestor`` and the types that descend from it or have it as an interface, in order of registration.

        Args:
            ancestor: a typename; None for all types. An unknown one gives an empty list, as in QEMU.
            abstract: whether abstract types are listed too.
        """
        return [
            known.info
            for known in self._classes.values()
            if (ancestor is None or ancestor in known.ancestry) and (abstract or not known.info.abstract)
        ]

    def _class(self, typename: str) -> _Class:
        try:
            return self._classes[typename]
        except KeyError:
            raise QemuError(f"Class '{typename}' not found", "DeviceNotFound") from None
