"""How long it takes to make tables: in one process, as a whole process, and beside a live QEMU where there is one.

    python benchmarks/tables.py

Each figure is the median of several runs; the whole-process runs of both sides alternate, so that a machine whose speed
drifts does not favour one of them.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sandbox.app import Sandbox

NODES = " ".join(f"-numa node,nodeid={node}" for node in range(2, 10))
COVER_LETTER = (
    "-M virt,gic-version=3 -cpu cortex-a57 -smp 4 -m 2G "
    "-object memory-backend-ram,id=m0,size=1G -object memory-backend-ram,id=m1,size=1G "
    f"-numa node,nodeid=0,cpus=0-1,memdev=m0 -numa node,nodeid=1,cpus=2-3,memdev=m1 {NODES} "
)
V2 = (
    f"{COVER_LETTER} -device vfio-pci-nohotplug,host=0009:01:00.0,bus=pcie.0,addr=04.0,rombar=0,id=dev0 "
    "-object nvidia-acpi-generic-initiator,id=gi0,device=dev0,numa-node-start=2,numa-node-count=8"
)
MERGED = f"{COVER_LETTER} -device pci-testdev,bus=pcie.0,addr=04.0,id=dev0 " + " ".join(
    f"-object acpi-generic-initiator,id=gi{number},pci-dev=dev0,node={number + 2}" for number in range(8)
)
RUNS = 15


def median_seconds(action, repeats: int, rounds: int = 7) -> float:
    """Return the median over ``rounds`` of the mean time of ``repeats`` calls."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        for _ in range(repeats):
            action()
        found.append((time.perf_counter() - began) / repeats)
    return statistics.median(found)


def in_process() -> None:
    """Print the time of a reset and a build in a machine that is there already."""
    small = Sandbox(V2, firmware="none")

    def reset_and_build(machine: Sandbox):
        machine.reset()
        machine.tables()

    seconds = median_seconds(lambda: reset_and_build(small), 500)
    print(f"reset and build, cover letter (10 nodes, 8 initiators)  {seconds * 1e6:9.1f} us")
    for count in (500, 1000, 2000):
        nodes = " ".join(f"-numa node,nodeid={node}" for node in range(1, 128))
        large = Sandbox(
            f"-M q35 -m 1G -object memory-backend-ram,id=m0,size=1G -numa node,nodeid=0,memdev=m0 {nodes} "
            "-device pci-testdev,id=dev0",
            dialect="10.0",
        )
        for number in range(count):
            large.machine.object_add(
                {"qom-type": "acpi-generic-initiator", "id": f"gi{number}", "pci-dev": "dev0", "node": number % 128}
            )
        seconds = median_seconds(lambda machine=large: reset_and_build(machine), 3)
        print(f"reset and build, 128 nodes, {count:5} objects               {seconds * 1e3:9.2f} ms")


def one_run(words: list[str]) -> float:
    """Return how long a process takes, with the bytecode of its modules cached as an installed program has it."""
    cached = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=cached)
    return time.perf_counter() - began


def whole_process() -> None:
    """Print the time of ``qom-sandbox tables`` and, where there is one, of a live QEMU for the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        ours = [sys.executable, "-m", "sandbox.cli", "tables", "-o", folder, "--dialect", "10.0", "--", *MERGED.split()]
        live = None
        if shutil.which("qemu-system-aarch64"):
            live = [sys.executable, str(Path(__file__).with_name("_live_dump.py")), *MERGED.split()]
        one_run(ours)
        our_times, live_times = [], []
        for _ in range(RUNS):
            our_times.append(one_run(ours))
            if live:
                output = subprocess.run(live, check=True, capture_output=True, text=True).stdout
                live_times.append(float(output))
    print(f"whole process, qom-sandbox tables, cover letter         {statistics.median(our_times) * 1e3:9.1f} ms")
    if live_times:
        print(f"live QEMU: start, dump, end (without its driver)        {statistics.median(live_times) * 1e3:9.1f} ms")
        ratio = statistics.median(ours / theirs for ours, theirs in zip(our_times, live_times, strict=True))
        print(f"ratio, pair by pair                                     {ratio:9.2f}")
    else:
        print("no live QEMU to compare with: install one with `make qemu`")


if __name__ == "__main__":
    in_process()
    whole_process()
