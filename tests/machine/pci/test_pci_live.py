"""Recordings of tests/data/pci against live QEMUs.

``pytest --record tests/machine/pci/test_pci_live.py`` runs every case and writes what QEMU did into the recordings; to
add a case, add it to its file without results. Without ``--record`` every few cases are run, and must come out as
recorded. The recording with edk2's numbers needs edk2 for Arm, from the usual places or where the variable AAVMF says;
where there is none, it is left as it is.
"""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from pci_live import LiveQemu, QemuDiedError, numbers_after_firmware, target_of
from pci_replay import load, request, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.live

PLACES = ("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "/usr/share/edk2/aarch64/QEMU_EFI.fd")
AAVMF = next(filter(os.path.exists, (os.environ.get("AAVMF", ""), *PLACES)), None)


@pytest.fixture(autouse=True)
def _has_qemu() -> None:
    missing = [name for name in ("qemu-system-x86_64", "qemu-system-aarch64") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on PATH: install one with `make qemu`")


def device_arguments(devices: list[str]) -> list[str]:
    return [argument for device in devices for argument in ("-device", device)]


def ids_of(devices: list[str]) -> list[str]:
    return [asked.id for asked in map(request, devices) if asked.id is not None]


def run_seabios(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    log = folder / "debug"
    console = ["-chardev", f"file,id=dbg,path={log}", "-device", "isa-debugcon,iobase=0x402,chardev=dbg"]
    arguments = ["-nodefaults", *console, *device_arguments(case["devices"])]
    done = ["=== PCI device probing"]
    ids = ids_of(case["devices"])
    numbers = numbers_after_firmware(case["machine"], arguments, ids, done=done, log=log, limit=20)
    assert numbers is not None
    return {"on": numbers[0], "behind": numbers[1]}


def run_edk2(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    log = folder / "serial"
    machine = ["-cpu", "cortex-a57", "-m", "512", "-bios", AAVMF or "", "-serial", f"file:{log}"]
    arguments = ["-nodefaults", *machine, *device_arguments(case["devices"])]
    ids = ids_of(case["devices"])
    numbers = numbers_after_firmware(case["machine"], arguments, ids, done=["BdsDxe", "PXE"], log=log, limit=90)
    assert numbers is not None
    return {"on": numbers[0], "behind": numbers[1]}


def pci_devices(qemu: LiveQemu, path: str, types: set[str], depth: int = 6) -> list[tuple[str, str, int]]:
    """Path, type and devfn of every PCI device below a path of the composition tree."""
    found = []
    for name, typename in qemu.children(path):
        inner = f"{path}/{name}"
        if typename in types:
            found.append((inner, typename, qemu.property(inner, "addr")))
        if depth and "cpu" not in typename and typename != "memory-region":
            found += pci_devices(qemu, inner, types, depth - 1)
    return found


def run_builtin(case: dict[str, Any], _folder: Path) -> dict[str, Any]:
    arguments = case["arguments"]
    with LiveQemu(target_of(arguments[1]), arguments) as qemu:
        types = {entry["name"] for entry in qemu.execute("qom-list-types", implements="pci-device")}
        devices = sorted(pci_devices(qemu, "/machine", types), key=lambda device: (device[2], device[0]))
        count = sum(name.startswith("device[") for name, _ in qemu.children("/machine/unattached"))
    return {"devices": [list(device) for device in devices], "unattached": count}


def run_refusal(case: dict[str, Any], _folder: Path) -> dict[str, Any]:
    devices = case["devices"]
    try:
        with LiveQemu(target_of(case["machine"]), ["-M", case["machine"], "-nodefaults", *device_arguments(devices)]):
            return {"refusal": None}
    except QemuDiedError as error:
        lines = [line for line in error.stderr.splitlines() if ": warning: " not in line]
        aborted = lines[0].startswith("Unexpected error")
        message = lines[int(aborted)]
        device = next(i for i in reversed(range(len(devices))) if f"-device {devices[i]}: " in message)
        desc = message.split(f"-device {devices[device]}: ", 1)[1]
        if aborted:
            return {"refusal": {"device": device, "abort": desc, "status": error.status}}
        return {"refusal": {"device": device, "desc": desc, "hint": "\n".join(lines[1:])}}


def run_hotplug(case: dict[str, Any], _folder: Path) -> dict[str, Any]:
    arguments = ["-M", case["machine"], "-nodefaults", *device_arguments(case["devices"])]
    steps = []
    with LiveQemu(target_of(case["machine"]), arguments) as qemu:
        for entry in case["steps"]:
            ((kind, value),) = entry["step"].items()
            if kind == "add":
                error = qemu.error("device_add", value)
            elif kind == "del":
                error = qemu.error("device_del", {"id": value})
            else:
                error = qemu.error("system_reset", {})
                time.sleep(0.3)
            present = {
                name: qemu.property(f"/machine/peripheral/{name}", "addr")
                for name, _ in qemu.children("/machine/peripheral")
            }
            steps.append({"step": entry["step"], "error": error, "present": dict(sorted(present.items()))})
    return {"steps": steps}


RUNS: dict[str, tuple[Callable[[dict[str, Any], Path], dict[str, Any]], int]] = {
    "numbers-seabios.json": (run_seabios, 4),
    "builtin.json": (run_builtin, 8),
    "refusals.json": (run_refusal, 5),
    "hotplug.json": (run_hotplug, 1),
}


def check(
    name: str, run: Callable[[dict[str, Any], Path], dict[str, Any]], step: int, folder: Path, write: bool
) -> None:
    recording = load(name)
    cases = recording["cases"]
    for case in cases if write else cases[::step]:
        inner = folder / str(id(case))
        inner.mkdir()
        found = run(case, inner)
        if write:
            case.update(found)
        else:
            assert {key: case.get(key) for key in found} == found, case
    if write:
        save(name, recording)


@pytest.mark.parametrize("name", RUNS)
def test_qemu_does_what_is_recorded(name, tmp_path, request):
    run, step = RUNS[name]
    check(name, run, step, tmp_path, bool(request.config.getoption("--record")))


if AAVMF is not None:

    def test_edk2_numbers_as_recorded(tmp_path, request):
        check("numbers-edk2.json", run_edk2, 5, tmp_path, bool(request.config.getoption("--record")))
