"""v2 scenarios, recorded and made up, and how the tests map their tables."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qom_types.dialects import DIALECTS
from sandbox.acpi.header import with_checksum
from sandbox.compare.v2_mapping import map_moment
from sandbox.records import replace
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import AnyReply, Command, Scenario, Step
from sandbox.scenario.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.compare.mapping import Mapping
    from sandbox.scenario.replay import ReplayMachine
    from sandbox.translate.correspondence import Moment, Translation

ROOT = Path(__file__).parents[2]
RECORDED = {
    case["case"]: case for case in json.loads((ROOT / "tests" / "data" / "v2" / "recorded.json").read_text())["cases"]
}
WITH_TABLES = [name for name, case in RECORDED.items() if case.get("tables")]
REFUSED = [name for name, case in RECORDED.items() if case["status"] != "alive to the end"]
SHIPPED = {path.stem: path for path in sorted((ROOT / "scenarios").glob("*.yaml")) if "dialect: v2" in path.read_text()}
GPU = "-device vfio-pci-nohotplug,host=0009:01:00.0,addr=04.0,rombar=0,id=dev0"


@dataclass(frozen=True)
class SomeTables:
    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None


def nodes(count: int) -> str:
    """The options of a machine with RAM and a processor in node 0 and ``count`` nodes."""
    others = "".join(f" -numa node,nodeid={pxm}" for pxm in range(1, count))
    return (
        "-M virt,gic-version=3 -cpu cortex-a57 -smp 1 -m 128M -object memory-backend-ram,id=m0,size=128M"
        f" -numa node,nodeid=0,cpus=0,memdev=m0{others}"
    )


def nvidia(object_id: str = "gi0", start: int = 2, count: int = 2, device: str = "dev0") -> str:
    members = f"device={device},numa-node-start={start},numa-node-count={count}"
    return f"-object nvidia-acpi-generic-initiator,id={object_id},{members}"


def v2(*options: str, steps: Iterable[Step] = (), firmware: str = "none", dialect: str | None = "v2") -> Scenario:
    return Scenario("a case", tuple(shlex.split(" ".join(options))), "", dialect, firmware, tuple(steps))


def do(name: str, **arguments: Any) -> Step:
    """A step whose command gets the given arguments, ``_`` in their names standing for ``-``."""
    given = {key.replace("_", "-"): value for key, value in arguments.items()}
    return Step(Command(name, given or None, AnyReply()))


def add_nvidia(object_id: str = "gi0", start: int = 2, count: int = 2, device: str = "dev0") -> Step:
    members = {"device": device, "numa_node_start": start, "numa_node_count": count}
    return do("object-add", qom_type="nvidia-acpi-generic-initiator", id=object_id, **members)


def recorded_scenario(name: str) -> Scenario:
    case = RECORDED[name]
    steps = [Step(Command(it["request"]["execute"], it["request"].get("arguments"), AnyReply())) for it in case["qmp"]]
    return v2(case["cmdline"], steps=steps)


def recorded_tables(name: str, moment: int) -> SomeTables:
    """What the recorded QEMU's firmware reads at its start, or after its n-th reset, with the checksum it fills in."""
    tables = RECORDED[name]["tables"]
    srats = [data for key, data in tables.items() if key.startswith("SRAT") and "no-reset" not in key]
    slit = tables.get("SLIT.bin")
    return SomeTables(_installed(srats[moment]), _installed(slit) if slit else None)


def _installed(data: str) -> bytes:
    return with_checksum(bytes.fromhex(data))


def shipped_scenario(stem: str) -> Scenario:
    return load_scenario(SHIPPED[stem].read_text(encoding="utf-8"), str(SHIPPED[stem]))


def with_test_devices(scenario: Scenario) -> Scenario:
    """Put a test device where the scenario passes one of the host's through."""
    words = [
        re.sub(r",(?:host|sysfsdev)=[^,]*", "", word).replace("vfio-pci-nohotplug", "pci-testdev")
        if word.startswith("vfio-pci-nohotplug")
        else word
        for word in scenario.command_line
    ]
    return replace(scenario, command_line=tuple(words))


def read_shipped(name: str) -> bytes:
    return (ROOT / "scenarios" / name).read_bytes()


def mappings(
    translation: Translation,
    make_machine: Callable[[Scenario], ReplayMachine] = emulate,
    v2_tables: Callable[[int, Moment], Any] = lambda _, moment: moment.tables,
) -> list[Mapping]:
    """Run a translated scenario and map the tables of each moment; every step must go as the translation says."""
    transcript = replay(translation.scenario, make_machine, read_shipped)
    assert transcript.passed, [record for record in transcript.records if record.outcome.value != "passed"]
    dialect = DIALECTS[translation.scenario.dialect or ""]
    found = []
    for index, moment in enumerate(translation.moments):
        record = transcript.start if moment.merged_step is None else transcript.steps[moment.merged_step]
        assert record.after is not None
        found.append(map_moment(replace(moment, tables=v2_tables(index, moment)), record.after, dialect))
    return found
