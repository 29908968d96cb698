"""What lint found, and its rules, for programs. The shapes are stable: keys may be added, none is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.lint.model import Finding, Rule


def finding_json(found: Finding) -> dict[str, Any]:
    """Return a finding.

    Returns:
        ``code``, ``name``, ``severity``, ``message``, ``file``, ``line``, ``column``, ``offset`` (each None where it is
        not known), ``about``: the option, step or table; ``remedy``, ``consequence``: what QEMU does about it, or "";
        ``dialect``, ``dialect_reason``: the dialect that was looked at, and why it, "" for tables.
    """
    place = found.where.place
    return {
        "code": found.code,
        "name": found.rule.name,
        "severity": found.severity,
        "message": found.message,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "offset": found.where.offset,
        "about": found.where.about,
        "remedy": found.remedy,
        "consequence": found.consequence,
        "dialect": found.dialect,
        "dialect_reason": found.dialect_reason,
    }


def rule_json(rule: Rule) -> dict[str, Any]:
    """Return a rule: ``code``, ``name``, ``severity``, ``what``, ``why``, ``source``, ``remedy``."""
    return {name: getattr(rule, name) for name in ("code", "name", "severity", "what", "why", "source", "remedy")}
