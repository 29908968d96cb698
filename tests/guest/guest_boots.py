"""Recorded boots beside the forecasts of the same machines, item by item."""

import json
import shlex
from functools import cache
from pathlib import Path

from sandbox.guest.facts import facts_of
from sandbox.guest.forecast import forecast
from sandbox.guest.kernels import find_kernel
from sandbox.machine.command_line import parse_arguments
from sandbox.machine.machine import Machine
from sandbox.machine.tables import Tables

DATA = Path(__file__).parents[1] / "data" / "guest"
MASKS = ("possible", "online", "has_cpu", "has_memory", "has_normal_memory", "has_generic_initiator")
RECORDED = (
    "Written by `pytest --record tests/guest/test_further_boots.py`: Debian's kernels, booted as `guest --boot` does."
    " args: the machine. given: tables put over the firmware's by ACPI table upgrade from the initrd. seen, by kernel:"
    " masks, node (cpulist, MemTotal in kB, distance), pci (numa_node) as the guest printed them."
)
PERFORMANCE = ("read_latency", "write_latency", "read_bandwidth", "write_bandwidth")


@cache
def boots(name):
    return {boot["name"]: boot for boot in json.loads((DATA / name).read_text())["boots"]}


def keep_boot(name, boot, kernel, seen):
    """Put what a guest saw into a file of recorded boots."""
    path = DATA / name
    found = json.loads(path.read_text()) if path.exists() else {"note": RECORDED, "boots": []}
    kept = {known["name"]: known for known in found["boots"]}
    known = kept.get(boot["name"], {})
    is_same = all(known.get(item) == value for item, value in boot.items())
    kept[boot["name"]] = boot | {"seen": (known["seen"] if is_same else {}) | {kernel: seen}}
    lines = ",\n".join(json.dumps(kept[key]) for key in sorted(kept))
    path.write_text(f'{{"note": {json.dumps(found["note"])}, "boots": [\n{lines}\n]}}\n')
    boots.cache_clear()


@cache
def machine_of(args):
    return Machine(parse_arguments(shlex.split(args), "10.0"))


def tables_of(boot):
    return Tables(**{name: bytes.fromhex(data) for name, data in boot["tables"].items()})


def forecast_of(boot, version):
    return forecast(tables_of(boot), facts_of(machine_of(boot["args"])), find_kernel(boot["arch"], version))


def access_lines(found):
    lines = []
    for number, kinds in found.access.items():
        for kind, access in kinds.items():
            folder = f"node{number}/access{kind}"
            names = [*(f"node{other}" for other in sorted(access.initiators)), *sorted(access.performance or ())]
            targets = [f"node{other}" for other in sorted(access.targets)]
            lines.append(
                f"{folder} initiators=[{''.join(f'{name} ' for name in names)}] "
                f"targets=[{''.join(f'{name} ' for name in targets)}]"
            )
            lines += [f"{folder} {name}={access.performance[name]}" for name in PERFORMANCE if access.performance]
    return sorted(lines)


def seen(view):
    """What a guest printed, as one flat mapping; memory apart, whose share the kernel takes by chance."""
    items = {"outcome": view["outcome"], "access": sorted(view.get("access", ()))}
    items |= {name: view["mask"].get(name) for name in MASKS}
    items["nodes"] = sorted(view["node"], key=int)
    items["cpus"] = {int(number): cpus for number, (cpus, _, _) in view["node"].items()}
    items["distances"] = {int(number): distances for number, (_, _, distances) in view["node"].items()}
    return items


def expected(found):
    """The same of a forecast."""
    items = {"outcome": found.outcome, "access": access_lines(found)}
    items |= {name: getattr(found.masks, name, None) for name in MASKS}
    items["nodes"] = [str(node.node) for node in found.online]
    items["cpus"] = {node.node: node.cpus for node in found.online}
    items["distances"] = {node.node: " ".join(map(str, node.distances)) for node in found.online}
    return items


ITEMS = ("outcome", *MASKS, "nodes", "cpus", "distances", "access")
