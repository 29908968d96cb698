"""query-pci when SeaBIOS has numbered the buses, and the whole composition tree, against a live QEMU 10.0."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from monitor_replies import live_replies, own_replies

from sandbox.app import Sandbox
from sandbox.live import qemu_version

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

pytestmark = pytest.mark.live

FIRMWARES = {"address", "io_range", "memory_range", "prefetchable_range", "irq"}
"""What firmware chooses beside the numbers of buses, and the sandbox does not know."""

PATIENCE_SECONDS = 30.0

MACHINES = (
    (
        "-M q35 -nodefaults -device pcie-root-port,id=rp,slot=1 -device x3130-upstream,id=up,bus=rp "
        "-device xio3130-downstream,id=d0,bus=up,chassis=2 -device pci-testdev,id=t,bus=d0 "
        "-device pcie-root-port,id=rp2,slot=2 -device virtio-net-pci,id=n,bus=rp2"
    ),
    (
        "-M pc -nodefaults -device pci-bridge,id=br,chassis_nr=1 -device pci-testdev,bus=br,addr=3,id=t "
        "-device pci-bridge,id=b2,chassis_nr=2,bus=br,addr=5 -device e1000,bus=b2,id=z,addr=1"
    ),
    (
        "-M q35 -nodefaults -device pxb-pcie,id=px,bus_nr=32 -device pcie-root-port,id=rp,bus=px,slot=3 "
        "-blockdev null-co,node-name=d -device nvme,serial=x,drive=d,bus=rp,id=nv"
    ),
)

TREES = (
    (
        "qemu-system-x86_64 -M q35 -nodefaults -smp 2 -device pcie-root-port,id=rp -device virtio-net-pci,bus=rp "
        "-object iothread,id=io0"
    ),
    "qemu-system-aarch64 -M virt -nodefaults -device pxb-pcie,id=px,bus_nr=8 -device pcie-root-port,bus=px,id=rp",
)


@pytest.fixture(autouse=True)
def _has_version(qemu_x86, qemu_arm):
    if qemu_version(qemu_x86)[:2] != (10, 0):
        pytest.skip("the replies are those of QEMU 10.0; install it with `make qemu`")


def without_firmwares(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: 0 if key in FIRMWARES else without_firmwares(member) for key, member in value.items()}
    return [without_firmwares(item) for item in value] if isinstance(value, list) else value


def after_firmware(arguments: list[str]) -> str:
    """What query-pci tells when no bridge is left without a number and nothing changes any more."""
    from pci_live import LiveQemu

    deadline = time.monotonic() + PATIENCE_SECONDS
    with LiveQemu("x86_64", arguments, paused=False) as qemu:
        before = ""
        while time.monotonic() < deadline:
            found = json.dumps(without_firmwares(qemu.execute("query-pci")))
            if found == before and '"secondary": 0' not in found and '"secondary": 255' not in found:
                return found
            before = found
            time.sleep(0.5)
    pytest.fail(f"SeaBIOS did not number the buses of {arguments} in {PATIENCE_SECONDS} s")


@pytest.mark.parametrize("text", MACHINES)
def test_query_pci_has_the_numbers_of_seabios(text):
    own = Sandbox(["qemu-system-x86_64", *text.split()], dialect="10.0").execute("query-pci")
    assert json.dumps(without_firmwares(own)) == after_firmware(text.split())


@pytest.mark.parametrize("text", TREES)
def test_the_tree_shown_is_a_part_of_qemus(text):
    asked = [("human-monitor-command", {"command-line": line}) for line in ("info qom-tree", "info qom-tree /")]
    for ours, theirs in zip(own_replies(text.split(), asked), live_replies(text.split(), asked), strict=True):
        rest = iter(theirs["return"].splitlines())
        lines = ours["return"].splitlines()
        assert len(lines) > 8
        assert [line for line in lines if line not in rest] == []
