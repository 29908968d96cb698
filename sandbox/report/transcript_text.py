"""A replay for people: a line for each step, then what went wrong in detail, then the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.report.style import columns, visible
from sandbox.report.summary import summarise_table
from sandbox.report.tables_text import render_tables, table_cells
from sandbox.scenario.checks import as_json
from sandbox.scenario.model import NOTHING
from sandbox.scenario.transcript import Outcome, Returned

if TYPE_CHECKING:
    from sandbox.report.style import Style
    from sandbox.scenario.checks import Check
    from sandbox.scenario.transcript import Record, Transcript

_WORDS = {Outcome.PASSED: "ok", Outcome.FAILED: "FAIL", Outcome.NOT_RUN: "--"}


def render_transcript(transcript: Transcript, style: Style, *, verbose: bool = False) -> str:
    """Show a replay.

    Args:
        transcript: the replay.
        style: with or without colours.
        verbose: show also the options that move no table, and what was sent and came back in steps that passed.

    Returns:
        Lines, each with its line end.
    """
    scenario = transcript.scenario
    lines = [style.strong(visible(f"{scenario.file or 'scenario'}: {scenario.name}")), *_machine(transcript, verbose)]
    records = shown_records(transcript)
    rows = [
        (f"{_WORDS[record.outcome]:<4}", number, visible(record.title), _happened(record)) for number, record in records
    ]
    for (_, record), line in zip(records, columns(rows, right={1}, indent=2), strict=True):
        lines.append(_marked(line, record.outcome, style))
    for number, record in records:
        if record.outcome is Outcome.FAILED or (verbose and record.has_run):
            lines += ["", *_details(number, record, style)]
    if transcript.tables is not None:
        lines += ["", render_tables(transcript.tables, style, transcript.origins).rstrip("\n")]
    lines += ["", _verdict(transcript, style)]
    return "".join(f"{line}\n" for line in lines)


def shown_records(transcript: Transcript) -> list[tuple[str, Record]]:
    """Return start, steps and end with what they are numbered by: steps from 1; the end only if it has expectations."""
    records = [("", transcript.start)]
    records += [(str(number), record) for number, record in enumerate(transcript.steps, 1)]
    if transcript.end.checks or (not transcript.end.has_run and transcript.scenario.expect != NOTHING):
        records.append(("", transcript.end))
    return records


def _machine(transcript: Transcript, verbose: bool) -> list[str]:
    firmware = f"firmware {transcript.scenario.firmware}"
    if not transcript.dialect:
        return [firmware]
    lines = [f"dialect {transcript.dialect} ({transcript.dialect_reason}), {firmware}"]
    return lines + [f"  moves no table: {visible(text)}" for text in transcript.ignored if verbose]


def _marked(line: str, outcome: Outcome, style: Style) -> str:
    word = _WORDS[outcome]
    mark = {Outcome.PASSED: style.good, Outcome.FAILED: style.bad, Outcome.NOT_RUN: style.dim}[outcome]
    return line.replace(word, mark(word), 1)


def _happened(record: Record) -> str:
    """Say in short what a step did."""
    if not record.has_run:
        return "not run: the machine had ended"
    parts = []
    if record.reply is not None and not isinstance(record.reply, Returned):
        parts.append(visible(record.reply.desc))
    if record.ended:
        reason = record.ended.reason
        parts.append(visible(f"the machine ends with status {record.ended.status}: {reason}".removesuffix(": ")))
    parts += [change_text(record, name) for name in record.changed]
    checks = [check for check in record.checks if check.what not in ("reply", "exit")]
    failed = [check.what for check in checks if not check.passed]
    if failed:
        parts.append(f"{', '.join(failed)} not as expected")
    elif checks:
        parts.append(f"{', '.join(check.what for check in checks)} as expected")
    return "; ".join(parts)


def change_text(record: Record, name: str) -> str:
    """Say how a table changed in a step: its length, and how many structures of each kind came or went."""
    before = summarise_table(name, getattr(record.before, name, None))
    after = summarise_table(name, getattr(record.after, name, None))
    if after.length is None:
        return f"{name.upper()} gone"
    if before.length is None:
        return " ".join(filter(None, table_cells(after)[:2]))
    old, new = dict(before.structures), dict(after.structures)
    kinds = [kind for kind in {**old, **new} if old.get(kind, 0) != new.get(kind, 0)]
    counts = ", ".join(f"{new.get(kind, 0) - old.get(kind, 0):+d} {visible(kind)}" for kind in kinds)
    length = f"{before.length} to {after.length} bytes" if before.length != after.length else "other bytes"
    return f"{name.upper()} {length}" + (f" ({counts})" if counts else "")


def _details(number: str, record: Record, style: Style) -> list[str]:
    word = _marked(_WORDS[record.outcome], record.outcome, style)
    place = f"({record.place})" if record.place else ""
    lines = [" ".join(filter(None, (word, number, visible(record.title), place)))]
    if record.sent is not None:
        sent = f" {visible(as_json(record.sent.arguments))}" if record.sent.arguments is not None else ""
        lines.append(f"  sent {visible(record.sent.name)}{sent}")
    if isinstance(record.reply, Returned):
        lines.append(f"  got  return {visible(as_json(record.reply.value))}")
    elif record.reply is not None:
        lines.append(f"  got  {visible(f'{record.reply.error_class}: {record.reply.desc}')}")
    if record.ended:
        lines += [f"  stderr: {visible(line)}" for line in record.ended.stderr.splitlines()]
        lines += [f"  note: {visible(record.ended.foreign)}"] * bool(record.ended.foreign)
    for check in record.checks:
        lines += [f"  {line}" for line in check_lines(check)]
    return lines


def check_lines(check: Check) -> list[str]:
    """Return an expectation that does not hold, place by place; nothing for one that holds."""
    lines = []
    for found in check.differences:
        lines += [visible(found.path), f"  expected  {visible(found.expected)}", f"  found     {visible(found.actual)}"]
    return lines


def _verdict(transcript: Transcript, style: Style) -> str:
    outcomes = [record.outcome for _, record in shown_records(transcript)]
    failed, not_run = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.NOT_RUN)
    if transcript.passed:
        return style.good("as expected")
    left = f", {not_run} not run" if not_run else ""
    return style.bad(f"not as expected: {failed} of {len(outcomes)} failed{left}")
