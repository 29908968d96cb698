"""The composition tree: its fixed containers, the making of objects, and paths.

QEMU's rules for paths: a full path starts with ``/`` and names one object. Any other path is partial: it matches every
object whose path ends with it, and names none when more than one matches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import QemuError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.qom.objects import QomObject
    from sandbox.qom.types import TypeRegistry


class AmbiguousPathError(QemuError):
    """A partial path that more than one object matches."""


class ObjectTree:
    """A composition tree: the root, and whatever a machine adds.

    Attributes:
        registry: the types of which objects can be made.
        root: the object ``/``.
    """

    def __init__(self, registry: TypeRegistry) -> None:
        self.registry = registry
        self._holders: dict[str, list[QomObject]] = {}
        self.root = self.new("container")
        self._objects: QomObject | None = None

    @property
    def objects(self) -> QomObject:
        """The container ``/objects``, where ``-object`` and ``object-add`` put what they make."""
        if self._objects is None:
            self._objects = self.container("/objects")
        return self._objects

    def new(self, typename: str) -> QomObject:
        """Make an object that has no place in the tree yet.

        Raises:
            QemuError: the type is unknown.
        """
        info = self.registry.info(typename)
        return self.registry.instance_class(typename)(self, info)

    def container(self, path: str) -> QomObject:
        """Return the container at a full path; what is missing on the way is made."""
        current = self.root
        for name in filter(None, path.split("/")):
            child = current.component(name)
            if child is None:
                child = self.new("container")
                current.add_child(name, child)
            current = child
        return current

    def resolve(self, path: str, typename: str = "object") -> QomObject | None:
        """Return the object that ``path`` names and that is a ``typename``, or None.

        Raises:
            AmbiguousPathError: the path is partial and several such objects match.

        Source: QEMU 10.0 behaviour; in a partial path even an empty text matches, namely every object of the type.
        """
        parts = [part for part in path.split("/") if part]
        if path.startswith("/"):
            return _descend(self.root, parts, typename)
        starts: Iterable[QomObject] = self._attached_holders(parts[0]) if parts else (self.root, *self.root.walk())
        match = None
        for start in starts:
            found = _descend(start, parts, typename)
            if found is not None:
                if match is not None:
                    raise AmbiguousPathError(f"Path '{path}' does not uniquely identify an object")
                match = found
        return match

    def note_holder(self, name: str, holder: QomObject) -> None:
        """Note that an object holds a child or link of that name, for finding partial paths without a walk."""
        self._holders.setdefault(name, []).append(holder)

    def forget_holder(self, name: str, holder: QomObject) -> None:
        """Take back what :meth:`note_holder` was told."""
        self._holders[name].remove(holder)

    def _attached_holders(self, name: str) -> list[QomObject]:
        return [holder for holder in self._holders.get(name, ()) if self._is_attached(holder)]

    def _is_attached(self, obj: QomObject) -> bool:
        while obj.parent is not None:
            obj = obj.parent
        return obj is self.root

    def resolve_quietly(self, path: str, typename: str) -> QomObject | None:
        """Return what :meth:`resolve` does, and None also for an ambiguous path."""
        try:
            return self.resolve(path, typename)
        except AmbiguousPathError:
            return None


def _descend(start: QomObject, parts: Sequence[str], typename: str) -> QomObject | None:
    current: QomObject | None = start
    for part in parts:
        current = current.component(part) if current is not None else None
    return current if current is not None and current.is_a(typename) else None
