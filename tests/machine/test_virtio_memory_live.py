"""virtio-mem and virtio-pmem on a live QEMU; ``pytest --record`` writes what it does into tests/data/virtio-memory."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from recorded_cases import without_warnings
from virtio_memory_cases import RECORDED, Asked, machines, own

from qom_types.meant import dialect_of_version
from sandbox.errors import QemuError
from sandbox.live import LiveExit, qemu_version, start

pytestmark = pytest.mark.live


def outcome(binary: tuple[str, ...], words: str, commands: list[Asked]) -> dict[str, Any]:
    replies: list[Any] = []
    try:
        with start(binary, shlex.split(words)) as session:
            for name, arguments in commands:
                try:
                    replies.append(session.execute(name, arguments))
                except QemuError as error:
                    replies.append([error.error_class, error.desc])
            return {"replies": replies, "warnings": session.stderr.splitlines()}
    except LiveExit as end:
        found = {"status": end.status, "stderr": without_warnings(end.stderr)}
        return {"replies": replies, **found} if commands else found


def test_machines_with_virtio_memory_are_those_of_a_live_qemu(qemu_x86, qemu_arm, request):
    dialect = dialect_of_version(qemu_version(qemu_x86))[0]
    live = {}
    for case, (words, commands, program) in machines().items():
        binary = qemu_arm if program.endswith("aarch64") else qemu_x86
        live[case] = outcome(binary, words, commands)
        assert own(words, commands, program, dialect) == live[case], case
    if request.config.getoption("--record"):
        RECORDED.save(dialect, live)
