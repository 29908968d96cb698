"""Whole command lines against what QEMU 10.0.2 and 11.1.3 made of them.

To renew the recordings: ``pytest --record tests/machine/test_recorded_machines.py`` with QEMU 10.0.2 on PATH; the
cases of other versions stay as they are.
"""

from __future__ import annotations

import json
import shlex
import struct
from dataclasses import asdict
from pathlib import Path

import pytest
from machine_driver import Outcome, drive

DATA = Path(__file__).parents[1] / "data" / "machine"
RECORDED = ("messages", "machines")
NOT_OURS = ("TCG doesn't support requested feature", "doesn't support hyperthreading", "I/O thread spun")


def load(name: str) -> list[dict]:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["cases"]


def outcome_of(case: dict) -> dict:
    version = tuple(int(part) for part in case["qemu"].split(".")[:2])
    found = asdict(drive(shlex.split(case["arguments"]), case["architecture"], version))
    return {key: as_json(value) for key, value in found.items() if key in case}


def as_json(value: object) -> object:
    return [as_json(item) for item in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("case", load("messages"), ids=lambda case: case["arguments"])
def test_a_refused_command_line_gives_qemus_status_and_words(case):
    assert outcome_of(case) == {key: case[key] for key in ("status", "stderr")}


@pytest.mark.parametrize("case", load("machines"), ids=lambda case: case["arguments"])
def test_an_accepted_command_line_gives_qemus_processors_memory_distances_and_attributes(case):
    expected = {key: case[key] for key in ("stderr", "cpus", "memory", "slit", "hmat")}
    assert outcome_of(case) == expected


def test_at_least_sixty_distinct_messages_are_recorded():
    assert len({case["stderr"][-1] for case in load("messages") if case["stderr"]}) >= 60


def live_outcome(binary: tuple[str, ...], argv: list[str]) -> Outcome | None:
    """Return what a live QEMU makes of a command line; None where RAM is too small to read its tables."""
    from sandbox.live import LiveError, LiveExit, dump

    try:
        result = dump(binary, ["-nodefaults", *argv])
    except LiveExit as end:
        return Outcome(status=end.status, stderr=clean(end.stderr))
    except LiveError as error:
        if "fw_cfg DMA" in str(error):
            return None
        raise
    outcome = Outcome(stderr=clean(result.stderr))
    for kind, entry in subtables(result.tables.srat or b""):
        if kind == 0:
            outcome.cpus.append((entry[3], entry[2]))
        elif kind == 1:
            base, length, flags = struct.unpack_from("<QQ4xI", entry, 8)
            outcome.memory.append((*struct.unpack_from("<I", entry, 2), base, length, flags))
        elif kind == 2:
            pxm, apic_id = struct.unpack_from("<II", entry, 4)
            outcome.cpus.append((apic_id, pxm))
        elif kind == 3:
            pxm, uid = struct.unpack_from("<II", entry, 2)
            outcome.cpus.append((uid, pxm))
    slit = result.tables.slit
    if slit is not None:
        count = slit[36]
        outcome.slit = [slit[44 + row * count : 44 + (row + 1) * count].hex() for row in range(count)]
    outcome.hmat = result.tables.hmat[36:].hex() if result.tables.hmat else None
    return outcome


def clean(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line and not any(words in line for words in NOT_OURS)]


def subtables(srat: bytes):
    at = 48
    while at < len(srat):
        yield srat[at], srat[at : at + srat[at + 1]]
        at += srat[at + 1]


@pytest.mark.live
@pytest.mark.parametrize("name", RECORDED)
def test_a_live_qemu_agrees_with_the_recordings(name, request, qemu_x86, qemu_arm, tmp_path, monkeypatch):
    from sandbox.live import qemu_version

    version = ".".join(str(part) for part in qemu_version(qemu_x86))
    cases = load(name)
    same = [case for case in cases if case["qemu"] == version]
    if not same:
        pytest.skip(f"nothing is recorded from QEMU {version}")
    monkeypatch.chdir(tmp_path)
    with Path("nvdimm.img").open("wb") as image:
        image.truncate(64 << 20)
    Path("firmware.bin").write_bytes(bytes(64))
    differences = []
    for case in same:
        binary = qemu_arm if case["architecture"] == "aarch64" else qemu_x86
        outcome = live_outcome(binary, shlex.split(case["arguments"]))
        news = {} if outcome is None else {k: as_json(v) for k, v in asdict(outcome).items() if k in case}
        if any(case[key] != value for key, value in news.items()):
            differences.append((case["arguments"], news))
        case.update(news)
    if request.config.getoption("--record"):
        text = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["note"]
        lines = ",\n".join(f"  {json.dumps(case)}" for case in cases)
        (DATA / f"{name}.json").write_text(
            f'{{\n "note": {json.dumps(text)},\n "cases": [\n{lines}\n ]\n}}\n', encoding="utf-8"
        )
    assert not differences
