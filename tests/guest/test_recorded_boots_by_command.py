"""The command ``guest`` forecasts every recorded boot right, in every item that its JSON form has."""

import json

import pytest
from guest_boots import MASKS, boots

from sandbox.cli import main

RECORDED = [
    (name, boot, version, boot["tables"] if boot["given"] else {}, boot)
    for name, boot in boots("boots.json").items()
    for version in (boot["kernel"],)
]
MORE = [
    (name, boot, version, boot["given"], view)
    for name, boot in (boots("more-boots.json") | boots("further-boots.json")).items()
    for version, view in boot["seen"].items()
]


def items(view):
    """What a guest printed, in the shape of the command's output."""
    panics = view["outcome"] == "panics"
    found = {"outcome": view["outcome"], **{name: None if panics else view["mask"][name] for name in MASKS}}
    found["cpus"] = {int(number): cpus for number, (cpus, _, _) in view.get("node", {}).items()}
    found["distances"] = {
        int(number): [int(value) for value in distances.split()]
        for number, (_, _, distances) in view.get("node", {}).items()
    }
    return found


@pytest.mark.parametrize(
    ("name", "boot", "version", "given", "view"),
    [*RECORDED, *MORE],
    ids=[f"{name}-{version}" for name, _, version, _, _ in (*RECORDED, *MORE)],
)
def test_a_boot_is_as_the_command_says(name, boot, version, given, view, tmp_path, capsys):
    words = ["guest", "--json", "--kernel", version, "--arch", boot["arch"]]
    if given:
        for table, data in given.items():
            (tmp_path / f"{table}.dat").write_bytes(bytes.fromhex(data))
        words += ["--tables", str(tmp_path)]
    assert main([*words, "--", *boot["args"].split()]) == 0
    found = json.loads(capsys.readouterr().out)
    seen = items(view)
    assert {name: found[name] for name in ("outcome", *MASKS)} == {name: seen[name] for name in ("outcome", *MASKS)}
    assert {node["node"]: node["cpus"] for node in found["nodes"]} == seen["cpus"]
    assert {node["node"]: node["distances"] for node in found["nodes"]} == seen["distances"]
    for node in found["nodes"]:
        least, most = node["meminfo_kib"]
        assert least <= view["node"][str(node["node"])][1] <= most <= node["memory_kib"]
