import pytest

from qom_types.dialects import DIALECTS, dialect_named
from qom_types.meant import deduce_dialect, foreign_member
from sandbox.errors import InputError
from sandbox.qapi.model import EnumType, ObjectType
from sandbox.qom.tree import ObjectTree
from sandbox.qom.types import USER_CREATABLE, TypeRegistry


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([], "v2"),
        ([{"qom-type": "memory-backend-ram"}], "v2"),
        ([{"qom-type": "acpi-generic-initiator", "device": "d", "node": 1}], "v2"),
        ([{"qom-type": "nvidia-acpi-generic-initiator"}], "v2"),
        ([{"qom-type": "acpi-generic-initiator", "pci-dev": "d", "node": 1}], "11.1"),
        ([{"qom-type": "acpi-generic-port", "pci-bus": "d", "node": 1}], "11.1"),
        ([{"qom-type": "iothread"}, {"qom-type": "acpi-generic-initiator", "pci-dev": "d"}], "11.1"),
    ],
)
def test_the_dialect_follows_from_the_members(objects, name):
    dialect, reason = deduce_dialect(objects)
    assert dialect.name == name
    assert reason


def test_an_unknown_dialect_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"unknown dialect '8\.0'; known are: v2 \(") as caught:
        dialect_named("8.0")
    assert "9.0 (QEMU 9.0.0 to 9.0.3 and 9.1), 9.2 (" in str(caught.value)
    assert "10.0 (QEMU 10.0 to 10.2), 11.1 (QEMU 11.0 and 11.1)" in str(caught.value)


def test_a_member_of_another_dialect_is_named_with_its_dialects():
    initiator = {"qom-type": "acpi-generic-initiator", "id": "g", "device": "d"}
    assert foreign_member(DIALECTS["10.0"], initiator) == (
        "member 'device' of acpi-generic-initiator is not known to dialect 10.0; known to: v2, from which "
        "'qom-sandbox translate --to 10.0' translates"
    )
    assert foreign_member(DIALECTS["v2"], initiator) is None
    port = {"qom-type": "acpi-generic-port", "id": "g"}
    assert foreign_member(DIALECTS["9.0"], port) == (
        "'acpi-generic-port' is not known to dialect 9.0; known to: 9.2, 10.0, 11.1"
    )
    assert foreign_member(DIALECTS["v2"], {"qom-type": "acpi-generic-initiator", "foo": 1}) is None


NOWHERE = {"authz-listfile", "pef-guest", "s390-pv-guest"}
"""What QEMU's interface knows and no QEMU for x86 or Arm has a type of."""


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_every_type_of_the_fragment_is_registered_with_a_property_for_each_member(dialect):
    schema = dialect.schema()
    registry = TypeRegistry(dialect.types())
    tree = ObjectTree(registry)
    options = schema.lookup_as(ObjectType, "ObjectOptions")
    for value in schema.lookup_as(EnumType, "ObjectType").values:
        if value.name in NOWHERE:
            assert value.name not in registry
            continue
        assert registry.is_a(value.name, USER_CREATABLE)
        branch = options.branch(value.name)
        assert branch is not None
        members = {member.name for member in schema.lookup_as(ObjectType, branch.type).members}
        properties = {declared.name for declared in registry.class_properties(value.name)}
        assert members <= properties | set(tree.new(value.name).instance), value.name


def test_generic_ports_came_with_9_2():
    with_ports = [name for name, dialect in DIALECTS.items() if "acpi-generic-port" in TypeRegistry(dialect.types())]
    assert with_ports == ["9.2", "10.0", "11.1"]
