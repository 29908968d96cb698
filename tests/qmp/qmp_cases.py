"""Raw input for a QMP monitor: what is sent, and to which kind of session. The answers are recorded from a live QEMU.

Each case has a connection of its own; all those of a machine's life are sent to one machine, one after the other.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

RAW: Final = "raw"
READY: Final = "ready"
OOB: Final = "oob"

PREFIXES: Final = {
    RAW: b"",
    READY: b'{"execute":"qmp_capabilities"}\n',
    OOB: b'{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}\n',
}

MACHINE: Final = (
    "-M q35 -m 128M -object memory-backend-ram,id=m0,size=128M -numa node,memdev=m0 -numa node "
    "-device pci-testdev,id=dev0,addr=04.0"
)
HELD: Final = f"{MACHINE} -S"


class Case(NamedTuple):
    """What is sent on one connection, behind the negotiation that its kind of session has."""

    kind: str
    sent: bytes

    @property
    def name(self) -> str:
        return f"{self.kind} {self.sent.decode('latin-1')}"

    @property
    def data(self) -> bytes:
        return PREFIXES[self.kind] + self.sent


def command(name: str, arguments: Any = None, **more: Any) -> bytes:
    return json.dumps({"execute": name} | ({"arguments": arguments} if arguments is not None else {}) | more).encode()


def initiator(object_id: object = "gi0", **changes: Any) -> bytes:
    members = {"qom-type": "acpi-generic-initiator", "id": object_id, "pci-dev": "dev0", "node": 1} | changes
    return command("object-add", {name: value for name, value in members.items() if value is not Ellipsis})


def ready(*sent: bytes) -> list[Case]:
    return [Case(READY, data) for data in sent]


STATUS: Final = b'{"execute":"query-status"}'
DELETE: Final = command("object-del", {"id": "gi0"})

NEGOTIATION: Final = [
    Case(RAW, data)
    for data in (
        b"",
        STATUS,
        b'{"execute":"nope","id":1}',
        b'{"execute":"nope","arguments":{"a":1}}',
        b"nonsense ",
        b"{}",
        b"[]",
        b'{"execute":5}',
        b'{"exec-oob":"query-status"}',
        b'{"exec-oob":"qmp_capabilities"}',
        b'{"execute":"qmp_capabilities","foo":1}',
        b'{"execute":"qmp_capabilities","arguments":5}',
        b'{"execute":"qmp_capabilities","arguments":{}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":[]}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":["foo"]}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":["oob","foo"]}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":[5]}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":"oob"}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":null}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":{"a":1}}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"enable":[[]]}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"foo":1}}' + STATUS,
        b'{"execute":"qmp_capabilities","arguments":{"foo":1,"bar":2,"enable":[]}}' + STATUS,
        b'{"execute":"qmp_capabilities","id":{"b":[1,2,{"c":null}],"a":"x"}}' + STATUS,
        STATUS + b'{"execute":"qmp_capabilities"}' + STATUS,
        b'{"execute":"qmp_capabilities"}{"execute":"qmp_capabilities"}',
        b'{"execute":"qmp_capabilities"}{"execute":"qmp_capabilities","arguments":{"enable":["foo"]}}',
        b'{"execute":"qmp_capabilities"}{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}\n' + STATUS,
        b"  \r\n\t{'execute':'qmp_capabilities'}\r\n\r\n{'execute':'query-status'}\r\n",
        b"QMP?\r\n" + STATUS,
    )
]

OUT_OF_BAND: Final = [
    Case(OOB, data)
    for data in (
        b'{"exec-oob":"query-status","id":1}',
        b'{"exec-oob":"nope","id":2}',
        b'{"exec-oob":5}',
        b'{"exec-oob":"qmp_capabilities","id":"x"}',
        b'{"exec-oob":"qmp_capabilities","arguments":{"enable":["foo"]}}',
        b'{"exec-oob":"query-status","foo":1}',
        b'{"exec-oob":"query-status","arguments":5}',
        b'{"exec-oob":"query-status","arguments":{"a":1}}',
        b'{"execute":"query-status","id":3}',
        b'{"execute":"nope","id":4}',
        b'{"execute":"query-status","exec-oob":"query-status","id":5}',
        b'{"id":6}',
        b'{"execute":7,"exec-oob":7}',
        b'{"execute":"qmp_capabilities"}',
        b"[}",
    )
]

TEXTS: Final = ready(
    *(STATUS[:-1] + b',"id":' + value + b"}" for value in (
        b"1", b"-1", b"0", b"-0", b"1.5", b"-2.5e-3", b"0.1", b"1e5", b"1E+2", b"1e400", b"-1e400",
        b"9223372036854775807", b"-9223372036854775808", b"-9223372036854775809", b"9223372036854775808",
        b"18446744073709551615", b"18446744073709551616", b"123456789012345678901234567890", b"1.7976931348623157e308",
        b"5e-324", b"3.0", b"0e5", b"01", b"1.", b".5", b"+1", b"1e", b"0x10", b"-", b"--1", b"NaN", b"Infinity",
        b"true", b"false", b"null", b"nil", b"True", b'""', b'"a"', b"'a'", b"'\"'", b'"\'"',
        b'"\\u00e9\\u0001\\u007f\\u0000"', b'"\\ud83d\\ude00"', b'"\\ud83d"', b'"\\ude00\\ud83d"', b'"\\ufffe"',
        b'"\\u12"', b'"\\/\\b\\f\\n\\r\\t\\\\\\"\\\'"', b'"\\a"', b'"\\x41"',
        b'"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f"', b'"\xc3"', b'"\xc0\x80"', b'"\xc1\xbf"', b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"', b'"\xef\xbf\xbf"', b'"a\tb"', b'"a\nb"', b"[]", b"[1,[2,[3,{}]],null]", b"[1,]",
        b"[,1]", b"[1 2]", b"{}", b'{"a":{"b":[]}}', b'{"a":1,"a":2}', b'{"a"}', b'{"a":}', b"{1:2}", b'{"a":1,}',
        b'{"a" 1}', b"{'a':1,\"b\":2}", b'{"major":1,"minor":2,"micro":3,"":4}', b"[" * 1000 + b"]" * 1000,
        b"[" * 1023 + b"]" * 1023, b"[" * 1024 + b"]" * 1024, b'{"a":' * 1023 + b"1" + b"}" * 1023,
        b'"' + b"x" * 5000 + b'"', b"[" + b"1," * 500 + b"1]",
    )),
    *(data + b" \n" + STATUS for data in (
        b"nonsense", b"nonsense nonsense", b"nULL", b"5", b"-5.5e1", b'"x"', b"'x'", b"true", b"null", b"[]", b"[1,2]",
        b"}", b"]", b"}}}", b"[}", b"{]", b"[1}", b'{"a":1]', b":", b",", b"+", b"#", b"abc1", b"a_b", b"\xff",
        b"\xfe\xff", b"\xc3\xa9", b"\x80", b"\x00", b"\x01\x02", b"\x7f", b"\x1b[A", b"\\", b'"abc', b"'abc",
        b'"abc\x01', b'"\\', b"1.x", b"-x", b"01", b"1e+x", b"{}", b'{"execute"}', b'{"execute":}',
        b'{"execute":"query-status"', b'{"execute":"query-status",}', b"[[[[[[[[", b"{" * 8, b'{"a":{"b":{"c":{',
        b"[" * 1025 + b"\n", b"[" * 1030 + b"]" * 1030, b"// comment", b"GET / HTTP/1.1",
    )),
)  # fmt: skip

REQUESTS: Final = ready(
    b'{"execute":"nope"}',
    b'{"execute":""}',
    b'{"execute":"QUERY-STATUS"}',
    b'{"execute":"\\u0071uery-status"}',
    b'{"execute":"nope \\u00e9 \\u0001"}',
    b'{"execute":5}',
    b'{"execute":null,"id":1}',
    b'{"execute":["query-status"]}',
    b'{"execute":{"query-status":1}}',
    b'{"id":1}',
    b'{"arguments":{}}',
    b'{"arguments":{},"execute":"query-status"}',
    b'{"execute":"query-status","foo":1}',
    b'{"execute":"query-status","foo":1,"bar":2,"baz":3}',
    b'{"execute":5,"foo":1}',
    b'{"execute":"query-status","arguments":5,"foo":1}',
    b'{"execute":"nope","arguments":5}',
    b'{"foo":1}',
    b'{"exec-oob":"query-status"}',
    b'{"exec-oob":"query-status","execute":"query-status"}',
    b'{"execute":"query-status","arguments":5}',
    b'{"execute":"query-status","arguments":null}',
    b'{"execute":"query-status","arguments":[]}',
    b'{"execute":"query-status","arguments":""}',
    b'{"execute":"query-status","arguments":{}}',
    b'{"execute":"query-status","arguments":{"x":1}}',
    b'{"execute":"query-status","arguments":{"x":1,"y":2,"z":{}}}',
    b'{"execute":"query-status","execute":"stop"}',
    b'{"execute":"query-status","id":1,"id":2}',
    STATUS * 5,
    STATUS + b"\r\n" + STATUS + b"\n" + STATUS + b"\r" + STATUS,
    b"\r\n\r\n\t  " + STATUS,
    b'{\r\n  "execute"\t:\r\n "query-status"\r\n}\r\n',
    b"".join(b'{"execute":"query-status","id":%d}' % number for number in range(20)),
    STATUS + b"nonsense " + STATUS + b"}" + STATUS + b'{"execute":"nope"}' + STATUS,
    command("query-version"),
    command("query-name"),
    command("query-memdev"),
)

OBJECTS: Final = ready(
    initiator() + DELETE,
    initiator() + initiator() + DELETE + DELETE,
    *(initiator(**changes) + DELETE for changes in (
        {"node": ...}, {"pci-dev": ...}, {"object_id": ...}, {"qom-type": ...}, {"node": -1}, {"node": 1 << 32},
        {"node": 1 << 64}, {"node": "1"}, {"node": 1.0}, {"node": 1.5}, {"node": None}, {"node": True}, {"node": []},
        {"pci-dev": 5}, {"pci-dev": None}, {"foo": 1}, {"foo": 1, "bar": 2}, {"object_id": "1bad"}, {"object_id": ""},
        {"object_id": "a/b"}, {"object_id": 5}, {"qom-type": "nope"}, {"qom-type": 5}, {"qom-type": ""},
        {"qom-type": "pci-device"}, {"node": -1, "pci-dev": 5}, {"node": "x", "foo": 1}, {"pci-dev": "nope"},
        {"node": 127},
    )),
    command("object-add"),
    command("object-add", {}),
    command("object-del"),
    command("object-del", {"id": 5}),
    command("object-del", {"id": "zz"}),
    command("object-del", {"id": "m0"}),
    command("object-del", {"id": "gi0", "foo": 1}),
    initiator() + command("qom-list", {"path": "/objects"}) + command("qom-list", {"path": "/objects/gi0"}) + DELETE,
    initiator() + command("qom-get", {"path": "/objects/gi0", "property": "node"}, id=1) + DELETE,
    initiator() + command("qom-get", {"path": "gi0", "property": "type"}) + DELETE,
    initiator() + command("qom-set", {"path": "/objects/gi0", "property": "type", "value": "x"}) + DELETE,
    initiator() + command("qom-set", {"path": "/objects/gi0", "property": "node", "value": "x"}) + DELETE,
    initiator() + command("qom-set", {"path": "/objects/gi0", "property": "node", "value": 0}) + DELETE,
    initiator() + command("qom-set", {"path": "/objects/gi0", "property": "nope", "value": 0}) + DELETE,
    command("qom-list", {"path": "/objects"}),
    command("qom-list", {"path": "/nope"}),
    command("qom-list", {"path": 5}),
    command("qom-list", {"path": "/objects", "foo": 1}),
    command("qom-list"),
    command("qom-get", {"path": "/objects/gi9", "property": "type"}),
    command("qom-get", {"path": "/objects/m0", "property": "size"}),
    command("qom-get", {"path": "/objects/m0"}),
    command("qom-list-properties", {"typename": "acpi-generic-initiator"}),
    command("qom-list-properties", {"typename": "zz"}),
    command("qom-list-types", {"implements": "acpi-generic-initiator"}),
    command("qom-list-types", {"implements": "zz"}),
    command("qom-list-types", {"abstract": 5}),
    command("device_del", {"id": "dev0"}),
    command("device_del", {"id": "nope"}),
    command("device_del", {}),
    command("human-monitor-command", {"command-line": ""}),
    command("human-monitor-command", {"command-line": 5}),
    command("human-monitor-command", {"command-line": "nope"}),
    command("human-monitor-command", {"command-line": "object_del nope"}),
    command("human-monitor-command", {"command-line": "object_add acpi-generic-initiator,id=gi0,pci-dev=dev0,node=1"})
    + DELETE,
)  # fmt: skip

STATES: Final = ready(
    command("stop") + command("stop") + STATUS + command("cont") + command("cont") + STATUS,
    command("stop", id="a") + command("system_reset", id="b") + STATUS + command("cont", id="c"),
    command("system_reset") + command("system_reset", id=1) + STATUS,
    command("system_powerdown", id=[]) + STATUS,
    initiator()
    + command("system_reset")
    + DELETE
    + command("system_reset")
    + command("qom-list", {"path": "/objects"}),
)

ENDS: Final = [
    ready(command("quit")),
    ready(command("quit", id=1) + STATUS),
    ready(initiator(node=128) + STATUS),
    ready(command("human-monitor-command", {"command-line": "quit"})),
]
"""Each on a machine of its own, which it ends."""

LIVES: Final = [[*NEGOTIATION, *TEXTS, *REQUESTS, *OBJECTS, *OUT_OF_BAND], STATES, *ENDS]
"""The cases of each machine's life; the first machine is held at its start, the others run."""
