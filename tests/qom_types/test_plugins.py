import importlib.metadata

import pytest

from qom_types.contract import SratContributor
from qom_types.plugins import GROUP, TypePlugin
from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.srat import GenericInitiatorAffinity
from sandbox.app import Sandbox
from sandbox.errors import InputError, QemuError
from sandbox.qom.properties import attribute
from sandbox.qom.types import USER_CREATABLE, TypeInfo

MACHINE = "-M virt -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node -numa node"


class Pair(SratContributor):
    """Two nodes for a device that is nowhere."""

    __slots__ = ("first",)

    def __init__(self, tree, info):
        super().__init__(tree, info)
        self.first = 0

    def srat_entries(self, host):
        for pxm in (self.first, self.first + 1):
            yield GenericInitiatorAffinity(pxm % host.node_count, PciDeviceHandle(0, 0xFF, 0xFF))


PLUGIN = TypePlugin(
    TypeInfo(
        "my-pair",
        interfaces=(USER_CREATABLE,),
        properties=(attribute("first", "uint32", readable=False),),
        instance_class=Pair,
    ),
    "{ 'struct': 'MyPairProperties', 'data': { 'first': 'uint32' } }",
    "MyPairProperties",
)
WRONG = "not a plug-in"
BROKEN = TypePlugin(TypeInfo("my-broken", interfaces=(USER_CREATABLE,)), "{ 'struct': 'X' }", "X")


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    names = {"my-pair": "PLUGIN", "my-wrong": "WRONG", "my-broken": "BROKEN"}
    entries = [importlib.metadata.EntryPoint(name, f"{__name__}:{value}", GROUP) for name, value in names.items()]
    monkeypatch.setattr(
        importlib.metadata,
        "entry_points",
        lambda group, name: [entry for entry in entries if (entry.group, entry.name) == (group, name)],
    )


def pxms(sandbox):
    return [entry.pxm for entry in sandbox.tables().decoded_srat().entries if entry.type == 5]


def test_a_plug_in_type_contributes_from_the_command_line():
    assert pxms(Sandbox(f"{MACHINE} -object my-pair,id=p,first=1")) == [1, 2]


def test_a_plug_in_type_can_be_added_over_qmp():
    sandbox = Sandbox(MACHINE)
    assert sandbox.execute("object-add", {"qom-type": "my-pair", "id": "p", "first": 0}) == {}
    sandbox.reset()
    assert pxms(sandbox) == [0, 1]


def test_its_members_are_checked_like_any_others():
    sandbox = Sandbox(MACHINE)
    with pytest.raises(QemuError, match="Parameter 'first' is missing"):
        sandbox.execute("object-add", {"qom-type": "my-pair", "id": "p"})


def test_what_is_no_plug_in_is_named():
    with pytest.raises(InputError, match=r"entry point 'my-wrong' of qom_sandbox\.types"):
        Sandbox(f"{MACHINE} -object my-wrong,id=p")
    with pytest.raises(InputError, match="my-broken"):
        Sandbox(f"{MACHINE} -object my-broken,id=p")


def test_a_type_that_nobody_has_stays_unknown():
    with pytest.raises(QemuError, match="Parameter 'qom-type' does not accept value 'my-other'"):
        Sandbox(MACHINE).execute("object-add", {"qom-type": "my-other", "id": "p"})
