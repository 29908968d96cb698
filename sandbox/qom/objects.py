"""Objects of the composition tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.buckets import BucketTable
from sandbox.errors import QemuError
from sandbox.qom.properties import Link, Property

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.qom.tree import ObjectTree
    from sandbox.qom.types import TypeInfo

    InstanceProperty: TypeAlias = "QomObject | Link | Property"


class QomObject:
    """An object: its type, its place in the tree and the properties of its own.

    A type that keeps values subclasses this and names the subclass in its :class:`~sandbox.qom.types.TypeInfo`.

    Attributes:
        tree: the tree that made the object, whether or not it has a place there yet.
        info: the type.
        name: the name under which its parent holds it; "" for the root and for an object without a parent.
        parent: the object that holds it, or None.
        instance: children, links and other properties of this very object, in bucket order.
    """

    __slots__ = ("info", "instance", "name", "parent", "tree")

    def __init__(self, tree: ObjectTree, info: TypeInfo) -> None:
        self.tree = tree
        self.info = info
        self.name = ""
        self.parent: QomObject | None = None
        self.instance: BucketTable[InstanceProperty] = BucketTable()

    @property
    def path(self) -> str:
        """The canonical path: ``/objects/gi0``; ``/`` for the root."""
        names = []
        walker: QomObject | None = self
        while walker is not None and walker.parent is not None:
            names.append(walker.name)
            walker = walker.parent
        return "/" + "/".join(reversed(names))

    def is_a(self, typename: str) -> bool:
        """Whether the object's type is ``typename``, descends from it or has it as an interface."""
        return self.tree.registry.is_a(self.info.name, typename)

    def children(self) -> list[QomObject]:
        """Return the children in the order in which QEMU walks them."""
        if not self.instance:
            return []
        return [value for value in self.instance.values() if isinstance(value, QomObject)]

    def walk(self) -> Iterator[QomObject]:
        """Give every descendant, parents before their children, in the order in which QEMU walks them."""
        pending = self.children()[::-1]
        while pending:
            found = pending.pop()
            yield found
            if found.instance:
                pending.extend(found.children()[::-1])

    def add_child(self, name: str, child: QomObject) -> None:
        """Give ``child`` its place below this object.

        Raises:
            QemuError: a property of that name is there already.
        """
        if self.find(name) is not None:
            raise QemuError(f"attempt to add duplicate property '{name}' to object (type '{self.info.name}')")
        self.instance.insert(name, child)
        self.tree.note_holder(name, self)
        child.parent = self
        child.name = name

    def add_link(self, name: str, link: Link) -> None:
        """Give this object a property that points to another one."""
        self.instance.insert(name, link)
        self.tree.note_holder(name, self)

    def remove_child(self, name: str, *, may_resize: bool) -> None:
        """Take the child of that name out of the tree.

        Args:
            name: the name of a child.
            may_resize: whether the buckets may be resized then; not so where QEMU removes through an iterator.
        """
        child = self.instance.remove(name, may_resize=may_resize)
        self.tree.forget_holder(name, self)
        if isinstance(child, QomObject):
            child.parent = None

    def find(self, name: str) -> InstanceProperty | None:
        """Return the property of that name, of the type or of this object, or None."""
        return self.tree.registry.class_property(self.info.name, name) or self.instance.get(name)

    def read(self, name: str) -> Any:
        """Return the value of a property; of a child or a link, the full path of the object ("" for none).

        Raises:
            QemuError: there is no such property, or it is not readable.
        """
        found = self._existing(name)
        if isinstance(found, QomObject):
            return found.path
        if isinstance(found, Link):
            return found.target.path if found.target is not None else ""
        if found.get is None:
            raise QemuError(f"Property '{self.info.name}.{name}' is not readable")
        return found.get(self)

    def write(self, name: str, value: object) -> None:
        """Give a property a value that has passed the rules of what it visits.

        Raises:
            QemuError: there is no such property, it is not writable, or its setter refuses the value.
            MachineExit: its setter ends the machine.
        """
        found = self._existing(name)
        if not isinstance(found, Property) or found.set is None:
            raise QemuError(f"Property '{self.info.name}.{name}' is not writable")
        found.set(self, value)

    def _existing(self, name: str) -> InstanceProperty:
        found = self.find(name)
        if found is None:
            raise QemuError(f"Property '{self.info.name}.{name}' not found")
        return found

    def component(self, name: str) -> QomObject | None:
        """Return the child of that name or the target of the link of that name, or None."""
        found = self.instance.get(name)
        if isinstance(found, Link):
            return found.target
        return found if isinstance(found, QomObject) else None

    def before_delete(self) -> bool:
        """Whether ``object-del`` may remove the object; a type overrides it."""
        return True

    def reason_to_stay(self) -> str:
        """Say in the words of QEMU 11.1 why ``object-del`` may not remove the object; "" where it has none."""
        return ""

    def complete(self) -> None:
        """Finish an object that has got all its properties and its place; a type overrides it.

        Raises:
            QemuError: the properties do not make a working object; it is then taken out again.
        """
