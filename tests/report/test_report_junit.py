from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import FAILED, PASSED

from sandbox.records import replace
from sandbox.report.junit import junit_xml


def cases(xml: str) -> dict[str, list[str]]:
    return {case.attrib["name"]: [child.tag for child in case] for case in ET.fromstring(xml).iter("testcase")}


def test_each_step_and_each_expectation_on_tables_is_a_test_case() -> None:
    assert cases(junit_xml([PASSED])) == {
        "start the machine": [], "1 object-add gi0": [], "2 system_reset": [], "3 qom-get": [], "at the end: nodes": [],
        "at the end: slit": [],
    }  # fmt: skip


def test_failures_and_skipped_steps_are_told_apart() -> None:
    assert cases(junit_xml([FAILED])) == {
        "start the machine": [],
        "1 object-add gi0": ["failure"],
        "1 object-add gi0: nodes": [],
        "2 look": [],
        "2 look: initiators": ["failure"],
        "2 look: slit": [],
        "3 system_reset": ["failure"],
        "4 cont": ["skipped"],
        "at the end": ["skipped"],
    }


def test_suites_count_their_cases_and_carry_properties() -> None:
    root = ET.fromstring(junit_xml([PASSED, FAILED], [("b.yaml", "b.yaml:1:1: no\nb.yaml:2:1: neither")]))
    assert root.tag == "testsuites"
    assert root.attrib == {
        "name": "qom-sandbox replay", "tests": "16", "failures": "3", "errors": "1", "skipped": "2",
    }  # fmt: skip
    passed, failed, unreadable = root
    assert (passed.attrib["name"], passed.attrib["tests"], failed.attrib["failures"]) == ("a.yaml", "6", "3")
    properties = {found.attrib["name"]: found.attrib["value"] for found in passed.iter("property")}
    assert properties == {
        "scenario": "a \ufffd[31mname", "dialect": "10.0", "dialect-reason": "as asked for", "firmware": "enumerated",
        "command-line": "-M q35",
    }  # fmt: skip
    error = unreadable.find("testcase/error")
    assert error is not None
    assert error.attrib["message"] == "b.yaml:1:1: no"
    assert error.text == "b.yaml:1:1: no\nb.yaml:2:1: neither"


def test_failure_tells_place_expectation_and_stderr() -> None:
    root = ET.fromstring(junit_xml([FAILED]))
    failure = root.find(".//testcase[@name='3 system_reset']/failure")
    assert failure is not None
    assert failure.attrib["message"] == "exit not as expected"
    assert failure.text == (
        "a.yaml:5:5\nexit\n  expected  the machine lives\n  found     it ends with status 1\n"
        "qemu: warning: old\n<gone> & away"
    )


@settings(deadline=None)
@given(st.text())
def test_any_name_gives_well_formed_xml(name: str) -> None:
    transcript = replace(PASSED, scenario=replace(PASSED.scenario, name=name), dialect_reason=name)
    ET.fromstring(junit_xml([transcript], [(name, name)]).encode("utf-8", "surrogatepass"))
