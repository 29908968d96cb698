"""On the shipped scenarios lint says exactly what their text says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.errors import Place
from sandbox.lint.places import option_places
from sandbox.lint.rules import lint_scenario
from sandbox.machine.arguments import split_arguments
from sandbox.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"

NO_DISTANCES = "no distances are given"
UNRELEASED = "no released qemu has v2's objects"
SAID = {
    "add-and-delete": {
        "GI202": "takes no node of a gpu at 04.0",
        "GI401": "the handles read as bus 20, device 00.0",
        "GI403": "the host's segment 9 is not in them",
        "GI404": UNRELEASED,
        "GI601": NO_DISTANCES,
    },
    "bdf-fixed": {"GI601": NO_DISTANCES},
    "bdf-v2": {
        "GI202": "takes no node of a gpu at 04.0 or 04.3",
        "GI304": "with one node each no gpu could use mig",
        "GI401": "whoever reads the table by the specification sees bus 23, device 00.0",
        "GI403": "the host's segment 9 is in neither handle",
        "GI404": UNRELEASED,
        "GI601": NO_DISTANCES,
    },
    "distances": {
        "GI202": "takes no node of a gpu at 04.0",
        "GI401": "the gpu's handle reads as bus 20, device 00.0",
        "GI403": "has segment 0, not the host's 9",
        "GI404": UNRELEASED,
    },
    "error-replies": {"GI601": NO_DISTANCES},
    "fewer-instances": {
        "GI202": "takes no node of a gpu at 04.0",
        "GI304": "too few for mig to be used to the fullest",
        "GI307": "a guest does not see them at all",
        "GI401": "the handle reads as bus 20, device 00.0",
        "GI403": "the host's segment 9 is not in it",
        "GI404": UNRELEASED,
        "GI601": NO_DISTANCES,
    },
    "gb200-two-gpus": {
        "GI308": "leaves the last two of the 18 out",
        "GI403": "the handles have segment 0, not the host's 8 and 9",
    },
    "generic-port": {"GI601": NO_DISTANCES},
    "gh200-one-gpu": {"GI403": "the handle has segment 0, not the host's 9"},
    "grace-hopper-merged": {
        "GI202": "takes no node of a gpu at 04.0",
        "GI403": "the handle has segment 0, not the host's 9",
        "GI501": "the guest's node 2 is proximity domain 7",
        "GI601": NO_DISTANCES,
    },
    "grace-hopper-mig": {
        "GI202": "takes no node of a gpu at 04.0",
        "GI401": "device 04.0 reads as bus 20, device 00.0",
        "GI403": "have segment 0, not the host's 9",
        "GI404": UNRELEASED,
        "GI601": NO_DISTANCES,
    },
    "held-at-start": {"GI601": NO_DISTANCES},
    "hmat": {"GI601": NO_DISTANCES},
    "object-add-kills": {"GI101": "one wrong object-add takes a running vm along"},
    "reset-kills": {"GI102": "qemu finds it when firmware next asks for the tables, after the next reset, and exits"},
    "root-port": {"GI201": "the port lets the device be unplugged", "GI601": NO_DISTANCES},
    "root-port-before-firmware": {"GI201": "the port lets the device be unplugged", "GI601": NO_DISTANCES},
    "start-refused": {"GI001": "qemu says which is missing and exits before there is a machine"},
    "two-gpus": {
        "GI202": "takes no node of gpus at 04.0 and 05.0",
        "GI308": "leaves the last two of the 18 out",
        "GI401": "the handles read as buses 20 and 28, device 00.0",
        "GI403": "have segment 0, not the host's 9 and 19",
        "GI404": UNRELEASED,
        "GI601": NO_DISTANCES,
    },
}


def test_every_shipped_scenario_is_looked_at():
    assert {path.stem for path in SCENARIOS.glob("*.yaml")} == SAID.keys()


@pytest.mark.parametrize("name", SAID)
def test_lint_says_what_the_text_says(name):
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    scenario = load_scenario(text, f"{name}.yaml")
    findings = lint_scenario(scenario, text)
    assert {found.code for found in findings} == SAID[name].keys()
    description = " ".join(scenario.description.lower().split())
    assert [phrase for phrase in SAID[name].values() if phrase not in description] == []


def test_findings_stand_at_the_line_and_column_of_their_option():
    text = (SCENARIOS / "two-gpus.yaml").read_text(encoding="utf-8")
    findings = lint_scenario(load_scenario(text, "two-gpus.yaml"), text)
    places = [found.where.place for found in findings if found.code == "GI401"]
    for place, wanted in zip(
        places, ("nvidia-acpi-generic-initiator,id=gi0", "nvidia-acpi-generic-initiator,id=gi1"), strict=True
    ):
        line = text.splitlines()[place.line - 1]
        assert line[place.column - 1 :].startswith(wanted)


def test_options_are_found_between_comments_and_others_of_the_same_words():
    text = (
        "command-line: |\n"
        "  -M q35 -m 128M\n"
        "  # -device pci-testdev,id=dev0,addr=04.0\n"
        "  -object memory-backend-ram,id=m0,size=128M\n"
        "  -numa node,memdev=m0 -numa node -device pci-testdev,id=dev0,addr=04.0\n"
        "  -object 'acpi-generic-initiator,id=gi0,pci-dev=dev0,node=7'\n"
    )
    (found,) = lint_scenario(load_scenario(text, "x.yaml"), text)
    assert str(found.where.place) == "x.yaml:6:12"
    options = split_arguments(load_scenario(text, "x.yaml").command_line).options
    places = option_places(options, text, Place("x.yaml", 1, 15))
    assert [str(place) for place in places] == [
        "x.yaml:2:6", "x.yaml:2:13", "x.yaml:4:11", "x.yaml:5:9", "x.yaml:5:30", "x.yaml:5:43", "x.yaml:6:12",
    ]  # fmt: skip
