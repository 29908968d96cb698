"""Devices of QEMU 11.1 on a live QEMU; ``pytest --record`` writes what it does into tests/data/smmu."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from recorded_cases import without_warnings
from smmu_cases import CASES, GPUS, NAMELESS, PERIPHERALS, RECORDED, WITHOUT, children, own, placed

from qom_types.meant import dialect_of_version
from sandbox.live import LiveExit, dump, qemu_version, start

pytestmark = pytest.mark.live


def outcome(binary: tuple[str, ...], case: str) -> dict[str, Any]:
    try:
        with start(binary, shlex.split(case)) as session:
            containers = [children(session.execute(*asked)) for asked in (PERIPHERALS, NAMELESS)]
            places = placed(session.execute("query-pci", {}))
            return {"children": containers, "places": places, "warnings": session.stderr.splitlines()}
    except LiveExit as end:
        return {"status": end.status, "stderr": without_warnings(end.stderr)}


def test_devices_of_11_1_are_plugged_or_refused_as_by_a_live_qemu(qemu_arm, request, recorded):
    dialect = dialect_of_version(qemu_version(qemu_arm))[0]
    cases = CASES if dialect == "11.1" else CASES[:WITHOUT]
    live = {case: outcome(qemu_arm, case) for case in cases}
    if request.config.getoption("--record"):
        RECORDED.save(dialect, live)
    assert {case: own(case, dialect) for case in cases} == live
    if dialect == "11.1":
        recorded.check("smmu/gpus", dump(qemu_arm, shlex.split(GPUS)).tables.srat or b"")
