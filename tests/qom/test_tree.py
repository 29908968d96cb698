import pytest

from sandbox.errors import QemuError
from sandbox.qom.objects import QomObject
from sandbox.qom.properties import Link, Property, attribute
from sandbox.qom.tree import AmbiguousPathError, ObjectTree
from sandbox.qom.types import USER_CREATABLE, RegistrationError, TypeInfo, TypeRegistry
from sandbox.qom.user_creatable import object_add, object_del


class Lamp(QomObject):
    __slots__ = ("colour",)

    def __init__(self, tree, info):
        super().__init__(tree, info)
        self.colour = "white"

    def complete(self):
        if self.colour == "black":
            raise QemuError("a black lamp is no lamp")

    def before_delete(self):
        return self.colour != "red"


LAMP = TypeInfo(
    "lamp",
    interfaces=(USER_CREATABLE,),
    properties=(
        attribute("colour", "string", "str"),
        Property("secret", "string", "str", set=lambda *_: None),
        Property("fixed", "int", "int", get=lambda _: 7),
    ),
    instance_class=Lamp,
)


@pytest.fixture
def tree() -> ObjectTree:
    device, disk, fan = TypeInfo("device", abstract=True), TypeInfo("disk", "device"), TypeInfo("fan", "device")
    return ObjectTree(TypeRegistry((LAMP, device, disk, fan)))


def place(tree: ObjectTree, path: str, typename: str) -> QomObject:
    parent, _, name = path.rpartition("/")
    child = tree.new(typename)
    tree.container(parent or "/").add_child(name, child)
    return child


def test_registry_refuses_a_name_twice_and_an_unknown_parent():
    registry = TypeRegistry((LAMP,))
    with pytest.raises(RegistrationError, match="'lamp' is registered already"):
        registry.register(LAMP)
    with pytest.raises(RegistrationError, match="'ceiling' is not a registered type"):
        registry.register(TypeInfo("chandelier", "ceiling"))


def test_a_type_is_its_ancestors_and_interfaces(tree):
    assert tree.registry.is_a("lamp", USER_CREATABLE)
    assert tree.registry.is_a("disk", "device")
    assert not tree.registry.is_a("disk", "fan")
    assert not tree.registry.is_a("no-such-type", "object")


def test_implementing_leaves_out_abstract_types_unless_asked(tree):
    assert [info.name for info in tree.registry.implementing("device")] == ["disk", "fan"]
    assert [info.name for info in tree.registry.implementing("device", abstract=True)] == ["device", "disk", "fan"]
    assert tree.registry.implementing("no-such-type") == []


def test_an_unknown_type_is_device_not_found(tree):
    with pytest.raises(QemuError) as caught:
        tree.registry.class_properties("zz")
    assert (caught.value.error_class, caught.value.desc) == ("DeviceNotFound", "Class 'zz' not found")


def test_a_full_path_names_one_object_and_only_of_the_type(tree):
    disk = place(tree, "/machine/peripheral/d0", "disk")
    assert tree.resolve("/machine/peripheral/d0") is disk
    assert tree.resolve("/machine//peripheral/d0/") is disk
    assert tree.resolve("/machine/peripheral/d0", "fan") is None
    assert tree.resolve("/machine/peripheral/d1") is None
    assert disk.path == "/machine/peripheral/d0"
    assert tree.root.path == "/"


def test_a_partial_path_matches_the_end_of_paths(tree):
    disk = place(tree, "/machine/peripheral/d0", "disk")
    assert tree.resolve("d0") is disk
    assert tree.resolve("peripheral/d0") is disk
    assert tree.resolve("machine/d0") is None


def test_a_partial_path_with_two_matches_is_ambiguous_unless_the_type_tells(tree):
    disk = place(tree, "/machine/peripheral/x0", "disk")
    place(tree, "/objects/x0", "lamp")
    with pytest.raises(AmbiguousPathError):
        tree.resolve("x0")
    assert tree.resolve("x0", "device") is disk
    assert tree.resolve_quietly("x0", "object") is None


def test_an_empty_path_is_the_only_object_of_its_type(tree):
    place(tree, "/objects/l0", "lamp")
    assert tree.resolve("", "disk") is None
    disk = place(tree, "/machine/peripheral/d0", "disk")
    assert tree.resolve("", "disk") is disk
    place(tree, "/machine/peripheral/d1", "disk")
    assert tree.resolve_quietly("", "disk") is None


def test_a_link_leads_to_its_target_but_is_not_walked(tree):
    disk = place(tree, "/machine/peripheral/d0", "disk")
    bus = place(tree, "/machine/bus", "container")
    bus.add_link("child[0]", Link("disk", disk))
    assert tree.resolve("/machine/bus/child[0]") is disk
    assert bus.read("child[0]") == "/machine/peripheral/d0"
    assert disk not in list(bus.walk())
    assert tree.resolve("d0") is disk


def test_walking_gives_parents_before_children_and_every_object_once(tree):
    for path in ("/a/b", "/a/c", "/a/b/d"):
        tree.container(path)
    walked = [found.path for found in tree.root.walk()]
    assert len(walked) == len(set(walked))
    assert walked.index("/a") < walked.index("/a/b") < walked.index("/a/b/d")


def test_reading_and_writing_say_what_is_wrong(tree):
    lamp = object_add(tree, "lamp", "l0", {"colour": "blue"})
    assert lamp.read("colour") == "blue"
    assert lamp.read("type") == "lamp"
    assert lamp.read("fixed") == 7
    for call, message in (
        (lambda: lamp.read("secret"), "Property 'lamp.secret' is not readable"),
        (lambda: lamp.read("none"), "Property 'lamp.none' not found"),
        (lambda: lamp.write("fixed", 1), "Property 'lamp.fixed' is not writable"),
        (lambda: lamp.write("type", "x"), "Property 'lamp.type' is not writable"),
        (lambda: tree.root.write("objects", "x"), "Property 'container.objects' is not writable"),
    ):
        with pytest.raises(QemuError) as caught:
            call()
        assert caught.value.desc == message


@pytest.mark.parametrize(
    ("typename", "object_id", "message"),
    [
        ("lamp", "1x", "Parameter 'id' expects an identifier"),
        ("nope", "x", "invalid object type: nope"),
        ("disk", "x", "object type 'disk' isn't supported by object-add"),
        ("user-creatable", "x", "object type 'user-creatable' is abstract"),
        ("lamp", "taken", "attempt to add duplicate property 'taken' to object (type 'container')"),
    ],
)
def test_object_add_refuses_with_qemus_words_and_leaves_no_trace(tree, typename, object_id, message):
    object_add(tree, "lamp", "taken", {})
    before = list(tree.objects.instance)
    with pytest.raises(QemuError) as caught:
        object_add(tree, typename, object_id, {})
    assert caught.value.desc == message
    assert list(tree.objects.instance) == before


def test_an_object_that_cannot_be_completed_is_taken_out_again(tree):
    with pytest.raises(QemuError, match="a black lamp is no lamp"):
        object_add(tree, "lamp", "l0", {"colour": "black"})
    assert tree.objects.component("l0") is None
    assert object_add(tree, "lamp", "l0", {}).path == "/objects/l0"


def test_a_failed_completion_resizes_the_buckets_only_where_qemu_does(tree):
    sizes = {}
    for may_resize in (True, False):
        fresh = ObjectTree(tree.registry)
        for number in range(8):
            object_add(fresh, "lamp", f"l{number}", {})
        for number in range(7):
            object_del(fresh, f"l{number}")
        with pytest.raises(QemuError):
            object_add(fresh, "lamp", "broken", {"colour": "black"}, failure_may_resize=may_resize)
        sizes[may_resize] = fresh.objects.instance.size
    assert sizes == {True: 8, False: 16}


def test_object_del_refuses_what_is_missing_or_in_use(tree):
    object_add(tree, "lamp", "l0", {"colour": "red"})
    with pytest.raises(QemuError, match="object 'l0' is in use, can not be deleted"):
        object_del(tree, "l0")
    with pytest.raises(QemuError, match="object 'zz' not found"):
        object_del(tree, "zz")
