"""The words of a command line as values: sizes, key=value lists, ``-numa`` options; for tests."""

from __future__ import annotations

import re

UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
INTEGERS = {
    "nodeid", "src", "dst", "val", "initiator", "target", "level", "line", "latency", "slot", "node",
    "node-id", "socket-id", "die-id", "cluster-id", "module-id", "core-id", "thread-id", "drawer-id",
}  # fmt: skip
SIZES = {"mem", "bandwidth", "size", "addr", "label-size", "align", "hugetlbsize", "maxmem", "max-ram-below-4g"}


def to_size(text: str, unit: str = "") -> int:
    match = re.fullmatch(r"(0x[0-9a-f]+|[0-9.]+)([BKMGT]?)", text)
    number = int(match[1], 16) if match[1].startswith("0x") else float(match[1]) if "." in match[1] else int(match[1])
    return int(number * UNITS[match[2] or unit])


def pairs(text: str, implied: str) -> list[tuple[str, str]]:
    out = []
    for place, part in enumerate(text.split(",")):
        key, separator, value = part.partition("=")
        out.append((key, value) if separator else (implied, key) if place == 0 else (key, "on"))
    return out


def numa_option(text: str) -> dict[str, object]:
    option: dict[str, object] = {}
    for key, value in pairs(text, "type"):
        if key == "cpus":
            first, _, last = value.partition("-")
            option.setdefault("cpus", []).extend(range(int(first), int(last or first) + 1))
        elif key == "node-id" or key in INTEGERS:
            option[key] = int(value, 0)
        elif key in SIZES:
            option[key] = to_size(value, "M" if key == "mem" else "")
        else:
            option[key] = value
    return option
