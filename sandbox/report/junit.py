"""Replays as JUnit XML for CI systems: a test suite for each scenario, a test case for each step and expectation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.report.transcript_text import check_lines, shown_records
from sandbox.scenario.transcript import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

    from sandbox.errors import Place
    from sandbox.scenario.checks import Check
    from sandbox.scenario.model import Scenario
    from sandbox.scenario.transcript import Record, Transcript


def junit_xml(transcripts: Sequence[Transcript], unreadable: Sequence[tuple[str, str]] = ()) -> str:
    """Return replays as one JUnit XML document.

    A step's own test case is about its reply and about whether the machine lives; each expectation on tables has a test
    case of its own. A step that did not run is ``skipped``. A machine that ended where it should not is a failure.

    Args:
        transcripts: the replays.
        unreadable: scenarios that could not be replayed: file and message; each becomes an ``error``.
    """
    from xml.etree.ElementTree import Element

    root = Element("testsuites", name="qom-sandbox replay")
    for transcript in transcripts:
        _suite(root, transcript)
    for file, message in unreadable:
        error_suite(root, file, "load", message)
    return document(root)


def error_suite(root: Element, file: str, name: str, message: str) -> None:
    """Add a suite of one test case that could not be run."""
    from xml.etree.ElementTree import SubElement

    suite = SubElement(root, "testsuite", name=clean(file))
    case = SubElement(suite, "testcase", classname=clean(file), name=name)
    error = SubElement(case, "error", message=clean(message.partition("\n")[0]))
    error.text = clean(message)


def document(root: Element) -> str:
    """Return the document, with the counts that each suite and the whole must have."""
    from xml.etree.ElementTree import indent, tostring

    for suite in (*root, root):
        for attribute, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def scenario_suite(root: Element, scenario: Scenario, properties: Iterable[tuple[str, str]]) -> tuple[Element, str]:
    """Add the suite of a scenario; return it and how its test cases are classed."""
    from xml.etree.ElementTree import SubElement

    file = scenario.file or scenario.name
    suite = SubElement(root, "testsuite", name=clean(file))
    inner = SubElement(suite, "properties")
    common = (("scenario", scenario.name), ("command-line", " ".join(scenario.command_line)))
    for name, value in (*common, *properties):
        SubElement(inner, "property", name=name, value=clean(value))
    return suite, file


def _suite(root: Element, transcript: Transcript) -> None:
    properties = (
        ("dialect", transcript.dialect),
        ("dialect-reason", transcript.dialect_reason),
        ("firmware", transcript.scenario.firmware),
    )
    suite, file = scenario_suite(root, transcript.scenario, properties)
    for number, record in shown_records(transcript):
        title = f"{number} {record.title}".strip()
        own = [check for check in record.checks if check.what in ("reply", "exit")]
        if record is not transcript.end or own or not record.has_run:
            _case(suite, file, title, record, own)
        for check in record.checks:
            if check not in own:
                _case(suite, file, f"{title}: {check.what}", record, [check])


def _case(suite: Element, file: str, name: str, record: Record, checks: Sequence[Check]) -> None:
    from xml.etree.ElementTree import SubElement

    case = case_of(suite, file, name, record.place)
    if record.outcome is Outcome.NOT_RUN:
        SubElement(case, "skipped", message="not run: the machine had ended")
        return
    lines = [line for check in checks for line in check_lines(check)]
    if lines:
        failed = ", ".join(check.what for check in checks if not check.passed)
        failure = SubElement(case, "failure", message=clean(f"{failed} not as expected"), type="expectation")
        place = [str(record.place)] if record.place else []
        stderr = record.ended.stderr.splitlines() if record.ended else []
        failure.text = clean("\n".join([*place, *lines, *stderr]))


def case_of(suite: Element, file: str, name: str, place: Place | None) -> Element:
    """Add a test case to a suite; it knows where in a scenario it stands."""
    from xml.etree.ElementTree import SubElement

    case = SubElement(suite, "testcase", classname=clean(file), name=clean(name))
    if place and place.line:
        case.set("file", clean(place.file))
        case.set("line", str(place.line))
    return case


def clean(text: str) -> str:
    """Return the text with U+FFFD for each character that XML 1.0 has no way to write."""
    return "".join([char if _is_xml(ord(char)) else "\ufffd" for char in text])


def _is_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
