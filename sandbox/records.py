"""Records: frozen, slotted value classes, declared like dataclasses.

    @record
    class Place:
        file: str
        line: int | None = None

They stand in for ``@dataclass(frozen=True, slots=True)``, whose module and whose code generation would take half of the
time of a short command; a type checker takes them for dataclasses. Instances are made faster, too: fields are set
through their slots instead of through ``object.__setattr__``.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MISSING: Final = object()
FIELDS: Final = "__record_fields__"


class Field:
    """What a field's default says beyond a plain value."""

    __slots__ = ("compare", "default", "default_factory", "repr")

    def __init__(self, default: object, default_factory: object, *, compare: bool, repr: bool) -> None:  # noqa: A002
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.repr = repr


def field(
    *,
    default: Any = MISSING,
    default_factory: Callable[[], Any] | Any = MISSING,
    compare: bool = True,
    repr: bool = True,  # noqa: A002 - the name that dataclasses give it
) -> Any:
    """Return a default that is made anew for each instance, or that is left out of comparisons or of ``repr``."""
    return Field(default, default_factory, compare=compare, repr=repr)


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True, order: bool = False) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[Any] | None = None, /, *, frozen: bool = True, eq: bool = True, order: bool = False
) -> type[Any] | Callable[[type[Any]], type[Any]]:
    """Make a class a record.

    Args:
        cls: a class whose annotations are its fields, those of its bases first; ``ClassVar`` ones are none.
        frozen: whether fields cannot be set after the start.
        eq: whether two records of one class with equal fields are equal; frozen ones have a hash then.
        order: whether records of one class can be sorted, by their fields in order.
    """
    if cls is None:
        return lambda found: _made(found, frozen=frozen, eq=eq, order=order)
    return _made(cls, frozen=frozen, eq=eq, order=order)


def field_names(kind: type[object]) -> tuple[str, ...]:
    """Return the names of a record's fields, in order."""
    return tuple(getattr(kind, FIELDS))


def replace(instance: T, **changes: Any) -> T:
    """Return a record with the same fields but for ``changes``."""
    kind = type(instance)
    values = {name: getattr(instance, name) for name in getattr(kind, FIELDS)}
    return kind(**(values | changes))


def _made(cls: type[Any], *, frozen: bool, eq: bool, order: bool) -> type[Any]:
    inherited: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        inherited.update(base.__dict__.get(FIELDS, {}))
    namespace = dict(cls.__dict__)
    own = {}
    for name, annotation in namespace.get("__annotations__", {}).items():
        if not str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            default = namespace.pop(name, MISSING)
            own[name] = default if isinstance(default, Field) else Field(default, MISSING, compare=True, repr=True)
    fields = {**inherited, **own}
    for left in ("__dict__", "__weakref__"):
        namespace.pop(left, None)
    namespace |= {
        "__slots__": tuple(name for name in own if name not in inherited),
        "__match_args__": tuple(fields),
        "__repr__": _repr,
        "__reduce__": _reduce,
        FIELDS: fields,
    }
    if frozen:
        namespace |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
    if eq:
        namespace |= _comparisons(tuple(name for name, found in fields.items() if found.compare), frozen, order)
    meta: Any = type(cls)
    made: type[Any] = meta(cls.__name__, cls.__bases__, namespace)
    made.__init__ = _first_initialiser(made, fields)
    return made


def _first_initialiser(cls: type[Any], fields: dict[str, Field]) -> Any:
    """Return an ``__init__`` that puts the real one in its place: a short command needs few of the many classes."""

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807 - it is the class's __init__
        real = _initialiser(cls, fields)
        cls.__init__ = real
        real(self, *values, **named)

    return __init__


def _initialiser(cls: type[Any], fields: dict[str, Field]) -> Any:
    """Return ``__init__``: its own code, since that is what runs for each of thousands of records."""
    scope: dict[str, Any] = {"MISSING": MISSING}
    parameters, body = [], []
    for name, found in fields.items():
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        value = name
        if found.default_factory is not MISSING:
            scope[f"_make_{name}"] = found.default_factory
            parameters.append(f"{name}=MISSING")
            value = f"_make_{name}() if {name} is MISSING else {name}"
        elif found.default is not MISSING:
            scope[f"_default_{name}"] = found.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        body.append(f"    _set_{name}(self, {value})")
    text = f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(body) or "    pass")
    exec(text, scope)  # noqa: S102 - the text is made of field names of our own classes
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _comparisons(names: tuple[str, ...], frozen: bool, order: bool) -> dict[str, Any]:
    """Return the methods that compare records by their fields, as one key."""
    key: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equal(self: Any, other: object) -> bool:
        return key(self) == key(other) if type(other) is type(self) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(key(self))

    methods: dict[str, Any] = {"__eq__": equal, "__hash__": hashed if frozen else None}
    if order:
        methods |= {
            "__lt__": lambda self, other: key(self) < key(other) if type(other) is type(self) else NotImplemented,
            "__le__": lambda self, other: key(self) <= key(other) if type(other) is type(self) else NotImplemented,
            "__gt__": lambda self, other: key(self) > key(other) if type(other) is type(self) else NotImplemented,
            "__ge__": lambda self, other: key(self) >= key(other) if type(other) is type(self) else NotImplemented,
        }
    return methods


def _repr(self: Any) -> str:
    shown = (name for name, found in getattr(type(self), FIELDS).items() if found.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _reduce(self: Any) -> tuple[type[Any], tuple[Any, ...]]:
    """Copy and pickle a record as the values that it is made of."""
    return type(self), tuple(getattr(self, name) for name in getattr(type(self), FIELDS))


def _refuse_set(_self: object, name: str, _value: object) -> None:
    raise AttributeError(f"cannot assign to field '{name}'")


def _refuse_delete(_self: object, name: str) -> None:
    raise AttributeError(f"cannot delete field '{name}'")
