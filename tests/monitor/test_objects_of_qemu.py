"""What campaigns against QEMU 10.0.2 and 11.1.3 told of objects beside the initiators: their replies, word for word."""

import pytest

from sandbox.app import Sandbox
from sandbox.errors import MachineExit, QemuError
from sandbox.scenario.emulation import EmulatedMachine

MACHINE = (
    "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -device pci-testdev,id=dev0,addr=4"
)


def vm(dialect: str = "10.0", more: str = "", machine: str = MACHINE) -> Sandbox:
    return Sandbox(f"{machine} {more}", dialect=dialect, firmware="none")


def names(sandbox: Sandbox, path: str) -> list[tuple[str, str]]:
    return [(entry["name"], entry["type"]) for entry in sandbox.execute("qom-list", {"path": path})]


def test_a_backends_memory_is_its_child():
    sandbox = vm()
    assert names(sandbox, "/objects/m0")[-1] == ("m0[0]", "child<memory-region>")
    sandbox.execute("object-add", {"qom-type": "memory-backend-ram", "id": "xmY.", "size": 1 << 20})
    assert [name for name, _ in names(sandbox, "xmY.")] == [
        "type", "share", "size", "dump", "prealloc-threads", "x-use-canonical-path-for-ramblock-id", "policy",
        "prealloc-context", "prealloc", "reserve", "host-nodes", "merge", "xmY.[0]",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["mem-merge", "dump-guest-core"])
def test_backends_merge_and_dump_as_the_machine_does(option):
    sandbox = vm(machine=MACHINE.replace("q35", f"q35,{option}=off"))
    sandbox.execute("object-add", {"qom-type": "memory-backend-ram", "id": "m1", "size": 1 << 20})
    told = {"mem-merge": "merge", "dump-guest-core": "dump"}
    assert [backend[told[option]] for backend in sandbox.execute("query-memdev")] == [False, False]


def test_a_thread_context_tells_its_thread():
    sandbox = vm(more="-object thread-context,id=t")
    assert names(sandbox, "t") == [
        ("type", "string"), ("thread-id", "int"), ("node-affinity", "int"), ("cpu-affinity", "int"),
    ]  # fmt: skip


def test_thread_contexts_take_their_buckets_first():
    more = (
        "-object can-bus,id=o4 -object iothread,id=o38 -object thread-context,id=o0 -object secret,data=a,id=o58 "
        "-object thread-context,id=o53"
    )
    assert [name for name, _ in names(vm(more=more, machine="-M q35"), "/objects")] == [
        "type", "o58", "o38", "o53", "o4", "pc.ram", "o0",
    ]  # fmt: skip


REASONS = [
    ("10.0", "c", "object 'c' is in use, can not be deleted"),
    ("10.0", "m0", "object 'm0' is in use, can not be deleted"),
    ("11.1", "c", "Deleting CAN bus device 'c' is not supported"),
    ("11.1", "m0", "Cannot delete host memory backend 'm0' which is mapped"),
    ("11.1", "compat_monitor0", "Deleting HMP monitors is not supported"),
    ("11.1", "compat_monitor1", "Cannot delete the current QMP monitor"),
]


@pytest.mark.parametrize(("dialect", "name", "reason"), REASONS)
def test_what_must_stay_says_so(dialect, name, reason):
    sandbox = vm(dialect, "-object can-bus,id=c -monitor null -qmp null")
    with pytest.raises(QemuError) as caught:
        sandbox.execute("object-del", {"id": name})
    assert caught.value.desc == reason


def test_a_monitor_that_is_not_the_current_one_goes():
    sandbox = vm("11.1", "-mon chardev=mm,mode=control,id=zz -chardev null,id=mm -qmp null")
    assert sandbox.execute("object-del", {"id": "zz"}) == {}


def test_monitors_are_objects_of_their_types_in_11_1():
    sandbox = vm("11.1", "-mon chardev=mm,mode=control,id=zz,pretty=on -chardev null,id=mm -monitor null")
    assert {entry for entry in names(sandbox, "/objects") if "monitor" in entry[1]} == {
        ("zz", "child<monitor-qmp>"), ("compat_monitor0", "child<monitor-hmp>"),
    }  # fmt: skip
    assert names(sandbox, "/objects/zz") == [
        ("type", "string"), ("chardev", "string"), ("pretty", "bool"), ("close-action", "MonitorQMPCloseAction"),
    ]  # fmt: skip
    values = {name: sandbox.execute("qom-get", {"path": "/objects/zz", "property": name}) for name, _ in names(
        sandbox, "/objects/zz"
    )}  # fmt: skip
    assert values == {"type": "monitor-qmp", "chardev": "mm", "pretty": True, "close-action": "none"}
    people = [sandbox.execute("qom-get", {"path": "/objects/compat_monitor0", "property": name}) for name in (
        "chardev", "readline"
    )]  # fmt: skip
    assert people == ["compat_monitor0", True]


def test_what_ends_qemu_in_the_human_monitor_is_not_on_stderr():
    line = "object_add acpi-generic-initiator,id=a,pci-dev=dev0,node=128"
    with pytest.raises(MachineExit) as caught:
        vm().execute("human-monitor-command", {"command-line": line})
    assert (caught.value.status, caught.value.stderr) == (1, "")


ABORT = "qemu-system-aarch64: hw/arm/virt-acpi-build.c:1115: virt_acpi_setup: Assertion `vms->acpi_dev' failed."
ERROR_RECORDS = [
    ("10.0", "", -6, ABORT),
    ("10.0", "-bios f", None, ""),
    ("10.0", "-M acpi=off", None, ""),
    ("11.1", "", -11, ""),
    ("11.1", "-bios f", None, ""),
]


@pytest.mark.parametrize(("dialect", "more", "status", "stderr"), ERROR_RECORDS)
def test_error_records_without_an_event_device_abort_qemu_10_0_and_crash_11_1(dialect, more, status, stderr):
    words = f"-M virt,ras=on -cpu cortex-a57 {more}"
    if status is None:
        assert Sandbox(words, dialect=dialect).tables().srat is None
        return
    with pytest.raises(MachineExit) as caught:
        Sandbox(words, dialect=dialect)
    assert (caught.value.status, caught.value.stderr) == (status, stderr)


@pytest.mark.parametrize("machine", ["-M q35", MACHINE.replace("q35", "q35,acpi=off")])
def test_a_machine_without_srat_lives_with_a_bad_initiator(machine):
    sandbox = vm(more="-object acpi-generic-initiator,id=a,pci-dev=nothing,node=0", machine=machine)
    assert EmulatedMachine(sandbox.machine).tables().srat is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zz", "Device 'zz' not found"),
        ("t0", "Invalid parameter type for 'confidential-guest-support', expected: confidential-guest-support"),
    ],
)
def test_a_confidential_guest_needs_its_object(name, message):
    with pytest.raises(MachineExit) as caught:
        vm(more="-object iothread,id=t0", machine=f"-M q35,confidential-guest-support={name}")
    assert caught.value.stderr == f"qemu-system-x86_64: {message}"


def test_a_confidential_guest_with_its_object_is_made():
    sandbox = vm(
        more="-object sev-snp-guest,id=sev0,cbitpos=51,reduced-phys-bits=1",
        machine=MACHINE.replace("q35", "q35,confidential-guest-support=sev0"),
    )
    assert ("sev0", "child<sev-snp-guest>") in names(sandbox, "/objects")
    assert sandbox.tables().srat is not None


def test_encrypted_guests_are_for_x86():
    with pytest.raises(MachineExit) as caught:
        Sandbox("qemu-system-aarch64 -M virt -object sev-guest,id=a,reduced-phys-bits=1", dialect="10.0")
    assert caught.value.stderr == "qemu-system-aarch64: invalid object type: sev-guest"
