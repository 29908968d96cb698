"""What lint found as SARIF, which code hosts and editors read.

Source: OASIS SARIF 2.1.0 (the standard of March 2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox import VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.lint.model import Finding, Rule, Where

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

JsonObject = dict[str, Any]


def sarif(findings: Sequence[Finding], rules: Sequence[Rule], no_files: Collection[str] = ()) -> JsonObject:
    """Return a SARIF log with one run.

    Args:
        findings: what was found.
        rules: all rules; those of the findings are among them.
        no_files: what stands in places for a file and is none.
    """
    numbers = {rule.code: index for index, rule in enumerate(rules)}
    driver = {"name": "qom-sandbox", "version": VERSION, "rules": [_rule(rule) for rule in rules]}
    results = [_result(found, numbers[found.code], no_files) for found in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> JsonObject:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": f"{rule.what} {rule.why} Source: {rule.source}."},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(found: Finding, index: int, no_files: Collection[str]) -> JsonObject:
    result: JsonObject = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": found.severity,
        "message": {"text": f"{found.message}. {found.remedy.rstrip('.')}."},
        "locations": [_location(found.where, no_files)],
    }
    said = {"consequence": found.consequence, "dialect": found.dialect}
    properties = {name: text for name, text in said.items() if text}
    return {**result, "properties": properties} if properties else result


def _location(where: Where, no_files: Collection[str]) -> JsonObject:
    location: JsonObject = {}
    place = where.place
    if place is not None and place.file not in no_files:
        physical: JsonObject = {"artifactLocation": {"uri": _uri(place.file)}}
        if place.line is not None:
            column = {} if place.column is None else {"startColumn": place.column}
            physical["region"] = {"startLine": place.line, **column}
        elif where.byte is not None:
            physical["region"] = {"byteOffset": where.byte}
        location["physicalLocation"] = physical
    about = where.about or (place.file if place is not None and place.file in no_files else "")
    if about:
        location["logicalLocations"] = [{"fullyQualifiedName": about}]
    return location


def _uri(file: str) -> str:
    """Return a path as a URI reference; an absolute one is a file URI."""
    from urllib.parse import quote

    return f"file://{quote(file)}" if file.startswith("/") else quote(file)
