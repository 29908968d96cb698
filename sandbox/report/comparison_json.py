"""A comparison for programs; see :mod:`sandbox.report.jsonout` for what holds for all such shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.report.jsonout import diff_json, place_json, reply_json
from sandbox.scenario.tables import TABLE_NAMES

if TYPE_CHECKING:
    from sandbox.compare.result import ComparedStep, Comparison
    from sandbox.scenario.transcript import Record

JsonObject = dict[str, Any]


def comparison_json(comparison: Comparison) -> JsonObject:
    """Return a comparison.

    Returns:
        ``file``, ``name``, ``ours``, ``theirs``: what the sides are; ``firmware``, ``command_line``: ours; ``passed``,
        ``changes``, ``notes``: sentences; ``steps``: see :func:`step_json`; ``mappings``: each as
        :func:`sandbox.report.mapping_json.mapping_json` gives it.
    """
    from sandbox.report.mapping_json import mapping_json

    return {
        "file": comparison.scenario.file,
        "name": comparison.scenario.name,
        "ours": comparison.ours,
        "theirs": comparison.theirs,
        "firmware": comparison.firmware,
        "command_line": list(comparison.scenario.command_line),
        "passed": comparison.passed,
        "changes": list(comparison.changes),
        "notes": list(comparison.notes),
        "steps": [step_json(step) for step in comparison.steps],
        "mappings": [mapping_json(mapping) for mapping in comparison.mappings],
    }


def step_json(step: ComparedStep) -> JsonObject:
    """Return a step on both sides.

    Returns:
        ``title``, ``place``, ``sent``: as in a replay; ``passed``; ``ours`` and ``theirs``: None where that side had
        ended, or ``reply`` and ``ended`` as in a replay and ``tables``: ``srat``, ``slit``, ``hmat`` as hexadecimal
        text or None, or None where firmware has read none; ``checks``: each with ``what``, ``passed``, ``differences``
        (``path``, ``ours``, ``theirs``) and ``fields``: for tables on both sides as
        :func:`sandbox.report.jsonout.diff_json` gives it, else None.
    """
    return {
        "title": step.title,
        "place": place_json(step.place),
        "sent": None if step.sent is None else {"execute": step.sent.name, "arguments": step.sent.arguments},
        "passed": step.passed,
        "ours": _side(step.ours),
        "theirs": _side(step.theirs),
        "checks": [
            {
                "what": check.what,
                "passed": check.passed,
                "differences": [
                    {"path": found.path, "ours": found.expected, "theirs": found.actual} for found in check.differences
                ],
                "fields": None if check.passed else _fields(step, check.what),
            }
            for check in step.checks
        ],
    }


def _side(record: Record | None) -> JsonObject | None:
    if record is None:
        return None
    tables = None
    if record.after is not None:
        found = {name: getattr(record.after, name) for name in TABLE_NAMES}
        tables = {name: None if data is None else data.hex() for name, data in found.items()}
    ended = record.ended
    return {
        "reply": reply_json(record.reply),
        "ended": None if ended is None else {"status": ended.status, "stderr": ended.stderr},
        "tables": tables,
    }


def _fields(step: ComparedStep, what: str) -> list[JsonObject] | None:
    if what not in TABLE_NAMES:
        return None
    ours, theirs = (getattr(record and record.after, what, None) for record in (step.ours, step.theirs))
    return None if ours is None or theirs is None else diff_json(ours, theirs)
