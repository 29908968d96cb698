"""The summary of a campaign as text for people and as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.campaign.results import Result
    from sandbox.campaign.summary import Summary

WIDTH: Final = 110
MOST_SHOWN: Final = 20
LONGEST: Final = 300


def campaign_text(summary: Summary) -> str:
    """Return a summary as text: outcomes, rates, counts by feature, and what was not equal."""
    lines = [
        f"{summary.done} of {summary.wanted} machines, {summary.status}: {_counts(summary.outcomes)}",
        f"on {_counts(summary.binaries)}" if summary.binaries else "on no QEMU",
        f"{summary.rounds} readings of tables, {summary.commands} QMP commands, {summary.refused} starts refused",
    ]
    if summary.seconds:
        per_case = 1000 * summary.seconds / summary.done
        now = f"{summary.rate:.1f} machines/s with {summary.jobs} at a time" if summary.ran else "none ran this time"
        lines.append(
            f"{now}; {summary.rate_per_job:.1f} machines/s each,"
            f" {per_case:.0f} ms a machine, of which {100 * summary.qemu_share:.0f} % QEMU's own"
        )
    lines += ["", "covered", *_columns(summary.features)] if summary.features else []
    for result in summary.failures[:MOST_SHOWN]:
        lines += ["", *_failure(result)]
    if len(summary.failures) > MOST_SHOWN:
        lines += ["", f"and {len(summary.failures) - MOST_SHOWN} more, which the results name"]
    return "\n".join(lines) + "\n"


def campaign_json(summary: Summary) -> dict[str, Any]:
    """Return a summary as a JSON object; times in seconds, rates per second, shares from 0 to 1."""
    return {
        "wanted": summary.wanted,
        "done": summary.done,
        "status": summary.status,
        "passed": summary.passed,
        "outcomes": dict(summary.outcomes),
        "binaries": dict(summary.binaries),
        "features": dict(summary.features),
        "refused-starts": summary.refused,
        "table-readings": summary.rounds,
        "commands": summary.commands,
        "jobs": summary.jobs,
        "elapsed": round(summary.elapsed, 3),
        "rate": round(summary.rate, 3),
        "rate-per-job": round(summary.rate_per_job, 3),
        "qemu-share": round(summary.qemu_share, 4),
        "failures": [result.as_json() for result in summary.failures],
    }


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _columns(counts: Mapping[str, int]) -> list[str]:
    cells = [f"{count:6} {name}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    width = max(map(len, cells)) + 1
    per_line = max(1, WIDTH // width)
    rows = [cells[at : at + per_line] for at in range(0, len(cells), per_line)]
    return ["".join(cell.ljust(width) for cell in row).rstrip() for row in rows]


def _failure(result: Result) -> list[str]:
    first = f"case {result.number} on {result.binary}: {result.difference or result.outcome}"
    what = result.what if len(result.what) <= LONGEST else f"{result.what[:LONGEST]}..."
    lines = [first, *(f"  {line}" for line in what.splitlines())]
    if result.scenario:
        lines.append(f"  {result.scenario}" + (f", after {result.shrink_runs} runs" if result.shrink_runs else ""))
    return lines
