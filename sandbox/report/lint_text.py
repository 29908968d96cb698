"""What lint found, and its rules, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.lint.model import ERROR, LEVELS, WARNING
from sandbox.report.style import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.lint.model import Finding, Looked, Rule
    from sandbox.report.style import Style


def render_looked(looked: Sequence[Looked], style: Style, *, verbose: bool = False) -> str:
    """Show what was found in one thing after the other, and in which dialect each was taken to be.

    Args:
        looked: what was looked at.
        style: with or without colours.
        verbose: show also what comes of each, and how that is known.

    Returns:
        Lines, each with its line end.
    """
    lines: list[str] = []
    for one in looked:
        if one.dialect:
            reason = f" ({visible(one.dialect_reason)})" if one.dialect_reason else ""
            lines += [f"{visible(one.subject)}: dialect {visible(one.dialect)}{reason}", ""]
        for found in one.findings:
            lines += [*_finding(found, style, verbose=verbose), ""]
    findings = [found for one in looked for found in one.findings]
    counts = [(sum(it.severity == level for it in findings), level) for level in reversed(LEVELS)]
    said = ", ".join(f"{count} {level}{'s' * (count != 1)}" for count, level in counts if count)
    lines.append(said or style.good("nothing found"))
    return "".join(f"{line}\n" for line in lines)


def render_rule(rule: Rule, style: Style) -> str:
    """Show a rule."""
    rows = (("what", rule.what), ("why", rule.why), ("source", rule.source), ("remedy", rule.remedy))
    lines = [f"{style.strong(rule.code)} {rule.name} ({_marked(rule.severity, rule.severity, style)})"]
    for name, text in rows:
        lines += style.paragraph(text, f"  {name:<8}")
    return "".join(f"{line}\n" for line in lines)


def _finding(found: Finding, style: Style, *, verbose: bool) -> list[str]:
    place = f"{found.where.place}: " if found.where.place else ""
    offset = f"offset {found.where.offset:#x}: " if found.where.offset is not None else ""
    head = f"{found.severity} {found.code}"
    lines = [
        f"{visible(place)}{_marked(found.severity, head, style)} {style.dim(found.rule.name)}",
        *style.message(visible(offset + found.message), "  "),
    ]
    if found.where.about:
        lines.append(style.dim(f"    {visible(found.where.about)}"))
    if verbose:
        lines += style.paragraph(f"{found.rule.why} ({found.rule.source})", "  why: ")
    return [*lines, *style.paragraph(visible(found.remedy), "  remedy: ")]


def _marked(severity: str, text: str, style: Style) -> str:
    if severity == ERROR:
        return style.bad(text)
    return style.changed(text) if severity == WARNING else style.strong(text)
