"""The machine that sessions share: its events, its own commands, and replies that are kept."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qmp_cases import DELETE, HELD, MACHINE, command, initiator
from qmp_exchanges import Loopback, lines_of, make_hub

from sandbox.qapi.json import to_json

if TYPE_CHECKING:
    from sandbox.qmp.hub import Hub

NEGOTIATE = b'{"execute":"qmp_capabilities"}'


def negotiated(hub: Hub) -> Loopback:
    client = Loopback(hub)
    client.send(NEGOTIATE)
    client.received()
    return client


def value(client: Loopback, data: bytes) -> Any:
    client.send(data)
    (line,) = lines_of(client.received())
    return json.loads(line)["return"]


def test_events_go_to_all_who_have_negotiated() -> None:
    hub = make_hub(MACHINE)
    doer, other, silent = negotiated(hub), negotiated(hub), Loopback(hub)
    silent.received()
    doer.send(command("stop"))
    stop = '{"timestamp": {}, "event": "STOP"}'
    assert lines_of(doer.received()) == [stop, '{"return": {}}']
    assert lines_of(other.received()) == [stop]
    assert silent.received() == b""


def test_sessions_share_the_machine() -> None:
    hub = make_hub(HELD)
    left, right = negotiated(hub), negotiated(hub)
    left.send(initiator())
    assert '"gi0"' in objects_text(right)
    right.send(DELETE)
    assert '"gi0"' not in objects_text(left)


def objects_text(client: Loopback) -> str:
    client.received()
    return json.dumps(value(client, command("qom-list", {"path": "/objects"})))


def test_the_tables_are_those_that_firmware_would_read_now() -> None:
    hub = make_hub(MACHINE)
    client = negotiated(hub)
    before = value(client, command("x-sandbox-tables"))
    assert base64.b64decode(before["srat"]["base64"]) == hub.machine.tables().srat
    assert before["srat"]["length"] == len(hub.machine.tables().srat or b"")
    assert before["slit"] is None
    client.send(initiator())
    client.received()
    assert value(client, command("x-sandbox-tables")) == before  # firmware has read them already
    client.send(command("system_reset"))
    client.received()
    (found,) = [
        {field["name"]: field["value"] for field in structure["fields"]}
        for structure in value(client, command("x-sandbox-tables"))["srat"]["structures"]
        if "Initiator" in structure["name"]
    ]
    assert found["Proximity Domain"] == 1


def test_asking_for_the_tables_is_no_reading_of_them() -> None:
    client = negotiated(make_hub(HELD))
    before = value(client, command("x-sandbox-tables"))["srat"]["length"]
    client.send(initiator())
    client.received()
    assert value(client, command("x-sandbox-tables"))["srat"]["length"] == before + 32


def test_asking_for_tables_that_would_end_the_machine_does_not_end_it() -> None:
    hub = make_hub(HELD)
    client = negotiated(hub)
    client.send(initiator(node=9) + command("x-sandbox-tables"))
    assert "Specified node 9 is invalid." in lines_of(client.received())[1]
    assert hub.ended is None


def test_own_commands_check_their_arguments_and_name_the_dialect() -> None:
    client = negotiated(make_hub(HELD))
    assert value(client, command("x-sandbox-dialect")) == {"name": "10.0", "reason": "as asked for"}
    client.send(command("x-sandbox-tables", {"a": 1}))
    assert "Parameter 'a' is unexpected" in client.received().decode()


def test_a_machine_that_firmware_ends_has_answered_the_command_before() -> None:
    hub = make_hub(MACHINE)
    client = negotiated(hub)
    client.send(initiator(node=9) + command("system_reset") + command("query-status"))
    assert lines_of(client.received())[-1] == '{"return": {}}'
    assert hub.ended is not None
    assert hub.ended.status == 1
    assert hub.ended.stderr == "acpi-generic-initiator: Specified node 9 is invalid."


def test_an_end_by_signal_is_told_to_all() -> None:
    hub = make_hub(MACHINE)
    client = negotiated(hub)
    hub.end_by_signal(15)
    assert lines_of(client.received()) == [
        '{"timestamp": {}, "event": "SHUTDOWN", "data": {"guest": false, "reason": "host-signal"}}'
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "delete", "directly", "list"]), st.integers(0, 3)), max_size=25))
def test_a_kept_list_is_what_the_monitor_lists(steps: list[tuple[str, int]]) -> None:
    hub = make_hub(HELD)
    client = negotiated(hub)
    for what, number in steps:
        if what == "directly" and hub.machine.tree.objects.component(f"gi{number}") is None:
            hub.machine.object_add(
                {"qom-type": "acpi-generic-initiator", "id": f"gi{number}", "pci-dev": "dev0", "node": 1}
            )
        client.send(initiator(f"gi{number}") if what == "add" else command("object-del", {"id": f"gi{number}"}))
        client.received()
        client.send(command("qom-list", {"path": "/objects"}))
        fresh = to_json({"return": hub._monitor.execute("qom-list", {"path": "/objects"})})
        assert lines_of(client.received()) == [fresh]


@pytest.mark.parametrize("path", ["/objects/gi0", "gi0", "/objects//gi0"])
def test_a_kept_list_is_not_that_of_a_later_object_of_the_name(path: str) -> None:
    client = negotiated(make_hub(HELD))
    ask = command("qom-list", {"path": path})
    client.send(initiator())
    client.received()
    first = value(client, ask)
    client.send(DELETE + command("object-add", {"qom-type": "iothread", "id": "gi0"}))
    client.received()
    second = value(client, ask)
    assert {entry["name"] for entry in first} == {"type", "node", "pci-dev"}
    assert "poll-max-ns" in {entry["name"] for entry in second}


def test_the_commands_that_are_told_of_are_those_that_are_answered() -> None:
    client = negotiated(make_hub(HELD))
    told = [entry["name"] for entry in value(client, command("query-commands"))]
    assert told[-2:] == ["x-sandbox-tables", "x-sandbox-dialect"]
    infos = value(client, command("query-qmp-schema"))
    assert {info["name"] for info in infos if info["meta-type"] == "command"} == set(told)
    types = {info["name"]: info for info in infos}
    tables = types[types["x-sandbox-tables"]["ret-type"]]["members"]
    assert [member["name"] for member in tables] == ["srat", "slit", "hmat"]
    assert types["x-sandbox-tables"]["features"] == ["unstable"]
    for name in told:
        client.send(command(name, {"no such argument": 1}))
        assert "CommandNotFound" not in client.received().decode() or name == "qmp_capabilities"


def test_what_goes_at_a_reset_is_told_of_behind_the_reply() -> None:
    """So does QEMU, which cleans devices up when the command is over."""
    hub = make_hub(f"{HELD} -device pcie-root-port,id=rp,chassis=1 -device pci-testdev,id=hot,bus=rp")
    client = negotiated(hub)
    client.send(command("device_del", {"id": "hot"}))
    received = lines_of(client.received())
    client.send(command("system_reset"))
    received += lines_of(client.received())
    (deleted,) = [
        number for number, line in enumerate(received) if '"DEVICE_DELETED", "data": {"device": "hot"' in line
    ]
    assert received[deleted - 1] == '{"return": {}}'
    client.send(command("device_del", {"id": "hot"}))
    assert "Device 'hot' not found" in client.received().decode()
