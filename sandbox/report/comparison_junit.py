"""Comparisons as JUnit XML for CI systems: a test suite for each scenario, a test case for each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.report.comparison_text import check_details, numbered
from sandbox.report.junit import case_of, clean, document, error_suite, scenario_suite
from sandbox.report.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from sandbox.compare.result import ComparedStep, Comparison


def comparisons_xml(comparisons: Sequence[Comparison], failures: Sequence[tuple[str, str]] = ()) -> str:
    """Return comparisons as one JUnit XML document.

    Args:
        comparisons: what was compared.
        failures: what could not be compared: name and message; each becomes an ``error``.
    """
    from xml.etree.ElementTree import Element

    root = Element("testsuites", name="qom-sandbox compare")
    for comparison in comparisons:
        _suite(root, comparison)
    for name, message in failures:
        error_suite(root, name, "compare", message)
    return document(root)


def _suite(root: Element, comparison: Comparison) -> None:
    from xml.etree.ElementTree import SubElement

    properties = (
        ("ours", comparison.ours),
        ("theirs", comparison.theirs),
        ("firmware", comparison.firmware),
        *(("changed", text) for text in comparison.changes),
        *(("note", text) for text in comparison.notes),
    )
    suite, file = scenario_suite(root, comparison.scenario, properties)
    for number, step in numbered(comparison):
        _case(suite, file, f"{number} {step.title}".strip(), step)
    for mapping in comparison.mappings:
        from sandbox.report.mapping_text import render_mapping

        name = " ".join(filter(None, ("v2 entries and merged ones", mapping.title)))
        case = SubElement(suite, "testcase", classname=clean(file), name=clean(name))
        if not mapping.passed:
            failure = SubElement(case, "failure", message="the entries do not correspond", type="difference")
            failure.text = clean(render_mapping(mapping, Style.plain()))


def _case(suite: Element, file: str, name: str, step: ComparedStep) -> None:
    from xml.etree.ElementTree import SubElement

    case = case_of(suite, file, name, step.place)
    if not step.has_run:
        SubElement(case, "skipped", message="not run: both sides had ended")
        return
    failed = [check for check in step.checks if not check.passed]
    if failed:
        what = ", ".join(check.what for check in failed)
        failure = SubElement(case, "failure", message=clean(f"{what} differ"), type="difference")
        place = [str(step.place)] if step.place else []
        details = [line for check in failed for line in check_details(check, step, Style.plain())]
        failure.text = clean("\n".join([*place, *details]))
