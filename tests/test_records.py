import copy
import pickle
from typing import ClassVar

import pytest

from sandbox.records import field, field_names, record, replace


@record
class Point:
    """A place."""

    x: int
    y: int = 0
    note: str = field(default="", compare=False, repr=False)

    DIMENSIONS: ClassVar[int] = 2

    @property
    def sum(self) -> int:
        return self.x + self.y


@record
class Solid(Point):
    z: int = 5


@record(order=True)
class Version:
    major: int
    minor: int


@record(eq=False)
class Thing:
    name: str


@record(frozen=False)
class Bag:
    items: list[int] = field(default_factory=list)


def test_fields_come_from_annotations_and_class_variables_are_none():
    assert field_names(Point) == ("x", "y", "note")
    assert Point(1, note="n").note == "n"
    assert Point.DIMENSIONS == 2
    assert (Point.__doc__, Point(1, 2).sum) == ("A place.", 3)


def test_a_missing_or_surplus_argument_is_a_type_error():
    for call in (Point, lambda: Point(1, 2, "", 4), lambda: Point(1, w=3)):
        with pytest.raises(TypeError):
            call()


def test_fields_cannot_be_set_or_deleted_and_nothing_can_be_added():
    point = Point(1)
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x"), lambda: setattr(point, "w", 2)):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(point, "__dict__")


def test_equality_is_by_class_and_by_the_fields_that_are_compared():
    assert Point(1, 2, "a") == Point(1, 2, "b")
    assert hash(Point(1, 2, "a")) == hash(Point(1, 2, "b"))
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != Solid(1, 2)
    assert Point(1) != (1, 0, "")


def test_without_eq_a_record_equals_only_itself():
    thing = Thing("a")
    assert thing == thing
    assert thing != Thing("a")
    assert len({thing, Thing("a")}) == 2


def test_ordered_records_sort_by_their_fields():
    assert sorted([Version(2, 0), Version(1, 9)]) == [Version(1, 9), Version(2, 0)]
    with pytest.raises(TypeError):
        _ = Version(1, 0) < 3


def test_fields_of_the_base_come_first():
    assert repr(Solid(1, 2, z=3)) == "Solid(x=1, y=2, z=3)"
    assert replace(Solid(1, 2), z=9) == Solid(1, 2, "", 9)


def test_a_factory_makes_a_default_for_each():
    one, other = Bag(), Bag()
    one.items.append(1)
    assert other.items == []
    with pytest.raises(TypeError):
        hash(one)


def test_records_can_be_copied_pickled_and_matched():
    point = Point(1, 2, "n")
    for same in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert (same, same.note) == (point, "n")
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)
