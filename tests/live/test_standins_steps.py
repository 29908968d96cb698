"""QMP commands of a scenario need nothing of the host in a test run, and are else sent as they are."""

import pytest
from standin_hosts import bare_host

from sandbox.errors import InputError
from sandbox.live.standins import prepare_steps
from sandbox.scenario.model import Command, Reset, Step

NOT_LIVE = "the steps are only rewritten"


def prepared(name, **arguments):
    (step,), changes = prepare_steps([Step(Command(name, arguments))], ["-M", "q35"], bare_host(), "none")
    return step.action.arguments, changes


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("object-add", {"qom-type": "acpi-generic-initiator", "id": "gi0", "pci-dev": "dev0", "node": 1}),
        ("object-add", {"qom-type": "memory-backend-ram", "id": "m", "size": 4096}),
        ("object-add", {"qom-type": 5}),
        ("object-add", {}),
        ("device_add", {"driver": "pci-testdev", "id": "d"}),
        ("human-monitor-command", {"command-line": "object_add memory-backend-ram,id=m,size=4K"}),
        ("human-monitor-command", {"command-line": "info numa"}),
        ("human-monitor-command", {"command-line": "frobnicate"}),
        ("qom-list", {"path": "/"}),
        ("nonsense", {"x": 1}),
    ],
)
def test_what_needs_nothing_of_the_host_is_sent_as_it_is(name, arguments):
    assert prepared(name, **arguments) == (arguments, ())


def test_a_memory_backend_in_a_file_of_the_users_gives_way_to_one_without():
    found, changes = prepared(
        "object-add", **{"qom-type": "memory-backend-file", "id": "m", "size": 4096, "mem-path": "/x"}
    )
    assert (found["qom-type"], found["id"], found["size"]) == ("memory-backend-ram", "m", 4096)
    assert "mem-path" not in found
    assert changes[0].startswith('object-add {"qom-type": "memory-backend-file"')


def test_a_host_device_gives_way_to_a_test_device_at_the_same_place():
    found, changes = prepared("device_add", driver="vfio-pci", host="0009:01:00.0", id="d", bus="rp0", addr="0")
    assert found == {"driver": "pci-testdev", "id": "d", "bus": "rp0", "addr": "0"}
    assert len(changes) == 1


def test_a_secret_in_a_file_gives_way():
    found, _ = prepared("object-add", **{"qom-type": "secret", "id": "s", "file": "/etc/secret"})
    assert "file" not in found
    assert found["id"] == "s"


def test_a_typed_object_of_the_host_gives_way():
    found, changes = prepared("human-monitor-command", **{"command-line": "object_add secret,id=s,file=/etc/secret"})
    assert found["command-line"].startswith("object_add secret,")
    assert "file" not in found["command-line"]
    assert len(changes) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "what"),
    [
        ("screendump", {"filename": "/x"}, "QMP command 'screendump'"),
        ("human-monitor-command", {"command-line": "screendump /x"}, "human monitor's command 'screendump'"),
    ],
)
def test_what_is_not_modelled_is_refused(name, arguments, what):
    with pytest.raises(InputError, match=f"the {what} is not modelled, and is not sent"):
        prepared(name, **arguments)


def test_a_reset_is_a_reset():
    assert prepare_steps([Step(Reset())], [], bare_host(), "none") == ((Step(Reset()),), ())
