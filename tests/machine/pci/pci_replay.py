"""Cases of tests/data/pci, replayed on the model: command lines as QEMU takes them, cut up for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import MachineExit, QemuError
from sandbox.machine.pci.builtin import builtin_topology
from sandbox.machine.pci.options import BuiltinOptions, DeviceRequest, Drive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.machine.pci.topology import PciTopology

DATA = Path(__file__).parents[2] / "data" / "pci"
FAMILIES = {"pc-q35": "q35", "pc-i440fx": "pc"}
WITHOUT_VALUE = {"-nodefaults", "-usb"}
SWITCHED_OFF = ("sata", "smbus", "hpet", "pit", "pic", "i8042", "vmport", "acpi")


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


def pairs(text: str, implied: str) -> dict[str, str]:
    """Options like ``user,model=e1000`` by name."""
    parts = [part if "=" in part else f"{implied}={part}" for part in text.split(",")]
    return dict(part.split("=", 1) for part in parts)


def split(arguments: Sequence[str]) -> tuple[str, BuiltinOptions, list[DeviceRequest]]:
    """A command line as the machine's family, what decides on its own devices, and the users' devices."""
    given: dict[str, list[str]] = {}
    pending = list(arguments)
    while pending:
        name = pending.pop(0)
        given.setdefault(name[1:], []).append("" if name in WITHOUT_VALUE else pending.pop(0))
    machine, *assigned = given["M"][-1].split(",")
    on = {**dict.fromkeys(SWITCHED_OFF, "on"), **dict(part.split("=", 1) for part in assigned)}
    requests = [request(text) for text in given.get("device", ())]
    networks = [(kind, pairs(text, "type")) for kind in ("net", "nic", "netdev") for text in given.get(kind, ())]
    nics = tuple(
        network.get("model")
        for kind, network in networks
        if (kind == "net" and network["type"] == "nic") or (kind == "nic" and network["type"] != "none")
    )
    drives = [pairs(text, "file") for text in given.get("drive", ())]
    ports = {kind: [text != "none" for text in given[kind]] for kind in ("serial", "parallel") if kind in given}
    base, version = family(machine)
    options = BuiltinOptions(
        version=version,
        defaults="nodefaults" not in given,
        vga=given.get("vga", [None])[-1],
        drivers=(*(asked.driver for asked in requests), *(text.split(".")[0] for text in given.get("global", ()))),
        nics=nics if networks else None,
        drives=tuple(Drive(drive.get("if"), int(drive["index"]) if "index" in drive else None) for drive in drives),
        sound=pairs(given["audio"][-1], "driver").get("model") if "audio" in given else None,
        usb_devices=len(given.get("usbdevice", ())),
        usb="usb" in given or "usbdevice" in given or on.get("usb") == "on",
        **{name: on[name] != "off" for name in SWITCHED_OFF},
        south_bridge=on.get("x-south-bridge", "piix3"),
        serials=sum(ports["serial"]) if "serial" in ports else None,
        parallels=sum(ports["parallel"]) if "parallel" in ports else None,
        cpus=int(given.get("smp", ["1"])[-1]),
        gic_has_msi=on.get("gic-version") != "3" or (on.get("its") != "off" and version != (2, 6)),
        secure=on.get("secure") == "on",
        smmu=on.get("iommu") == "smmuv3",
    )
    return base, options, requests


def plugged(machine: str, devices: Sequence[str], *, defaults: bool = False) -> PciTopology:
    """A machine with devices; as a rule without any of its default ones."""
    requests = [request(text) for text in devices]
    base, version = family(machine.split(",", 1)[0])
    drivers = tuple(asked.driver for asked in requests)
    topology = builtin_topology(base, BuiltinOptions(defaults=defaults, drivers=drivers, version=version))
    for asked in requests:
        topology.plug(asked.driver, asked.options, asked.id, from_json=asked.from_json)
    return topology


def refusal(machine: str, devices: Sequence[str]) -> dict[str, object] | None:
    """Which of the devices is refused, and how; None if none is."""
    base, options, requests = split(["-M", machine, "-nodefaults", *(x for text in devices for x in ("-device", text))])
    topology = builtin_topology(base, options)
    for index, asked in enumerate(requests):
        try:
            topology.plug(asked.driver, asked.options, asked.id, from_json=asked.from_json)
        except QemuError as error:
            return {"device": index, "desc": error.desc, "hint": error.hint}
        except MachineExit as error:
            return {"device": index, "abort": error.stderr, "status": error.status}
    return None
