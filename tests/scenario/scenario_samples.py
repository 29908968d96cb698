"""What several test files use: a fake machine, bad scenarios, and Hypothesis strategies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from sandbox.acpi.handles import PciDeviceHandle
from sandbox.acpi.header import TableHeader
from sandbox.acpi.srat import GenericInitiatorAffinity, MemoryAffinity, ProcessorAffinity, Srat, encode_srat
from sandbox.errors import InputErrors, MachineExit, QemuError
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import (
    NOTHING,
    Affinities,
    Affinity,
    AnyReply,
    Command,
    ExitExpected,
    Expectation,
    Fails,
    Look,
    Memory,
    Processor,
    Reset,
    Returns,
    Scenario,
    Step,
    Succeeds,
    WholeTable,
)
from sandbox.scenario.replay import replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.scenario.transcript import Origin, Transcript

ROOT = Path(__file__).parent.parent.parent
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class FakeTables:
    srat: bytes | None = None
    slit: bytes | None = None
    hmat: bytes | None = None


def srat_of(*initiators: tuple[int, int]) -> bytes:
    """An SRAT with a processor and memory in node 0 and an initiator for each (pxm, devfn)."""
    entries = [GenericInitiatorAffinity(pxm, PciDeviceHandle(0, 0, devfn)) for pxm, devfn in initiators]
    fixed = (ProcessorAffinity(0, 0), MemoryAffinity(0, 0, 1 << 30), MemoryAffinity(0, 0, 0, 0))
    return encode_srat(Srat(TableHeader("SRAT", 1), (*fixed, *entries)))


@dataclass
class FakeMachine:
    """Makes an initiator of each object-add; node 128 ends it at once, node 9 when the tables are made next."""

    dialect: str = "10.0"
    dialect_reason: str = "a fake"
    ignored: tuple[str, ...] = ()
    running: bool = True
    origins: tuple[Origin, ...] = ()
    objects: dict[str, int] = field(default_factory=dict)
    slit: bytes | None = None
    made: FakeTables | None = None

    def execute(self, name: str, arguments: dict[str, Any] | None) -> object:
        given = arguments or {}
        if name == "object-add":
            if "node" not in given:
                raise QemuError("Parameter 'node' is missing")
            if given["node"] == 128:
                raise MachineExit("qemu: Invalid NUMA node specified")
            self.objects[given["id"]] = given["node"]
        elif name == "object-del":
            del self.objects[given["id"]]
        elif name == "system_reset":
            self.made = None
        elif name in ("cont", "stop"):
            self.running = name == "cont"
        elif name == "query":
            return {"a": 1, "list": [1, {"b": "x"}], "flag": True}
        elif name == "quit":
            raise MachineExit("", 0)
        else:
            raise QemuError(f"The command {name} has not been found", "CommandNotFound")
        return {}

    def tables(self) -> FakeTables:
        if self.made is None:
            if 9 in self.objects.values():
                raise MachineExit("qemu: warning: old\nqemu: Specified node 9 is invalid.")
            self.made = FakeTables(srat_of(*((node, 0x20) for node in self.objects.values())), self.slit)
        return self.made


def run(
    text: str, machine: Callable[[Scenario], Any] | FakeMachine | None = None, files: Mapping[str, bytes] | None = None
) -> Transcript:
    """Load a scenario and replay it on a fake machine; a command line is added where the text has none."""
    if "command-line" not in text:
        text = f"command-line: -M q35\n{text}"

    def read_file(path: str) -> bytes:
        if path not in (files or {}):
            raise FileNotFoundError(2, "No such file or directory")
        return (files or {})[path]

    ready = FakeMachine() if machine is None else machine
    return replay(load_scenario(text, "test.yaml"), ready if callable(ready) else lambda _: ready, read_file)


def differences(transcript: Transcript) -> list[tuple[str, str, str]]:
    return [
        (found.path, found.expected, found.actual)
        for record in transcript.records
        for check in record.checks
        for found in check.differences
    ]


def errors_of(text: str) -> list[str]:
    """Return the messages for a bad scenario, each as ``line:column: what``."""
    try:
        load_scenario(text, "f")
    except InputErrors as errors:
        return [str(error).removeprefix("f:") for error in errors.errors]
    return []


u32 = st.integers(0, 2**32 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=20)
lines = texts.map(lambda text: " ".join(text.split())).filter(bool)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["on", "no", "010", "04.0", "0x10", "null", "~", "<<", "=", "1e5", "00:04.0"])
    | st.sampled_from([" a", "a ", "\n", "- a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
devices = st.builds(
    "{:04x}:{:02x}:{:02x}.{}".format, st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 31), st.integers(0, 7)
) | st.builds("{}:{}".format, st.from_regex("[A-Z0-9]{1,8}", fullmatch=True), u32)
affinities = st.builds(Affinities, st.lists(st.builds(Affinity, u32, devices), max_size=3).map(tuple), st.booleans())
tables = st.builds(
    WholeTable, st.none() | lines, st.none() | st.from_regex("[0-9a-f]{64}", fullmatch=True), st.none() | u32
).filter(lambda table: table != WholeTable())
whole = st.none() | st.just("absent") | tables
u64 = st.integers(0, 2**64 - 1)
expectations = st.builds(
    Expectation,
    initiators=st.none() | affinities,
    ports=st.none() | affinities,
    nodes=st.none() | u32 | st.frozensets(u32, max_size=3).map(lambda pxms: tuple(sorted(pxms))),
    distances=st.none() | st.just("absent") | st.lists(st.lists(st.integers(0, 255)).map(tuple), max_size=3).map(tuple),
    processors=st.none() | st.lists(st.builds(Processor, u32, u32), max_size=2).map(tuple),
    memory=st.none() | st.lists(st.builds(Memory, u32, u64, u64, st.booleans(), st.booleans()), max_size=2).map(tuple),
    srat=whole,
    slit=whole,
    hmat=whole,
)
exits = st.builds(ExitExpected, st.integers(-64, 255), st.none() | texts | st.lists(texts, max_size=3).map(tuple))
words = texts.filter(bool)
replies = (
    st.just(Succeeds())
    | st.just(AnyReply())
    | st.builds(Returns, json_values)
    | st.builds(Fails, st.none() | lines, st.none() | lines)
)
commands = st.builds(Command, lines, st.none() | st.dictionaries(texts, json_values, max_size=3), replies)
names = st.just("") | lines
steps = (
    st.builds(Step, commands, st.none() | exits, expectations, names, texts)
    | st.builds(Step, st.just(Reset()), st.none() | exits, expectations, names, texts)
    | st.builds(Step, st.just(Look()), st.none(), expectations.filter(lambda found: found != NOTHING), names, texts)
)
scenarios = st.builds(
    Scenario,
    name=lines,
    command_line=st.lists(
        texts | st.sampled_from(["-M", "virt", "-smp", "4", "#a", "a\nb", "'", "\\"]), max_size=6
    ).map(tuple),
    description=texts,
    dialect=st.none() | st.sampled_from(["v2", "9.0", "9.2", "10.0", "11.1"]),
    firmware=st.sampled_from(["enumerated", "none"]),
    steps=st.lists(steps, max_size=3).map(tuple),
    expect=expectations,
    exit=st.none() | exits,
)
