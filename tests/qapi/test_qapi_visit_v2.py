"""The messages that a QEMU with the v2 series gave, recorded on arm virt."""

from __future__ import annotations

from typing import Final

import pytest

from sandbox.errors import QemuError
from sandbox.qapi.keyval import parse_keyval
from sandbox.qapi.opts import parse_opts
from sandbox.qapi.schema import parse_schema
from sandbox.qapi.visit import visit_json, visit_keyval, visit_opts

SCHEMA: Final = parse_schema(
    """
    { 'enum': 'ObjectType', 'data': [ 'acpi-generic-initiator', 'nvidia-acpi-generic-initiator' ] }
    { 'struct': 'AcpiGenericInitiatorProperties', 'data': { 'device': 'str', 'node': 'uint32' } }
    { 'struct': 'NvidiaAcpiGenericInitiatorProperties',
      'data': { 'device': 'str', 'numa-node-start': 'uint32', 'numa-node-count': 'uint32' } }
    { 'union': 'ObjectOptions', 'base': { 'qom-type': 'ObjectType', 'id': 'str' }, 'discriminator': 'qom-type',
      'data': { 'acpi-generic-initiator': 'AcpiGenericInitiatorProperties',
                'nvidia-acpi-generic-initiator': 'NvidiaAcpiGenericInitiatorProperties' } }
    """
)
NVIDIA: Final = "nvidia-acpi-generic-initiator"
GENERIC: Final = "acpi-generic-initiator"
ABSENT: Final = object()


def nvidia(**changes: object) -> dict[str, object]:
    """Arguments that are right but for the changes."""
    right = {"qom-type": NVIDIA, "id": "g", "device": "dev0", "numa-node-start": 2, "numa-node-count": 8}
    right.update({key.replace("__", "-"): value for key, value in changes.items()})
    return {key: value for key, value in right.items() if value is not ABSENT}


@pytest.mark.parametrize(
    ("arguments", "desc"),
    [
        (nvidia(device=ABSENT), "Parameter 'device' is missing"),
        (nvidia(id=ABSENT), "Parameter 'id' is missing"),
        (nvidia(node=2), "Parameter 'node' is unexpected"),
        (nvidia(numa__node__start=1 << 32), "Parameter 'numa-node-start' expects uint32_t"),
        (nvidia(numa__node__count="8"), "Parameter 'numa-node-count' expects uint64"),
        (nvidia(numa__node__start=True), "Parameter 'numa-node-start' expects uint64"),
        (nvidia(device={}), "Invalid parameter type for 'device', expected: string"),
        (nvidia(numa__node__start=ABSENT, numa_node_start=2), "Parameter 'numa-node-start' is missing"),
        (nvidia(id=3), "Invalid parameter type for 'id', expected: string"),
        ({"qom-type": GENERIC, "id": "h", "device": "dev0"}, "Parameter 'node' is missing"),
        ({"qom-type": GENERIC, "id": "h", "device": "dev0", "node": 1 << 32}, "Parameter 'node' expects uint32_t"),
        (
            {"qom-type": GENERIC, "id": "h", "device": "dev0", "node": 2, "numa-node-start": 2},
            "Parameter 'numa-node-start' is unexpected",
        ),
        (nvidia(qom__type=NVIDIA + "x"), f"Parameter 'qom-type' does not accept value '{NVIDIA}x'"),
    ],
)
def test_object_add_is_refused_as_recorded(arguments: dict[str, object], desc: str) -> None:
    with pytest.raises(QemuError) as caught:
        visit_json(SCHEMA, "ObjectOptions", arguments)
    assert caught.value.desc == desc


@pytest.mark.parametrize(
    ("rest", "desc"),
    [
        ("node=2,numa-node-start=2,numa-node-count=8", "Invalid parameter 'node'"),
        ("numa-node-start=2", "Parameter 'numa-node-count' is missing"),
        ("numa-node-start=2,numa-node-count=8,foo=1", "Invalid parameter 'foo'"),
    ],
)
def test_object_option_is_refused_as_recorded(rest: str, desc: str) -> None:
    with pytest.raises(QemuError) as caught:
        visit_opts(SCHEMA, "ObjectOptions", parse_opts(f"{NVIDIA},id=gi0,device=dev0,{rest}", "qom-type"))
    assert caught.value.desc == desc


def test_human_monitor_object_add_is_refused_as_recorded() -> None:
    tree = parse_keyval(f"{NVIDIA},id=hmp1,device=dev0,numa-node-start=2", "qom-type")
    with pytest.raises(QemuError, match="Parameter 'numa-node-count' is missing"):
        visit_keyval(SCHEMA, "ObjectOptions", tree)


def test_what_was_taken_is_taken() -> None:
    for accepted in (nvidia(device=""), nvidia(device="nope"), nvidia(numa__node__count=0)):
        assert visit_json(SCHEMA, "ObjectOptions", accepted) == accepted
