"""Random cases: made from seed, number and binary alone, within what the sandbox models."""

import json
from itertools import pairwise

import pytest

from sandbox.campaign.bench import Bench
from sandbox.campaign.cases import random_case
from sandbox.campaign.kinds import KINDS
from sandbox.campaign.settings import Settings
from sandbox.campaign.sides import Difference, emulated
from sandbox.campaign.target import Target
from sandbox.campaign.worker import lost_result
from sandbox.campaign.writing import case_scenario, scenario_name, write_scenario
from sandbox.errors import InputError
from sandbox.live.session import Limits
from sandbox.scenario.dump import dump_scenario
from sandbox.scenario.emulation import emulate
from sandbox.scenario.load import load_scenario
from sandbox.scenario.model import NOTHING
from sandbox.scenario.replay import replay

NOT_LIVE = "cases are drawn, and run on the sandbox alone"

X86 = Target("x86_64", (10, 0, 2), "10.0", ("q35", "pc"))
ARM = Target("aarch64", (11, 1, 3), "11.1", ("virt",))
OLD = Target("x86_64", (9, 0, 2), "9.0", ("q35",))
SERIES = Target("aarch64", (8, 1, 0), "v2", ("virt",))
TARGETS = (X86, ARM, OLD, SERIES)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)
def test_a_case_is_made_from_seed_number_and_binary_alone(target):
    assert [random_case(3, number, target) for number in range(20)] == [
        random_case(3, number, target) for number in range(20)
    ]


def test_another_seed_number_or_binary_makes_another_case():
    words = {
        random_case(seed, number, target).arguments for seed in (1, 2) for number in range(10) for target in TARGETS
    }
    assert len(words) == 2 * 10 * len(TARGETS)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)
def test_nothing_that_is_drawn_is_beyond_the_sandbox(target):
    bench = Bench(("unused",), target, Limits(), emulated)
    wrong = {}
    for number in range(40):
        found = bench.ours(random_case(4, number, target))[1]
        if found is not None:
            wrong[number] = found.what
    assert wrong == {}


def test_cases_are_of_the_binarys_machines_and_dialect():
    cases = [random_case(5, number, OLD) for number in range(100)]
    assert {case.family for case in cases} == {"q35"}
    assert not any("acpi-generic-port" in word for case in cases for word in case.arguments)
    series = [random_case(5, number, SERIES) for number in range(60)]
    assert any("nvidia-acpi-generic-initiator" in word for case in series for word in case.arguments)
    assert not any("pci-dev=" in word for case in series for word in case.arguments)


def test_commands_are_json():
    for number in range(60):
        for name, arguments in random_case(6, number, X86).commands:
            assert json.loads(json.dumps(arguments)) == arguments, name


def test_all_that_a_campaign_counts_is_drawn():
    covered = frozenset().union(*(random_case(7, number, X86).features for number in range(300)))
    assert covered >= {
        "objects", "ports", "adds", "deletes", "re-adds", "distances", "bridges", "switches", "expanders",
        "hotplug-memory", "memory-modules", "cpu-topology", "hmat", "qom-sets", "error-replies", "failed-completions",
        "several-rounds", "human-monitor", "ends", "pci-hole", "versioned-machines", "companions", "q35", "pc",
        "virtio-memory",
    }  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.label)
def test_a_case_as_a_scenario_loads_as_the_same_scenario(target):
    bench = Bench(("unused",), target, Limits(), emulated)
    for number in range(8):
        case = random_case(8, number, target)
        scenario = case_scenario(case, target, Difference("srat: order", 0, "an order"), bench.ours(case)[0])
        loaded = load_scenario(dump_scenario(scenario), "case.yaml")
        assert loaded == scenario


def test_a_scenario_is_named_by_seed_case_and_qemu():
    assert scenario_name(random_case(8, 17, X86), X86) == "seed-8-case-17-x86_64-10.0.2"


@pytest.mark.parametrize("target", [X86, ARM], ids=lambda target: target.label)
def test_a_case_as_a_scenario_is_replayed_as_it_went(target):
    bench = Bench(("unused",), target, Limits(), emulated)
    ends = [case for number in range(120) if "ends" in (case := random_case(9, number, target)).features]
    for case in [random_case(9, 0, target), *ends[:3]]:
        scenario = case_scenario(case, target, Difference("srat: order", 0, "an order"), bench.ours(case)[0])
        assert replay(scenario, emulate, lambda _: b"").passed


@pytest.mark.parametrize("kind", ["native", "v2"])
def test_the_case_of_a_worker_that_died_is_written_whole_and_expects_nothing(tmp_path, kind):
    settings = Settings((("a",), ("b",)), tmp_path / "out", seed=9, kinds=(kind,))
    lost = lost_result(settings, [X86, ARM], 3, "the worker ended with status -9")
    assert (lost.binary, lost.kind, lost.family, lost.outcome) == ("aarch64 11.1.3", kind, "virt", "error")
    scenario = load_scenario((tmp_path / "out" / lost.scenario).read_text(), lost.scenario)
    case = KINDS[kind].draw(9, 3, ARM)
    assert scenario.command_line[1:] == case.arguments
    assert [(step.command.name, step.command.arguments) for step in scenario.steps] == list(case.commands)
    assert "the worker ended with status -9" in scenario.description
    assert (scenario.expect, scenario.exit) == (NOTHING, None)


def test_a_scenario_that_cannot_be_written_is_told_with_its_file(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"cannot write .*seed-8-case-0-x86_64-10\.0\.2\.yaml: .*--output names"):
        write_scenario(tmp_path / "out", random_case(8, 0, X86), X86, Difference("srat: order", 0, "an order"), ())


def test_a_v2_case_has_no_topology_that_only_the_series_starts_with():
    pairs = [pair for number in range(900) for pair in pairwise(KINDS["v2"].draw(31, number, ARM).arguments)]
    given = {word for before, word in pairs if before == "-smp"}
    assert "2,maxcpus=1" in given
    assert not {"0", "sockets=0"} & given
