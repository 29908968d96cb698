"""A comparison as text, JSON and JUnit XML: what is the same, what differs, and where."""

import json
import xml.etree.ElementTree as ET

import pytest
from report_samples import AFTER, BEFORE

from sandbox.compare.mapping import MappedEntry, Mapping
from sandbox.compare.result import ComparedStep, Comparison
from sandbox.compare.tables import compare_tables
from sandbox.errors import Place
from sandbox.records import replace
from sandbox.report.comparison_json import comparison_json
from sandbox.report.comparison_junit import comparisons_xml
from sandbox.report.comparison_text import render_comparison
from sandbox.report.style import Style
from sandbox.scenario.checks import Check, Difference
from sandbox.scenario.model import Command, Scenario
from sandbox.scenario.transcript import Ended, Record, Refused, Returned

ADD = Command("object-add", {"id": "gi0"})


def start(theirs=BEFORE):
    sides = (Record("start the machine", after=BEFORE), Record("start the machine", after=theirs))
    return ComparedStep("start the machine", None, None, *sides, compare_tables(BEFORE, theirs))


def refused(desc="no"):
    sides = (
        Record("add", sent=ADD, reply=Refused("GenericError", "no")),
        Record("add", reply=Refused("GenericError", desc)),
    )
    differences = () if desc == "no" else (Difference("error.desc", '"no"', f'"{desc}"'),)
    return ComparedStep("add", Place("a.yaml", 7, 3), ADD, *sides, (Check("reply", differences),))


def comparison(*steps, **more):
    scenario = Scenario("a name", ("-M", "q35"), place=Place("a.yaml", 2, 1))
    return Comparison(scenario, "the sandbox, dialect 10.0", "QEMU 10.0.2", "none", steps, **more)


SAME = comparison(start(), refused(), changes=("-daemonize is left out",), notes=("a note",))
DIFFERENT = comparison(start(AFTER), refused("never"))


def text(found, **options):
    return render_comparison(found, Style.plain(), **options)


def test_text_names_both_sides_and_what_was_changed():
    shown = text(SAME)
    assert shown.startswith("a.yaml: a name\nours    the sandbox, dialect 10.0\ntheirs  QEMU 10.0.2\nfirmware none\n")
    assert "  changed for the run: -daemonize is left out\n  note: a note\n" in shown
    assert shown.endswith("\nthe same\n")
    assert "DIFF" not in shown


def test_text_shows_fields_of_tables_and_both_replies():
    shown = text(DIFFERENT)
    assert shown.endswith("different: 2 of 2 steps\n")
    assert "SRAT, from ours (-) to theirs (+)" in shown
    assert "added    Generic Initiator" in shown
    assert "DIFF 1 add (a.yaml:7:3)" in shown
    assert '    ours    "no"\n    theirs  "never"\n' in shown


def test_verbose_text_shows_what_was_sent_where_all_is_the_same():
    assert "sent    object-add" not in text(SAME)
    assert '  sent    object-add {"id": "gi0"}\n  ours    GenericError: no\n' in text(SAME, verbose=True)


def test_a_step_that_neither_side_ran_is_no_difference():
    found = comparison(start(), ComparedStep("later"))
    assert found.passed
    assert "not run: both had ended" in text(found)


def test_an_end_on_one_side_shows_its_stderr():
    sides = (Record("add", reply=Returned({})), Record("add", ended=Ended(1, "first\nlast")))
    step = ComparedStep("add", None, ADD, *sides, (Check("exit", (Difference("exit", "lives", "ends"),)),))
    shown = text(comparison(step))
    assert "  theirs  ends with status 1\n  theirs  stderr: first\n  theirs  stderr: last\n" in shown


@pytest.mark.parametrize(("problem", "verdict"), [("", "the same\n"), ("gone", "v2's entries do not correspond\n")])
def test_a_mapping_counts_and_is_shown(problem, verdict):
    mapping = Mapping((MappedEntry(2, "gi0", "dev0", 0, bytes(16), "gi0-2", 0, bytes(16), bytes(16), problem),))
    found = comparison(start(), mappings=(mapping,))
    assert found.passed == (not problem)
    assert "gi0-2" in text(found)
    assert text(found).endswith(verdict)
    assert comparison_json(found)["mappings"][0]["passed"] == (not problem)
    failures = ET.fromstring(comparisons_xml([found]).partition("\n")[2]).get("failures")
    assert failures == ("1" if problem else "0")


def test_json_has_every_key_and_both_sides():
    plain = json.loads(json.dumps(comparison_json(DIFFERENT)))
    assert list(plain) == [
        *(
            "file",
            "name",
            "ours",
            "theirs",
            "firmware",
            "command_line",
            "passed",
            "changes",
            "notes",
            "steps",
            "mappings",
        )
    ]
    first, second = plain["steps"]
    assert first["theirs"]["tables"]["srat"] == AFTER.srat.hex()
    assert first["checks"][0]["fields"][0]["kind"] == "changed"
    assert second["checks"][0]["differences"] == [{"path": "error.desc", "ours": '"no"', "theirs": '"never"'}]
    assert second["ours"]["reply"] == {"error": {"class": "GenericError", "desc": "no"}}
    assert comparison_json(replace(SAME, steps=(ComparedStep("later"),)))["steps"][0]["ours"] is None


def test_junit_has_a_case_for_each_step_and_for_what_could_not_be_compared():
    document = comparisons_xml([SAME, DIFFERENT, comparison(ComparedStep("later"))], [("b.yaml", "no QEMU\nat all")])
    root = ET.fromstring(document.partition("\n")[2])
    counts = [root.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["6", "2", "1", "1"]
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert (cases["1 add"].get("file"), cases["1 add"].get("line")) == ("a.yaml", "7")
    failures = [failure.text for failure in root.iter("failure")]
    assert "Generic Initiator" in failures[0]
    assert '"never"' in failures[1]
    assert root.find(".//error").get("message") == "no QEMU"
