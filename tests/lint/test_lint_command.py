"""lint as a user runs it: what it prints, as text, JSON and SARIF, and its exit status."""

from __future__ import annotations

import json

import pytest
from lint_cases import GOOD, MEMORY, NEAR, TESTDEV, initiator, machine, merged, scenario, srat

from sandbox.lint.model import LEVELS
from sandbox.lint.rules import RULES, lint_scenario
from sandbox.report.lint_sarif import sarif
from sandbox.scenario.dump import dump_scenario

TAKEN = "command line: dialect 10.0 (Debian's QEMU, since no version is told)"
WORDS = [*machine(2).split(), *TESTDEV.split()]


def test_a_sound_command_line_ends_with_status_0(run):
    distances = ["-numa", "dist,src=0,dst=1,val=20"]
    assert run("--", *WORDS, *merged(1).split(), *distances) == (0, f"{TAKEN}\n\nnothing found\n", "")


def test_an_error_ends_with_status_1_and_names_the_option_and_the_remedy(run):
    status, out, _ = run("--", *WORDS, *merged(7).split())
    assert status == 1
    assert "command line: error GI102 node-not-declared" in out
    assert "-object acpi-generic-initiator,id=gi0,pci-dev=dev0,node=7" in out
    assert "remedy: Declare the node with -numa node" in out
    assert "why:" not in out


@pytest.mark.parametrize(("level", "status"), [("note", 1), ("warning", 0), ("error", 0), ("never", 0)])
def test_fail_on_says_from_which_severity_on_the_status_is_1(run, level, status):
    assert run("--fail-on", level, "--", *WORDS, *merged(1).split())[0] == status


def test_verbose_tells_why_and_the_source(run):
    assert "(Linux 6.1 to 7.3 as booted)" in run("-v", "--", *WORDS, *merged(1).split())[1]


def test_json_has_the_place_the_severity_and_the_consequence(run, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(dump_scenario(scenario(machine(2), TESTDEV, merged(7), dialect="10.0")))
    (found,) = json.loads(run("--json", file)[1])
    assert (found["code"], found["severity"], found["file"]) == ("GI102", "error", str(file))
    line = file.read_text().splitlines()[found["line"] - 1]
    assert line[found["column"] - 1 :] == "acpi-generic-initiator,id=gi0,pci-dev=dev0,node=7"
    assert found["consequence"] == "QEMU ends as it starts"


def test_tables_of_a_folder_are_found_among_others(run, tmp_path):
    (tmp_path / "SRAT").write_bytes(srat(MEMORY, initiator(1), initiator(1)))
    (tmp_path / "SLIT").write_bytes(NEAR)
    (tmp_path / "FACP").write_bytes(b"FACP")
    (tmp_path / "data").mkdir()
    status, out, _ = run("--tables", tmp_path)
    assert status == 0
    assert f"{tmp_path / 'SRAT'}: warning GI851 duplicate-entry" in out
    assert "offset 0x78: the initiator of domain 1 stands here again; first at offset 0x58" in out


def test_ram_that_the_kernel_lists_is_held_against_the_table(run, tmp_path):
    (tmp_path / "srat.dat").write_bytes(GOOD)
    (tmp_path / "iomem").write_text("00000000-7fffffff : System RAM\n")
    status, out, _ = run("--tables", tmp_path / "srat.dat", "--ram", tmp_path / "iomem")
    assert status == 1
    assert "GI855" in out


def test_explain_tells_of_one_rule_or_of_all(run):
    status, out, _ = run("--explain", "GI501")
    assert status == 0
    assert out.startswith("GI501 order-scrambled (warning)\n  what    Initiators come in another order")
    everything = json.loads(run("--json", "--explain", "all")[1])
    assert [rule["code"] for rule in everything] == [rule.code for rule in RULES]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give either scenarios, or QEMU arguments after '--', or --tables"),
        (["--tables", "x", "--", "-M", "q35"], "give either scenarios"),
        (["--tables", "none.dat"], "none.dat: No such file"),
        (["--tables", "README.md"], "README.md: "),
        (["--ram", "none", "--", "-M", "q35"], "--ram goes with --tables"),
        (["--explain", "GI999"], "no rule 'GI999'; there are GI001"),
        (["none.yaml"], "none.yaml: No such file"),
        (["--", "-acpitable", "file=x"], "a table of the user's own"),
    ],
)
def test_wrong_input_ends_with_status_2(run, words, message):
    status, _, err = run(*words)
    assert status == 2
    assert message in err


def test_sarif_goes_to_a_file_or_to_stdout(run, tmp_path):
    words = ("--", *WORDS, *merged(7).split())
    printed = json.loads(run("--sarif", "-", *words)[1])
    assert run("--sarif", tmp_path / "out.sarif", *words)[0] == 1
    assert json.loads((tmp_path / "out.sarif").read_text()) == printed


def test_sarif_has_each_rule_and_each_finding_with_its_place():
    text = dump_scenario(scenario(machine(2), TESTDEV, merged(7), dialect="10.0"))
    from sandbox.scenario.load import load_scenario

    log = sarif(lint_scenario(load_scenario(text, "a b.yaml"), text), RULES)
    (run_,) = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert {rule["defaultConfiguration"]["level"] for rule in rules} == set(LEVELS)
    (result,) = run_["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "GI102"
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "a%20b.yaml"}
    assert set(physical["region"]) == {"startLine", "startColumn"}
