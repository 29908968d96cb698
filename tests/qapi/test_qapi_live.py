"""A live QEMU answers as recorded in tests/data/qapi; ``--record`` writes the recordings."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from qapi_live import RawQmp
from qapi_recordings import check_live
from qapi_samples import sample_schema

from sandbox.live import qemu_version
from sandbox.qapi.introspect import introspection
from sandbox.qapi.json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.live
PARSE_ERROR = re.compile(r'"desc": "(\d+:\d+: )?JSON ')


@pytest.fixture
def qmp(qemu_x86: tuple[str, ...], tmp_path: Path) -> Iterator[RawQmp]:
    connection = RawQmp(qemu_x86, tmp_path)
    yield connection
    connection.close()


@pytest.fixture
def record(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--record"))


def test_live_qemu_reads_and_writes_json_as_recorded(qmp: RawQmp, qemu_x86: tuple[str, ...], record: bool) -> None:
    """QEMU 11.1.3 reads the same values, but words its parse errors otherwise and may give fewer of them."""

    def masked(lines: object) -> object:
        assert isinstance(lines, list)
        return [line for line in lines if not PARSE_ERROR.search(line)]

    def answer(case: dict[str, Any]) -> list[str]:
        return qmp.replies(case["sent"].encode("latin-1"))

    is_as_recorded = qemu_version(qemu_x86) < (10, 1)
    mask = (lambda lines: lines) if is_as_recorded else masked
    check_live("json-stream", answer, "replies", record=record and is_as_recorded, mask=mask)


def test_live_qemu_visits_qmp_arguments_as_recorded(qmp: RawQmp, record: bool) -> None:
    def desc(case: dict[str, Any]) -> object:
        reply = qmp.execute(case["command"], json.loads(case["arguments"]))
        return reply.get("error", {}).get("desc")

    check_live("visit-json", desc, "desc", record=record)


def test_live_qemu_visits_keyval_as_recorded(qmp: RawQmp, record: bool) -> None:
    def line(case: dict[str, Any]) -> str:
        arguments = {"command-line": f"object_add {case['text']}"}
        printed: str = qmp.execute("human-monitor-command", arguments)["return"]
        return printed.partition("\r\n")[0]

    check_live("visit-keyval", line, "line", record=record)


def test_live_qemu_visits_object_options_as_recorded(qemu_x86: tuple[str, ...], record: bool) -> None:
    def stderr(case: dict[str, Any]) -> list[str]:
        options = ("-machine", "none", "-nodefaults", "-display", "none", "-object", case["text"], "-object", "zzz")
        return _stderr(qemu_x86, options)

    check_live("visit-opts-object", stderr, "stderr", record=record)


def test_live_qemu_visits_numa_options_as_recorded(qemu_x86: tuple[str, ...], record: bool) -> None:
    def stderr(case: dict[str, Any]) -> list[str]:
        machine = ("-M", "q35", "-smp", "2", "-m", "128", "-nodefaults", "-display", "none", "-S")
        return _stderr(qemu_x86, (*machine, "-numa", case["text"], "-device", "zzz"))

    check_live("visit-opts-numa", stderr, "stderr", record=record)


def test_live_qemu_tells_of_its_schema_what_the_sample_tells(qmp: RawQmp) -> None:
    whole = {info["name"]: info for info in qmp.execute("query-qmp-schema", {})["return"]}
    for name in ("object-del", "qom-set", "qom-list", "query-name", "device_del", "stop", "RESUME", "DEVICE_DELETED"):
        ours = {str(info["name"]): info for info in introspection(sample_schema(), [name])}
        assert _expanded(name, ours) == _expanded(name, whole)


def test_live_qemu_writes_its_whole_schema_in_our_order_of_members(qmp: RawQmp) -> None:
    qmp._socket.sendall(b'{"execute": "query-qmp-schema"}\n')
    line = qmp._line()
    assert to_json(json.loads(line)) == line


def _stderr(command: tuple[str, ...], options: tuple[str, ...]) -> list[str]:
    done = subprocess.run(
        [*command, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    return done.stderr.rstrip("\n").split("\n")


def _expanded(name: str, infos: Mapping[str, Mapping[str, Any]]) -> object:
    """Return what is told under a name, with the names of types replaced by what is told of these."""
    info = dict(infos[name])
    if info["meta-type"] not in ("command", "event", "builtin"):
        del info["name"]
    for key in ("arg-type", "ret-type", "element-type"):
        if key in info:
            info[key] = _expanded(info[key], infos)
    for key in ("members", "variants"):
        if key in info and info["meta-type"] != "enum":
            info[key] = [{**part, "type": _expanded(part["type"], infos)} for part in info[key]]
    return info
