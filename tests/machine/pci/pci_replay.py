"""Cases of tests/data/pci, replayed on the model: command lines as QEMU takes them, cut up for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.pci.builtin import builtin_topology
from sandbox.machine.pci.options import BuiltinOptions, DeviceRequest
from sandbox.machine.pci.switches import read_switches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.pci.topology import PciTopology

DATA = Path(__file__).parents[2] / "data" / "pci"
FAMILIES = {"pc-q35": "q35", "pc-i440fx": "pc"}
WITHOUT_VALUE = {"-nodefaults", "-usb", "-nographic"}


def load(name: str) -> dict[str, Any]:
    """A recording: what it was recorded with, and its cases."""
    return dict(json.loads((DATA / name).read_text(encoding="utf-8")))


def save(name: str, recording: dict[str, Any]) -> None:
    """Write a recording, one case on a line."""
    cases = ",\n".join("  " + json.dumps(case) for case in recording["cases"])
    head = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in recording.items() if key != "cases")
    (DATA / name).write_text("{\n" + head + ' "cases": [\n' + cases + "\n ]\n}\n", encoding="utf-8")


def request(text: str) -> DeviceRequest:
    """The value of a ``-device``."""
    if text.startswith("{"):
        given = json.loads(text)
        return DeviceRequest(given.pop("driver"), given, given.pop("id", None), from_json=True)
    driver, *pairs = text.split(",")
    given = dict(pair.split("=", 1) for pair in pairs)
    return DeviceRequest(driver, given, given.pop("id", None))


def family(machine: str) -> tuple[str, tuple[int, int] | None]:
    """The machine's family, and its version where it names one."""
    match = re.fullmatch(r"(pc-q35|pc-i440fx|virt)-(\d+)\.(\d+)", machine)
    if match is None:
        return machine, None
    return FAMILIES.get(match[1], match[1]), (int(match[2]), int(match[3]))


def split(arguments: Sequence[str]) -> tuple[str, BuiltinOptions, list[DeviceRequest]]:
    """A command line as the machine's family, what decides on its own devices, and the users' devices."""
    pending = list(arguments)
    switches: list[tuple[str, str | None]] = []
    requests: list[DeviceRequest] = []
    machine_options: dict[str, str] = {}
    machine, cpus = "pc", 1
    while pending:
        name = pending.pop(0)
        value = None if name in WITHOUT_VALUE else pending.pop(0)
        if name == "-M" and value is not None:
            machine, *options = value.split(",")
            machine_options |= dict(option.split("=", 1) for option in options)
        elif name == "-device" and value is not None:
            requests.append(request(value))
        elif name == "-smp" and value is not None:
            cpus = int(value)
        else:
            switches.append((name[1:], value))
    base, version = family(machine)
    drivers = [asked.driver for asked in requests]
    return base, read_switches(switches, machine_options, drivers=drivers, version=version, cpus=cpus), requests


def plugged(machine: str, devices: Sequence[str], *, defaults: bool = False) -> PciTopology:
    """A machine with devices; as a rule without any of its default ones."""
    requests = [request(text) for text in devices]
    base, version = family(machine.split(",", 1)[0])
    drivers = tuple(asked.driver for asked in requests)
    topology = builtin_topology(base, BuiltinOptions(defaults=defaults, drivers=drivers, version=version))
    for asked in requests:
        topology.plug(asked.driver, asked.options, asked.id, from_json=asked.from_json)
    return topology


def refusal(machine: str, devices: Sequence[str], *, defaults: bool = False) -> dict[str, object] | None:
    """Which of the devices is refused, and how; None if none is."""
    base, version = family(machine.split(",", 1)[0])
    requests = [request(text) for text in devices]
    drivers = tuple(asked.driver for asked in requests)
    topology = builtin_topology(base, BuiltinOptions(defaults=defaults, drivers=drivers, version=version))
    for index, asked in enumerate(requests):
        try:
            topology.plug(asked.driver, asked.options, asked.id, from_json=asked.from_json)
        except QemuError as error:
            return {"device": index, "desc": error.desc, "hint": error.hint}
        except MachineExit as error:
            return {"device": index, "abort": error.stderr, "status": error.status}
    return None
