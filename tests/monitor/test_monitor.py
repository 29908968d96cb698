"""Commands and their replies, as a live QEMU 10.0.2 gives them."""

import pytest

from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError, UnmodelledError

ADD = {"qom-type": "acpi-generic-initiator", "id": "g", "pci-dev": "dev0", "node": 1}


@pytest.fixture
def vm() -> Sandbox:
    return Sandbox(
        "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
        "-device pci-testdev,id=dev0,addr=4",
        dialect="10.0",
        firmware="none",
    )


def add(**members) -> dict:
    given = {name.replace("_", "-"): value for name, value in members.items()}
    return {name: value for name, value in {**ADD, **given}.items() if value is not ...}


@pytest.mark.parametrize(
    ("command", "arguments", "error_class", "desc"),
    [
        ("nope", None, "CommandNotFound", "The command nope has not been found"),
        ("query-status", {"x": 1}, "GenericError", "Parameter 'x' is unexpected"),
        ("object-add", {}, "GenericError", "Parameter 'qom-type' is missing"),
        ("object-add", {"qom-type": "secret"}, "GenericError", "Parameter 'id' is missing"),
        ("object-add", add(node=...), "GenericError", "Parameter 'node' is missing"),
        ("object-add", add(pci_dev=...), "GenericError", "Parameter 'pci-dev' is missing"),
        ("object-add", add(node=-1), "GenericError", "Parameter 'node' expects uint32_t"),
        ("object-add", add(node=4294967296), "GenericError", "Parameter 'node' expects uint32_t"),
        ("object-add", add(node="3"), "GenericError", "Parameter 'node' expects uint64"),
        ("object-add", add(node=3.0), "GenericError", "Parameter 'node' expects uint64"),
        ("object-add", add(node=None), "GenericError", "Parameter 'node' expects uint64"),
        ("object-add", add(node=True), "GenericError", "Parameter 'node' expects uint64"),
        ("object-add", add(pci_dev=5), "GenericError", "Invalid parameter type for 'pci-dev', expected: string"),
        ("object-add", add(foo=1), "GenericError", "Parameter 'foo' is unexpected"),
        ("object-add", add(id="1bad id"), "GenericError", "Parameter 'id' expects an identifier"),
        (
            "object-add",
            add(id="m0"),
            "GenericError",
            "attempt to add duplicate property 'm0' to object (type 'container')",
        ),
        (
            "object-add",
            {"qom-type": "nope", "id": "x"},
            "GenericError",
            "Parameter 'qom-type' does not accept value 'nope'",
        ),
        ("object-add", {"qom-type": "secret", "id": "s"}, "GenericError", "Either 'file' or 'data' must be provided"),
        ("object-del", {"id": "zz"}, "GenericError", "object 'zz' not found"),
        ("object-del", {"id": 5}, "GenericError", "Invalid parameter type for 'id', expected: string"),
        ("object-del", {"id": "m0"}, "GenericError", "object 'm0' is in use, can not be deleted"),
        ("qom-get", {"path": "/objects/gi9", "property": "node"}, "DeviceNotFound", "Device '/objects/gi9' not found"),
        ("qom-get", {"path": "/objects", "property": "foo"}, "GenericError", "Property 'container.foo' not found"),
        ("qom-list", {"path": "nono"}, "DeviceNotFound", "Device 'nono' not found"),
        ("qom-list-properties", {"typename": "zz"}, "DeviceNotFound", "Class 'zz' not found"),
        ("device_del", {"id": "dev0"}, "GenericError", "Bus 'pcie.0' does not support hotplugging"),
        ("device_del", {"id": "nn"}, "DeviceNotFound", "Device 'nn' not found"),
    ],
)
def test_errors_are_qemus_word_for_word(vm, command, arguments, error_class, desc):
    with pytest.raises(QemuError) as caught:
        vm.execute(command, arguments)
    assert (caught.value.error_class, caught.value.desc) == (error_class, desc)


def test_a_refused_command_leaves_the_tree_as_it_was(vm):
    before = [found.path for found in vm.machine.tree.root.walk()]
    for arguments in (add(node="x"), add(id="m0"), {"qom-type": "secret", "id": "s"}):
        with pytest.raises(QemuError):
            vm.execute("object-add", arguments)
    assert [found.path for found in vm.machine.tree.root.walk()] == before


def test_qom_set_visits_the_value_under_the_propertys_name(vm):
    vm.execute("object-add", ADD)
    for value, desc in (
        ("x", "Parameter 'node' expects uint64"),
        (1 << 33, "Parameter 'node' expects uint32_t"),
    ):
        with pytest.raises(QemuError) as caught:
            vm.execute("qom-set", {"path": "g", "property": "node", "value": value})
        assert caught.value.desc == desc
    with pytest.raises(QemuError, match=r"Property 'acpi-generic-initiator\.type' is not writable"):
        vm.execute("qom-set", {"path": "g", "property": "type", "value": "x"})
    assert vm.execute("qom-set", {"path": "g", "property": "node", "value": 0}) == {}


def test_qom_list_of_the_root_and_of_objects(vm):
    vm.execute("object-add", ADD)
    roots = vm.execute("qom-list", {"path": "/"})
    assert [item["name"] for item in roots] == ["type", "backend", "machine", "objects", "chardevs"]
    assert {"name": "g", "type": "child<acpi-generic-initiator>"} in vm.execute("qom-list", {"path": "/objects"})


def test_properties_of_the_merged_initiator(vm):
    assert vm.execute("qom-list-properties", {"typename": "acpi-generic-initiator"}) == [
        {"name": "type", "type": "string"},
        {"name": "node", "description": "NUMA node associated with the PCI device", "type": "int"},
        {"name": "pci-dev", "description": "PCI device to associate with the node", "type": "string"},
    ]


def test_a_device_tells_its_address(vm):
    path = "/machine/peripheral/dev0"
    assert vm.execute("qom-get", {"path": path, "property": "addr"}) == 32
    assert vm.execute("qom-get", {"path": path, "property": "busnr"}) == 0
    assert vm.execute("qom-get", {"path": path, "property": "type"}) == "pci-testdev"


def test_qom_list_types_marks_abstract_ones_first(vm):
    backends = vm.execute("qom-list-types", {"implements": "memory-backend", "abstract": True})
    assert {"abstract": True, "name": "memory-backend", "parent": "object"} in backends
    assert {"name": "memory-backend-ram", "parent": "memory-backend"} in backends


def test_query_memdev_lists_backends_in_reversed_walking_order(vm):
    vm.execute("object-add", {"qom-type": "memory-backend-memfd", "id": "m9", "size": 4096})
    found = vm.execute("query-memdev")
    walked = [item.name for item in vm.machine.tree.objects.children() if item.is_a("memory-backend")]
    assert [backend["id"] for backend in found] == walked[::-1]
    assert found[walked[::-1].index("m0")] == {
        "share": False,
        "reserve": True,
        "prealloc": False,
        "host-nodes": [],
        "size": 128 << 20,
        "merge": True,
        "dump": True,
        "policy": "default",
        "id": "m0",
    }


@pytest.mark.parametrize(
    ("name", "value", "desc"),
    [
        ("size", 5, "cannot change property size of memory-backend-ram "),
        ("share", True, "cannot change property value"),
        ("policy", "zz", "Parameter 'policy' does not accept value 'zz'"),
    ],
)
def test_a_backend_that_is_there_keeps_its_memory(vm, name, value, desc):
    with pytest.raises(QemuError) as caught:
        vm.execute("qom-set", {"path": "/objects/m0", "property": name, "value": value})
    assert caught.value.desc == desc


@pytest.mark.parametrize(
    ("option", "name"),
    [("foo", "foo"), ("debug-threads=on,guest=foo", "foo"), ("foo,,bar", "foo,bar"), ("guest=a -name b", "b")],
)
def test_the_name_is_what_name_says_last(option, name):
    vm = Sandbox(f"-M q35 -m 128M -name {option}", dialect="10.0")
    assert vm.execute("query-name") == {"name": name}


def test_version_is_that_of_the_dialect(vm):
    assert vm.execute("query-version")["qemu"] == {"micro": 2, "minor": 0, "major": 10}


def test_stop_and_cont_change_the_status(vm):
    assert vm.execute("query-status") == {"status": "running", "running": True}
    vm.execute("stop")
    assert vm.execute("query-status") == {"status": "paused", "running": False}
    vm.execute("cont")
    assert vm.execute("query-status")["running"]


def test_a_machine_under_s_waits(vm):
    held = Sandbox("-S -M q35 -m 128M", dialect="10.0")
    assert held.execute("query-status") == {"status": "prelaunch", "running": False}


def test_quit_ends_with_status_0(vm):
    with pytest.raises(MachineExit) as caught:
        vm.execute("quit")
    assert caught.value.status == 0


def test_a_command_that_qemu_has_and_we_do_not_says_so(vm):
    with pytest.raises(UnmodelledError, match="'query-jobs' is not modelled"):
        vm.execute("query-jobs")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("object_add acpi-generic-initiator,id=h1,node=3", "Error: Parameter 'pci-dev' is missing\r\n"),
        ("object_add acpi-generic-initiator,id=h1,node=0x1,pci-dev=q", ""),
        ("object_del h1", "Error: object 'h1' not found\r\n"),
        ("foo", "unknown command: 'foo'\r\n"),
        (
            "object_del a b",
            'object_del: extraneous characters at the end of line\r\nTry "help object_del" for more information\r\n',
        ),
        ('object_del "h5"', "Error: object 'h5' not found\r\n"),
        ("object_add", 'object_add: string expected\r\nTry "help object_add" for more information\r\n'),
        ("", ""),
    ],
)
def test_the_human_monitor_answers_in_text(vm, line, reply):
    assert vm.execute("human-monitor-command", {"command-line": line}) == reply
