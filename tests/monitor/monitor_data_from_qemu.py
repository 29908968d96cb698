"""Makes the files of sandbox/monitor/data out of what live QEMUs say about themselves.

    python tests/monitor/monitor_data_from_qemu.py

The live test of the same data calls the same functions; ``pytest --record`` writes the files as well.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "machine" / "pci"))

import pci_headers_from_qemu
from pci_live import LiveQemu

from qom_types.dialects import dialect_named
from sandbox.machine.pci.catalog import pci_typenames

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parents[2] / "sandbox" / "monitor" / "data"
MACHINES = {"x86_64": "pc", "aarch64": "virt"}
FAMILIES = ("pc-q35-", "pc-i440fx-", "virt-")
OTHERS = (
    *("device", "pc-dimm", "nvdimm", "container", "bus", "PCI", "PCIE", "CXL"),
    *("pxb-bus", "pxb-pcie-bus", "pxb-cxl-bus"),
    *("machine", "x86-machine", "generic-pc-machine", "virt-machine"),
)
"""Types whose properties are told of, beside PCI devices, machines and user-creatable objects."""


def machine_rows() -> dict[str, str]:
    """query-machines: the modelled families, each machine as JSON."""
    rows = {}
    for target, machine in MACHINES.items():
        with LiveQemu(target, ["-M", machine, "-nodefaults"]) as qemu:
            listed = [entry for entry in qemu.execute("query-machines") if entry["name"].startswith(FAMILIES)]
        rows |= {f"{target} {entry['name']}": json.dumps(entry) for entry in listed}
    return rows


def cpu_rows() -> dict[str, str]:
    """query-cpu-definitions: each model as JSON, with the number of its list of unavailable features."""
    lists: list[str] = []
    rows = {}
    for target, machine in MACHINES.items():
        with LiveQemu(target, ["-M", machine, "-nodefaults"]) as qemu:
            models = qemu.execute("query-cpu-definitions")
        for model in models:
            if "unavailable-features" in model:
                text = " ".join(model["unavailable-features"])
                if text not in lists:
                    lists.append(text)
                model["unavailable-features"] = lists.index(text)
            rows[f"{target} {model['name']}"] = json.dumps(model)
    return {f"lacks {number}": text for number, text in enumerate(lists)} | rows


def type_rows() -> dict[str, str]:
    """qom-list-types: each type with its parent, ``abstract`` and the interfaces that its parent lacks."""
    rows = {}
    for target, machine in MACHINES.items():
        with LiveQemu(target, ["-M", machine, "-nodefaults"]) as qemu:
            listed = qemu.execute("qom-list-types", abstract=True)
            interfaces = [
                entry["name"] for entry in qemu.execute("qom-list-types", implements="interface", abstract=True)
            ]
            having = {
                name: {entry["name"] for entry in qemu.execute("qom-list-types", implements=name, abstract=True)}
                for name in interfaces
            }
        for entry in listed:
            name, parent = entry["name"], entry.get("parent")
            own = [face for face in interfaces if name in having[face] and name != face and parent not in having[face]]
            words = [parent or "-", *(["abstract"] if entry.get("abstract") else []), *own]
            rows[f"{target} {name}"] = " ".join(words)
    return rows


def property_rows() -> dict[str, str]:
    """qom-list-properties of devices: each property once, then each type's own as numbers of those."""
    numbers: dict[str, int] = {}
    rows: dict[str, str] = {}
    for target, machine in MACHINES.items():
        with LiveQemu(target, ["-M", machine, "-nodefaults"]) as qemu:
            parents = {entry["name"]: entry.get("parent") for entry in qemu.execute("qom-list-types", abstract=True)}
            machines = [name for name in parents if name.startswith(FAMILIES)]
            known = (*OTHERS, *pci_typenames(target), *machines, *object_types())
            names = [name for name in dict.fromkeys(known) if name in parents]
            listed = {name: qemu.call("qom-list-properties", {"typename": name}).get("return") for name in names}
        for name, properties in listed.items():
            if properties is None:
                rows[f"{target} {name}"] = "?"
                continue
            above = listed.get(parents[name] or "") or []
            whole = properties[: len(above)] != above
            own = properties if whole else properties[len(above) :]
            parent = "-" if whole or not above else str(parents[name])
            found = [str(numbers.setdefault(json.dumps(entry), len(numbers))) for entry in own]
            row = " ".join([parent, *found])
            if rows.setdefault(name, row) != row:
                rows[f"{target} {name}"] = row
    changed, unvectored = compatible_properties()
    return (
        {"changed": changed, "unvectored": unvectored} | {str(number): text for text, number in numbers.items()} | rows
    )


def object_types() -> list[str]:
    """The user-creatable types that the sandbox has, with their parents first, but for one.

    When QEMU has told the properties of filter-dump, it closes its standard input, over which it is asked here.
    """
    return [info.name for info in dialect_named("10.0").types() if info.name != "filter-dump"]


def compatible_properties() -> tuple[str, str]:
    """What modelled machines change in the defaults of properties, each with the newest of those machines' versions.

    Returns:
        The properties; and the types of device that get no MSI-X vectors.
    """
    changed: dict[str, tuple[int, ...]] = {}
    unvectored: dict[str, tuple[int, ...]] = {}
    for target, machine in MACHINES.items():
        with LiveQemu(target, ["-M", machine, "-nodefaults"]) as qemu:
            machines = qemu.execute("query-machines", compat_props=True)
        for entry in machines:
            if entry["name"].startswith(FAMILIES):
                version = tuple(map(int, entry["name"].rpartition("-")[2].split(".")))
                for change in entry["compat-props"]:
                    name = change["property"]
                    changed[name] = max(changed.get(name, ()), version)
                    if name == "vectors" and change["value"] == "0":
                        typename = change["qom-type"]
                        unvectored[typename] = max(unvectored.get(typename, ()), version)
    return _versions(changed), _versions(unvectored)


def _versions(newest: dict[str, tuple[int, ...]]) -> str:
    return " ".join(f"{name}:{'.'.join(map(str, newest[name]))}" for name in sorted(newest))


HARVESTS: dict[tuple[str, ...], Callable[[], tuple[dict[str, str], ...]]] = {
    ("machines.json",): lambda: (machine_rows(),),
    ("cpus.json",): lambda: (cpu_rows(),),
    ("types.json",): lambda: (type_rows(),),
    ("properties.json",): lambda: (property_rows(),),
    ("pci_headers.json", "pci_values.json"): pci_headers_from_qemu.harvest,
}


def as_file(rows: dict[str, str]) -> str:
    """A JSON object with one member on a line."""
    lines = [f"{json.dumps(key)}: {json.dumps(text)}" for key, text in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(folder: Path = DATA) -> None:
    for names, harvest in HARVESTS.items():
        for name, rows in zip(names, harvest(), strict=True):
            (folder / name).write_text(as_file(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
