"""A comparison for people: a line for each step, then what differs in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.report.fields_text import render_diff
from sandbox.report.style import columns, visible
from sandbox.report.transcript_text import change_text
from sandbox.scenario.checks import as_json
from sandbox.scenario.tables import TABLE_NAMES
from sandbox.scenario.transcript import Returned

if TYPE_CHECKING:
    from sandbox.compare.result import ComparedStep, Comparison
    from sandbox.report.style import Style
    from sandbox.scenario.checks import Check
    from sandbox.scenario.transcript import Record


def render_comparison(comparison: Comparison, style: Style, *, verbose: bool = False) -> str:
    """Show a comparison.

    Args:
        comparison: what was found.
        style: with or without colours.
        verbose: show also what was sent and came back in steps that are the same.

    Returns:
        Lines, each with its line end.
    """
    scenario = comparison.scenario
    lines = [
        style.strong(visible(f"{scenario.file or 'scenario'}: {scenario.name}")),
        f"ours    {visible(comparison.ours)}",
        f"theirs  {visible(comparison.theirs)}",
        f"firmware {comparison.firmware}",
    ]
    lines += [f"  changed for the run: {visible(text)}" for text in comparison.changes]
    lines += [f"  note: {visible(text)}" for text in comparison.notes]
    steps = numbered(comparison)
    rows = [(f"{word(step):<4}", number, visible(step.title), _happened(step)) for number, step in steps]
    for (_, step), line in zip(steps, columns(rows, right={1}, indent=2), strict=True):
        lines.append(_marked(line, step, style))
    for number, step in steps:
        if not step.passed or (verbose and step.sent is not None and step.has_run):
            lines += ["", *_details(number, step, style)]
    for mapping in comparison.mappings:
        from sandbox.report.mapping_text import render_mapping

        lines += ["", render_mapping(mapping, style).rstrip("\n")]
    lines += ["", _verdict(comparison, style)]
    return "".join(f"{line}\n" for line in lines)


def numbered(comparison: Comparison) -> list[tuple[str, ComparedStep]]:
    """Return the steps with what they are numbered by: the start by nothing, the others from 1."""
    return [(str(number) if number else "", step) for number, step in enumerate(comparison.steps)]


def word(step: ComparedStep) -> str:
    """Return what became of a step in a word."""
    if step.ours is None or step.theirs is None:
        return "--"
    return "same" if step.passed else "DIFF"


def _marked(line: str, step: ComparedStep, style: Style) -> str:
    if word(step) == "--":
        return style.dim(line)
    mark = style.good if step.passed else style.bad
    return line.replace(word(step), mark(word(step)), 1)


def _happened(step: ComparedStep) -> str:
    """Say in short what a step did on our side and in what the sides differ."""
    if not step.has_run:
        return "not run: both had ended"
    shown = step.ours or step.theirs
    failed = [check.what for check in step.checks if not check.passed]
    if failed:
        return ", ".join(what.upper() if what in TABLE_NAMES else what for what in failed)
    if step.ours is None or step.theirs is None:
        return f"ran {'here' if step.ours else 'there'} only"
    return _summary(shown) if shown else ""


def _summary(record: Record) -> str:
    parts = []
    if record.reply is not None and not isinstance(record.reply, Returned):
        parts.append(visible(record.reply.desc))
    if record.ended:
        reason = record.ended.reason
        parts.append(visible(f"ends with status {status_text(record.ended.status)}: {reason}".removesuffix(": ")))
    parts += [change_text(record, name) for name in record.changed]
    return "; ".join(parts)


def status_text(status: int) -> str:
    """Return an exit status, with the name of the signal where it is one."""
    if status >= 0:
        return str(status)
    import signal

    names = {number.value: number.name for number in signal.Signals}
    return f"{status} ({names.get(-status, 'a signal')})"


def _details(number: str, step: ComparedStep, style: Style) -> list[str]:
    place = f"({step.place})" if step.place else ""
    head = " ".join(filter(None, (word(step), number, visible(step.title), place)))
    lines = [_marked(head, step, style)]
    if step.sent is not None:
        sent = f" {visible(as_json(step.sent.arguments))}" if step.sent.arguments is not None else ""
        lines.append(f"  sent    {visible(step.sent.name)}{sent}")
    for name, record in (("ours", step.ours), ("theirs", step.theirs)):
        lines += [f"  {name:<6}  {text}" for text in _answer(record)]
    for check in step.checks:
        if not check.passed:
            lines += [f"  {line}" for line in check_details(check, step, style)]
    return lines


def _answer(record: Record | None) -> list[str]:
    if record is None:
        return ["had ended before"]
    lines = []
    if isinstance(record.reply, Returned):
        lines.append(f"return {visible(as_json(record.reply.value))}")
    elif record.reply is not None:
        lines.append(visible(f"{record.reply.error_class}: {record.reply.desc}"))
    if record.ended:
        lines.append(f"ends with status {status_text(record.ended.status)}")
        lines += [f"stderr: {visible(line)}" for line in record.ended.stderr.splitlines()]
    return lines


def check_details(check: Check, step: ComparedStep, style: Style) -> list[str]:
    """Return what differs in one respect, in lines; tables field by field."""
    ours, theirs = (getattr(record and record.after, check.what, None) for record in (step.ours, step.theirs))
    if check.what in TABLE_NAMES and ours is not None and theirs is not None:
        head = style.strong(f"{check.what.upper()}, from ours (-) to theirs (+)")
        return [head, *(f"  {line}" for line in render_diff(ours, theirs, style).splitlines())]
    lines = []
    for found in check.differences:
        lines += [visible(found.path), f"  ours    {visible(found.expected)}", f"  theirs  {visible(found.actual)}"]
    return lines


def _verdict(comparison: Comparison, style: Style) -> str:
    if comparison.passed:
        return style.good("the same")
    ran = [step for step in comparison.steps if step.has_run]
    failed = len(comparison.failed_steps)
    mapping = "" if all(found.passed for found in comparison.mappings) else "; v2's entries do not correspond"
    return style.bad(f"different: {failed} of {len(ran)} steps{mapping}")
