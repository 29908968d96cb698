"""Makes sandbox/machine/pci/catalog.json and other_devices.json out of what live QEMUs say about their device types.

    PYTHONPATH=tests/machine/pci python tests/machine/pci/pci_catalog_from_qemu.py sandbox/machine/pci

With a QEMU of 11.1 on PATH it makes catalog_11_1.json and other_devices_11_1.json instead: what is different there.
Types that a distribution packs apart then count as the same.

QEMU_MODULE_DIR may name a folder with QEMU's loadable modules, so that types which a distribution packs apart (qxl,
virtio-vga-gl...) are there as well. The live test of the catalogue calls the same functions.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from pci_live import BINARIES, LiveQemu

from sandbox.machine.pci.catalog import CHANGED

MACHINES = {"x86_64": "pc", "aarch64": "virt"}
UNLISTED = {"type", "realized", "hotpluggable", "hotplugged", "parent_bus"}
WIRING = {"link<irq>", "child<memory-region>"}
INTERFACES = {"pci-express-device": "express", "conventional-pci-device": "conventional", "cxl-device": "cxl"}
PACKED_APART = re.compile("qxl|virtio-(gpu|vga)-gl")
LINE = re.compile(r'name "([^"]+)"(?:, bus ([^,]+))?(?:, alias "([^"]+)")?(?:, desc ".*")?(, no-user)?$')


class Harvest:
    """What one QEMU says about its device types."""

    def __init__(self, qemu: LiveQemu, target: str) -> None:
        self.qemu = qemu
        self.target = target
        self.parents = {
            entry["name"]: entry["parent"]
            for entry in qemu.execute("qom-list-types", abstract=True)
            if "parent" in entry
        }
        self.abstract = {
            entry["name"]
            for entry in qemu.execute("qom-list-types", implements="device", abstract=True)
            if entry.get("abstract")
        }
        self.devices = self.implementing("device")
        self.pci = self.implementing("pci-device")
        self.sysbus = self.implementing("sys-bus-device")
        self.interfaces = {name: self.implementing(iface) for iface, name in INTERFACES.items()}
        self.listing = self.read_listing()
        version = qemu.execute("query-version")["qemu"]
        self.version = (version["major"], version["minor"])

    def implementing(self, name: str) -> set[str]:
        entries = self.qemu.execute("qom-list-types", implements=name, abstract=True)
        return {entry["name"] for entry in entries}

    def read_listing(self) -> dict[str, tuple[str | None, str | None, bool]]:
        """Bus type, alias, and whether users may not create it, of each concrete device type."""
        matches = (LINE.match(line.strip()) for line in self.qemu.hmp("info qdm").splitlines())
        return {match[1]: (match[2], match[3], bool(match[4])) for match in matches if match}

    def chain(self, name: str) -> list[str]:
        chain = [name]
        while chain[-1] != "device":
            chain.append(self.parents[chain[-1]])
        return chain

    def all_properties(self, name: str) -> set[tuple[str, str]]:
        listed: list[dict[str, Any]] = []
        for command in ("qom-list-properties", "device-list-properties"):
            listed += self.qemu.call(command, {"typename": name}).get("return", [])
        return {
            (entry["name"], entry["type"])
            for entry in listed
            if entry["name"] not in UNLISTED and entry["type"] not in WIRING and not entry["name"].startswith("legacy-")
        }

    def own_properties(self) -> dict[str, str]:
        """What each PCI type adds to its ancestors' properties, as one text ``name:type name:type``."""
        everything = {name: self.all_properties(name) for name in self.pci}
        own = {}
        for name, properties in everything.items():
            inherited: set[tuple[str, str]] = set()
            for ancestor in self.chain(name)[1:]:
                inherited |= everything.get(ancestor, set())
            own[name] = " ".join(f"{key}:{kind}" for key, kind in sorted(properties - inherited))
        return own

    def not_hotpluggable(self) -> set[str]:
        """Ask for every type by device_add with a property that none has: the class is looked at first."""
        refused = set()
        for name in self.pci - self.abstract:
            arguments = {"driver": name, "bus": "rp0", "no-such-property": 1}
            if self.qemu.error("device_add", arguments) == f"Device '{name}' does not support hotplugging":
                refused.add(name)
        return refused

    def rows(self) -> dict[str, dict[str, Any]]:
        """The PCI types, by name, without the fields that have their most frequent value."""
        own, fixed = self.own_properties(), self.not_hotpluggable()
        rows = {}
        for name in sorted(self.pci):
            _, alias, no_user = self.listing.get(name, (None, None, False))
            row: dict[str, Any] = {"parent": self.parents[name]}
            kinds = [kind for kind in INTERFACES.values() if name in self.interfaces[kind]]
            if kinds:
                row["interfaces"] = kinds
            if own[name]:
                row["properties"] = own[name]
            flags = {
                "abstract": name in self.abstract,
                "internal": no_user,
                "alias": alias,
                "fixed": name in fixed,
            }
            rows[name] = row | {key: value for key, value in flags.items() if value}
        return rows

    def others(self) -> dict[str, str]:
        """The device types that are not for PCI: their names by bus type, or by why users cannot create them."""
        groups: dict[str, list[str]] = {}
        for name in sorted(self.devices - self.pci):
            bus, _, no_user = self.listing.get(name, (None, None, False))
            kind = (
                "abstract"
                if name in self.abstract
                else "internal"
                if no_user
                else "sysbus"
                if name in self.sysbus
                else f"bus {bus}"
                if bus
                else "no bus"
            )
            groups.setdefault(kind, []).append(name)
        return {kind: " ".join(names) for kind, names in sorted(groups.items())}


def harvest(target: str) -> tuple[dict[str, dict[str, Any]], dict[str, str], str]:
    """Rows of the PCI types, groups of the other types, and the version of this target's QEMU."""
    with LiveQemu(target, ["-M", MACHINES[target], "-nodefaults", "-device", "pcie-root-port,id=rp0"]) as qemu:
        version = qemu.execute("query-version")["qemu"]
        found = Harvest(qemu, target)
        return found.rows(), found.others(), f"{version['major']}.{version['minor']}.{version['micro']}"


def merge(harvests: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """One row for each type; ``target`` where only one target has it, ``x86_64 properties`` where they differ."""
    x86, arm = harvests["x86_64"], harvests["aarch64"]
    merged = {}
    for name in sorted(x86 | arm):
        row = dict(x86.get(name) or arm[name])
        if name not in x86 or name not in arm:
            row["target"] = "x86_64" if name in x86 else "aarch64"
        elif x86[name].get("properties") != arm[name].get("properties"):
            both = [text for text in x86[name]["properties"].split() if text in arm[name]["properties"].split()]
            row["x86_64 properties"] = " ".join(t for t in x86[name]["properties"].split() if t not in both)
            row["properties"] = " ".join(both)
        merged[name] = row
    return merged


def as_text(row: dict[str, Any]) -> str:
    """A row as the catalogue has it: parent and features, own properties, properties on x86_64 only."""
    features = [*row.get("interfaces", ()), *(key for key in ("abstract", "internal", "fixed") if key in row)]
    named = [f"{key}={row[key]}" for key in ("alias", "target") if key in row]
    parts = [" ".join([row["parent"], *features, *named]), row.get("properties", ""), row.get("x86_64 properties", "")]
    while not parts[-1]:
        parts.pop()
    return " | ".join(parts)


def write(path: Path, value: dict[str, Any]) -> None:
    lines = [f"{json.dumps(key)}: {json.dumps(part, separators=(', ', ': '))}" for key, part in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def changed_rows(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """The rows that are new or different; of a type that is gone, an empty one."""
    gone = {name: "" for name in old if name not in new and not PACKED_APART.search(name)}
    changed = {name: row for name, row in new.items() if row != old.get(name)}
    return dict(sorted((gone | changed).items()))


def changed_groups(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """The groups of types of another kind than before."""
    before, after = by_type(old), by_type(new)
    groups: dict[str, list[str]] = {}
    for target, name in sorted(before | after):
        kind = after.get((target, name), "gone")
        if kind != before.get((target, name)) and not (kind == "gone" and PACKED_APART.search(name)):
            groups.setdefault(f"{target} {kind}", []).append(name)
    return {key: " ".join(names) for key, names in sorted(groups.items())}


def by_type(groups: dict[str, str]) -> dict[tuple[str, str], str]:
    """The kind of each target's types."""
    parts = [(*group.split(" ", 1), names.split()) for group, names in groups.items()]
    return {(target, name): kind for target, kind, names in parts for name in names}


def main(folder: str) -> None:
    results = {target: harvest(target) for target in BINARIES}
    merged = merge({target: rows for target, (rows, _, _) in results.items()})
    rows = {name: as_text(row) for name, row in merged.items()}
    groups = {f"{target} {kind}": names for target, (_, others, _) in results.items() for kind, names in others.items()}
    version = tuple(map(int, results["x86_64"][2].split(".")))
    suffix = "_11_1" if version >= CHANGED else ""
    if suffix:
        old_rows, old_groups = (
            json.loads(Path(folder, name).read_text(encoding="utf-8"))
            for name in ("catalog.json", "other_devices.json")
        )
        rows, groups = changed_rows(old_rows, rows), changed_groups(old_groups, groups)
    write(Path(folder, f"catalog{suffix}.json"), rows)
    write(Path(folder, f"other_devices{suffix}.json"), groups)


if __name__ == "__main__":
    main(sys.argv[1])
